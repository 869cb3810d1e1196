package provider

import (
	"context"
	"fmt"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
)

// textRule is what a text must be, told in the style of all other findings.
type textRule struct {
	summary string
	wrong   func(name, text string) string // says what is wrong; empty for nothing
}

var (
	notEmpty = textRule{"Invalid cookie", func(name, text string) string {
		if text != "" {
			return ""
		}
		return fmt.Sprintf("%s is empty. Use the value of a beam_cookie, or another cookie.", name)
	}}
	duration = textRule{"Invalid duration", func(name, text string) string {
		if d, err := time.ParseDuration(text); err == nil && d > 0 {
			return ""
		}
		return fmt.Sprintf("%s is %q. Use a number with a unit, such as \"45m\" or \"1h30m\".", name, text)
	}}
)

// Description implements validator.String.
func (r textRule) Description(context.Context) string { return r.summary }

// MarkdownDescription implements validator.String.
func (r textRule) MarkdownDescription(ctx context.Context) string { return r.Description(ctx) }

// ValidateString implements validator.String.
func (r textRule) ValidateString(_ context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if !known(req.ConfigValue) {
		return
	}
	if detail := r.wrong(lastName(req.Path), req.ConfigValue.ValueString()); detail != "" {
		resp.Diagnostics.AddAttributeError(located(req.Path), r.summary, named(req.Path, detail))
	}
}

func lastName(at path.Path) string {
	steps := at.Steps()
	return fmt.Sprint(steps[len(steps)-1])
}
