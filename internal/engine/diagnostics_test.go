package engine_test

import (
	"errors"
	"regexp"
	"strings"

	"github.com/beamcluster/terraform-provider-beam/internal/engine"
)

// host is how users know a host: by its name. An id alone tells them nothing.
const host = `droplets? (chat-(us|uk|lb|database)-?\d*|worker|pet)`

// objects are what the calls to a part of the API are about, in the words that an
// error must have for it. What the memory knows by its id alone is named with its
// cluster.
var objects = map[string]*regexp.Regexp{
	"droplets":     regexp.MustCompile(host + `|droplets tagged beam:chat|the account's droplets|cluster named "chat"`),
	"actions":      regexp.MustCompile(host + `|reserved IP \d+\.`),
	"volumes":      regexp.MustCompile(`volumes? (named )?chat-database`),
	"firewalls":    regexp.MustCompile(`firewall chat-|firewall of cluster chat\b|the account's firewalls`),
	"vpcs":         regexp.MustCompile(`VPC chat-|VPC of cluster chat\b|the account's VPCs`),
	"vpc_peerings": regexp.MustCompile(`peering chat-|peering of cluster chat\b|the account's VPC peerings`),
	"reserved_ips": regexp.MustCompile(`reserved IP \d+\.|reserve an IP for ` + host + `|the account's reserved IPs`),
	"account":      regexp.MustCompile(`SSH key [0-9a-f:]{47}`),
	"tags":         regexp.MustCompile(`tag (beam|jobs|mail)\b|the account's tags`),
}

// whatToDo is how sentences begin that tell users what to do.
var whatToDo = regexp.MustCompile(`(?i)(^|[.;:] |, and |, or )(try again|run the same command again|apply again|destroy again|plan again|check the|allow more time|remove what|create it first|release what|find out what|ask DigitalOcean|rename or delete|to destroy the cluster without)`)

// tells checks that an error names the object that the call is about and what to
// do, and says no more than it should.
func (tr *trial) tells(route string, err error) {
	tr.Helper()
	text := userText(err)
	_, path, _ := strings.Cut(route, "/v2/")
	kind, _, _ := strings.Cut(path, "/")
	if object := objects[kind]; object == nil || !object.MatchString(text) {
		tr.Errorf("it does not name the object of %s: %s", route, text)
	}
	if !whatToDo.MatchString(text) {
		tr.Errorf("it does not say what to do: %s", text)
	}
	if strings.Contains(text, "<html") {
		tr.Errorf("it shows a page: %s", text)
	}
}

// userText is what a user is told of an error.
func userText(err error) string {
	if refused := (*engine.RefusedError)(nil); errors.As(err, &refused) {
		return err.Error()
	}
	remedy, resumes := engine.Advice(err)
	if resumes {
		remedy += " Run the same command again to continue."
	}
	return err.Error() + ". " + remedy
}
