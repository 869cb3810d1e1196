package provider

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"

	"github.com/beamcluster/terraform-provider-beam/internal/engine"
)

// failure turns an error of the engine into a diagnostic: summary says what
// was to be done, the detail what happened and what to do about it.
func failure(summary string, err error) diag.Diagnostic {
	remedy, resumes := engine.Advice(err)
	again := ""
	if resumes {
		again = "Run the same command again to continue."
	}
	return diag.NewErrorDiagnostic(summary, join(cause(err), remedy, again))
}

// unfound is the failure to find a droplet, by its name or its id: it may be in
// another account.
func unfound(summary, droplet string, err error) diag.Diagnostic {
	if !errors.Is(err, engine.ErrNotFound) {
		return failure(summary, err)
	}
	what := "name"
	if _, err := strconv.Atoi(droplet); err == nil {
		what = "id"
	}
	text := strings.TrimPrefix(err.Error(), engine.ErrNotFound.Error()+": ")
	return diag.NewErrorDiagnostic(summary, join(asSentence(text), fmt.Sprintf("Check the %s, and that the provider's token is one of the account in which the node is.", what)))
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
	remedy, _ := engine.Advice(err)
	return diag.NewErrorDiagnostic(summary, join(cause(err), remedy, left,
		"To continue, run `terraform untaint "+address+"`, and then apply again. Terraform marks what a failed create leaves as tainted: "+
			"an apply without untaint destroys it and starts over."))
}

// cause tells an error in words. How contexts end is told by engine.Advice.
func cause(err error) string {
	text := err.Error()
	for _, end := range []error{context.DeadlineExceeded, context.Canceled} {
		for _, form := range []string{": %s", " (%s)", "%s"} {
			text = strings.ReplaceAll(text, fmt.Sprintf(form, end), "")
		}
	}
	return asSentence(strings.Trim(text, "\n"))
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
