package provider

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"

	"github.com/beamcluster/terraform-provider-beam/internal/digitalocean"
	"github.com/beamcluster/terraform-provider-beam/internal/engine"
)

// failure turns an error of the engine into a diagnostic: summary says what
// was to be done, the detail what happened and what to do about it.
func failure(summary string, err error) diag.Diagnostic {
	remedy, resumes := advice(err)
	again := ""
	if resumes {
		again = "Run the same command again to continue."
	}
	return diag.NewErrorDiagnostic(summary, join(cause(err), remedy, again))
}

// failures does the same for errors of several kinds: what must not be done is
// told on the attributes it concerns.
func failures(ctx context.Context, in tfsdk.Plan, summary string, err error) diag.Diagnostics {
	if refused := (*engine.RefusedError)(nil); errors.As(err, &refused) {
		return report(ctx, in, refused.Problems)
	}
	return diag.Diagnostics{failure(summary, err)}
}

// unfinished is the failure of a create that leaves something: what that is, and
// the one way to go on from it, come last.
func unfinished(summary string, err error, left, address string) diag.Diagnostic {
	remedy, _ := advice(err)
	return diag.NewErrorDiagnostic(summary, join(cause(err), remedy, left,
		"To continue, run `terraform untaint "+address+"`, and then apply again. Terraform marks what a failed create leaves as tainted: "+
			"an apply without untaint destroys it and starts over."))
}

// cause tells an error in words. How contexts end is told by advice.
func cause(err error) string {
	text := err.Error()
	for _, end := range []error{context.DeadlineExceeded, context.Canceled} {
		for _, form := range []string{": %s", " (%s)", "%s"} {
			text = strings.ReplaceAll(text, fmt.Sprintf(form, end), "")
		}
	}
	return asSentence(strings.Trim(text, "\n"))
}

// advice says what the error means and what to do about it, where the error does
// not say so itself, and whether an apply that is run again goes on.
func advice(err error) (remedy string, resumes bool) {
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return "This took longer than timeouts allows. Allow more time there if need be.", true
	case errors.Is(err, context.Canceled):
		return "It was interrupted.", true
	}
	switch status := digitalocean.Status(err); {
	case status == http.StatusUnauthorized:
		return "The token was refused. Check the provider's token, or DIGITALOCEAN_TOKEN in the environment: it may be mistyped, expired or revoked.", false
	case status == http.StatusForbidden:
		return "The token may not do this. Give it the scopes that the provider's documentation lists, or use one with full access.", false
	case status == http.StatusNotFound:
		return "Something that is named here does not exist, or belongs to another team than the token. Plan again to see what is there now.", false
	case status == http.StatusUnprocessableEntity && strings.Contains(strings.ToLower(err.Error()), "limit"):
		return "The account has reached a limit. Remove what is not needed, or ask DigitalOcean to raise the limit.", false
	case status >= http.StatusInternalServerError:
		return "The API had a problem of its own; status.digitalocean.com may tell more.", true
	case digitalocean.Unanswered(err):
		return "The API cannot be reached, or does not answer as it should. Check the network, proxies, and api_endpoint; status.digitalocean.com may tell more.", true
	}
	return "", false
}

// asSentence begins a text with a capital and ends it with a full stop, unless it
// ends with lines of a log.
func asSentence(text string) string {
	if text == "" {
		return ""
	}
	text = strings.ToUpper(text[:1]) + text[1:]
	if strings.Contains(text, "\n") {
		return text
	}
	return strings.TrimSuffix(text, ".") + "."
}

// join puts sentences side by side, what has several lines apart from the rest,
// and leaves out what is empty.
func join(sentences ...string) string {
	separator := " "
	var kept []string
	for _, s := range sentences {
		if s != "" {
			kept = append(kept, s)
		}
		if strings.Contains(s, "\n") {
			separator = "\n\n"
		}
	}
	return strings.Join(kept, separator)
}
