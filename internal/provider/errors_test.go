package provider

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"

	"github.com/beamcluster/terraform-provider-beam/internal/digitalocean"
)

func TestFailureSaysWhatToDo(t *testing.T) {
	t.Parallel()
	refused := func(status int, message string) error {
		return fmt.Errorf("network: %w", &digitalocean.Error{Action: "create the VPC chat-nyc3", Status: status, Message: message, RequestID: "4d9d8375"})
	}
	for _, tt := range []struct {
		name string
		err  error
		want string
	}{
		{"token", refused(401, "Unable to authenticate you."),
			"Network: create the VPC chat-nyc3: DigitalOcean answered 401: Unable to authenticate you. (request 4d9d8375). " +
				"The token was refused. Check the provider's token, or DIGITALOCEAN_TOKEN in the environment: it may be mistyped, expired or revoked."},
		{"scopes", refused(403, "You are not authorized to perform this operation"),
			"Network: create the VPC chat-nyc3: DigitalOcean answered 403: You are not authorized to perform this operation (request 4d9d8375). " +
				"The token may not do this. Give it the scopes that the provider's documentation lists, or use one with full access."},
		{"gone", refused(404, "The resource you requested could not be found."),
			"Network: create the VPC chat-nyc3: DigitalOcean answered 404: The resource you requested could not be found. (request 4d9d8375). " +
				"Something that is named here does not exist, or belongs to another team than the token. Plan again to see what is there now."},
		{"limit", refused(422, "creating this/these droplet(s) will exceed your droplet limit"),
			"Network: create the VPC chat-nyc3: DigitalOcean answered 422: creating this/these droplet(s) will exceed your droplet limit (request 4d9d8375). " +
				"The account has reached a limit. Remove what is not needed, or ask DigitalOcean to raise the limit."},
		{"limit of volumes", refused(403, "failed to create volume: volume/snapshot limit exceeded"),
			"Network: create the VPC chat-nyc3: DigitalOcean answered 403: failed to create volume: volume/snapshot limit exceeded (request 4d9d8375). " +
				"The account has reached a limit. Remove what is not needed, or ask DigitalOcean to raise the limit."},
		{"another refusal", refused(422, "name is invalid"),
			"Network: create the VPC chat-nyc3: DigitalOcean answered 422: name is invalid (request 4d9d8375). " +
				"Change what DigitalOcean refuses, or ask its support about the request."},
		{"server", refused(503, "Service unavailable"),
			"Network: create the VPC chat-nyc3: DigitalOcean answered 503: Service unavailable (request 4d9d8375). " +
				"The API had a problem of its own; status.digitalocean.com may tell more. Run the same command again to continue."},
		{"time", fmt.Errorf("waiting for chat-us-1: %w", context.DeadlineExceeded),
			"Waiting for chat-us-1. This took longer than timeouts allows. Allow more time there if need be. Run the same command again to continue."},
		{"time while a refusal lasted", fmt.Errorf("%w: %w", refused(409, "Can not delete VPC with members"), context.DeadlineExceeded),
			"Network: create the VPC chat-nyc3: DigitalOcean answered 409: Can not delete VPC with members (request 4d9d8375). " +
				"This took longer than timeouts allows. Allow more time there if need be. Run the same command again to continue."},
		{"interrupt", context.Canceled,
			"It was interrupted. Run the same command again to continue."},
		{"anything else", errors.New("user data of chat-us-1 is too large"), "User data of chat-us-1 is too large."},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := failure("Cannot create the cluster", tt.err)
			if got.Summary() != "Cannot create the cluster" || got.Detail() != tt.want {
				t.Errorf("%s:\ngot  %s\nwant %s", got.Summary(), got.Detail(), tt.want)
			}
		})
	}
}

// broken is an API of which no answer comes, or none that is whole.
type broken func() (*http.Response, error)

// RoundTrip implements http.RoundTripper.
func (b broken) RoundTrip(*http.Request) (*http.Response, error) { return b() }

func TestFailureToReachTheAPISaysWhatToDo(t *testing.T) {
	t.Parallel()
	answer := func(body string) broken {
		return func() (*http.Response, error) {
			return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(strings.NewReader(body))}, nil
		}
	}
	for name, tt := range map[string]struct {
		api  broken
		says string
	}{
		"no connection": {func() (*http.Response, error) {
			return nil, &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
		}, "connection refused"},
		"cut off":   {func() (*http.Response, error) { return nil, io.ErrUnexpectedEOF }, "unexpected EOF"},
		"no object": {answer(`{}`), "without the"},
		"no JSON":   {answer(`{"vpcs": [`), "without JSON"},
	} {
		client, err := digitalocean.New(digitalocean.Config{Token: "test", Transport: tt.api})
		if err != nil {
			t.Fatal(err)
		}
		_, err = client.VPCs(t.Context())
		told := failure("Cannot read the cluster", err).Detail()
		inOrder(t, told, "List the account's VPCs", tt.says, "status.digitalocean.com", "Run the same command again to continue.")
		if t.Failed() {
			t.Log(name)
		}
	}
}

// There is one way to go on, in the order in which it is gone.
func TestAFailedCreateSaysWhatIsLeftAndHowToGoOn(t *testing.T) {
	t.Parallel()
	const left = "Of cluster chat there is now 1 droplet."
	const goOn = "To continue, run `terraform untaint beam_cluster.<name>`, and then apply again. Terraform marks what a failed create leaves as tainted: " +
		"an apply without untaint destroys it and starts over."
	report := errors.New("waiting for the cluster to be formed: chat-us-1: the boot step \"fetch the release\" failed\n    curl: (22) 404")
	for _, tt := range []struct {
		err  error
		want string
	}{
		{report, "Waiting for the cluster to be formed: chat-us-1: the boot step \"fetch the release\" failed\n    curl: (22) 404\n\n" + left + "\n\n" + goOn},
		{context.Canceled, "It was interrupted. " + left + " " + goOn},
		{fmt.Errorf("waiting for chat-us-1: %w", context.DeadlineExceeded),
			"Waiting for chat-us-1. This took longer than timeouts allows. Allow more time there if need be. " + left + " " + goOn},
		{&digitalocean.Error{Action: "create the VPC chat-nyc3", Status: 502},
			"Create the VPC chat-nyc3: DigitalOcean answered 502 Bad Gateway. The API had a problem of its own; status.digitalocean.com may tell more. " + left + " " + goOn},
	} {
		got := unfinished("Cannot complete the cluster", tt.err, left, "beam_cluster.<name>").Detail()
		if got != tt.want {
			t.Errorf("got  %s\nwant %s", got, tt.want)
		}
	}
}

func TestSeveralClustersAreToldApart(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		ids  []string
		want string
	}{
		{[]string{"k3f", "p9x"}, "2 clusters named \"chat\": with the ids k3f, p9x (tags beam:chat:id:<id>). Delete"},
		{[]string{"", "k3f"}, "2 clusters named \"chat\": with the id k3f (tag beam:chat:id:k3f), and one whose objects carry no id, as the first versions of this provider made them. Delete"},
	} {
		if got := severalClusters("chat", tt.ids); !strings.Contains(got, tt.want) {
			t.Errorf("%q: %s\nwant %s", tt.ids, got, tt.want)
		}
	}
}
