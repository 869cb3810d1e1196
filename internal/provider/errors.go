package provider

import (
	"context"
	"errors"
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
	return diag.NewErrorDiagnostic(summary, join(asSentence(err.Error()), advice(err)))
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
// how to go on from it, come last.
func unfinished(summary string, err error, left, address string) diag.Diagnostic {
	return diag.NewErrorDiagnostic(summary, join(asSentence(err.Error()), advice(err), left,
		"Before you apply again, run `terraform untaint "+address+"`: Terraform marks what a failed create leaves as tainted, and would destroy it and start over."))
}

// advice says what to do; empty where the error says it itself.
func advice(err error) string {
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return "This took longer than timeouts allows. Apply again to continue, with a longer time if need be."
	case errors.Is(err, context.Canceled):
		return "It was interrupted. What exists by now is in the state; apply again to continue."
	}
	switch status := digitalocean.Status(err); {
	case status == http.StatusUnauthorized:
		return "The token was refused. Check the provider's token, or DIGITALOCEAN_TOKEN in the environment: it may be mistyped, expired or revoked."
	case status == http.StatusForbidden:
		return "The token may not do this. Give it the scopes that the provider's documentation lists, or use one with full access."
	case status == http.StatusNotFound:
		return "Something that is named here does not exist, or belongs to another team than the token. Plan again to see what is there now."
	case status == http.StatusUnprocessableEntity && strings.Contains(strings.ToLower(err.Error()), "limit"):
		return "The account has reached a limit. Remove what is not needed, or ask DigitalOcean to raise the limit."
	case status == http.StatusTooManyRequests:
		return "The API's rate limit was reached: 5,000 calls an hour and 250 a minute for a token, other users of it included. " +
			"Wait and apply again, or set requests_per_second in the provider."
	case status >= http.StatusInternalServerError:
		return "The API had a problem of its own; status.digitalocean.com may tell more. Apply again to continue."
	}
	return ""
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
