package provider

import (
	"context"
	"errors"
	"fmt"
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
		{"another refusal", refused(422, "name is invalid"),
			"Network: create the VPC chat-nyc3: DigitalOcean answered 422: name is invalid (request 4d9d8375)."},
		{"rate", refused(429, "API rate limit exceeded."),
			"Network: create the VPC chat-nyc3: DigitalOcean answered 429: API rate limit exceeded. (request 4d9d8375). " +
				"The API's rate limit was reached: 5,000 calls an hour and 250 a minute for a token, other users of it included. " +
				"Wait and apply again, or set requests_per_second in the provider."},
		{"server", refused(503, "Service unavailable"),
			"Network: create the VPC chat-nyc3: DigitalOcean answered 503: Service unavailable (request 4d9d8375). " +
				"The API had a problem of its own; status.digitalocean.com may tell more. Apply again to continue."},
		{"time", fmt.Errorf("waiting for chat-us-1: %w", context.DeadlineExceeded),
			"Waiting for chat-us-1: context deadline exceeded. " +
				"This took longer than timeouts allows. Apply again to continue, with a longer time if need be."},
		{"interrupt", context.Canceled,
			"Context canceled. It was interrupted. What exists by now is in the state; apply again to continue."},
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

func TestAFailedCreateSaysWhatIsLeftAndHowToGoOn(t *testing.T) {
	t.Parallel()
	report := errors.New("waiting for the cluster to be formed: chat-us-1: the boot step \"fetch the release\" failed\n    curl: (22) 404")
	got := unfinished("Cannot complete the cluster", report, "Of cluster chat there is now 1 droplet.", "beam_cluster.<name>").Detail()
	want := "Waiting for the cluster to be formed: chat-us-1: the boot step \"fetch the release\" failed\n    curl: (22) 404\n\n" +
		"Of cluster chat there is now 1 droplet.\n\n" +
		"Before you apply again, run `terraform untaint beam_cluster.<name>`: Terraform marks what a failed create leaves as tainted, and would destroy it and start over."
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
