package provider

import (
	"context"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// missingRequired is how the framework calls a null for what is required.
const missingRequired = "Missing Configuration for Required Attribute"

// ValidateResourceConfig implements tfprotov6.ProviderServer. What the framework
// says of a null for what is required is put in words for users, at an attribute
// that Terraform finds: for a deeper one it would show the line of an outermost one
// of that name.
func (s *server) ValidateResourceConfig(ctx context.Context, req *tfprotov6.ValidateResourceConfigRequest) (*tfprotov6.ValidateResourceConfigResponse, error) {
	resp, err := s.ProviderServer.ValidateResourceConfig(ctx, req)
	if resp == nil {
		return resp, err
	}
	for _, d := range resp.Diagnostics {
		if d.Summary == missingRequired && d.Attribute != nil {
			reword(d)
		}
	}
	return resp, err
}

func reword(d *tfprotov6.Diagnostic) {
	steps := d.Attribute.Steps()
	name := inWords(steps[len(steps)-1:])
	d.Summary = "Missing " + name
	d.Detail = fmt.Sprintf("%s is null, and it is required. Set it, or leave out what it is part of.", inWords(steps))
	if _, isKey := steps[min(1, len(steps)-1)].(tftypes.ElementKeyString); isKey {
		d.Attribute = tftypes.NewAttributePathWithSteps(steps[:2])
		return
	}
	d.Attribute = tftypes.NewAttributePathWithSteps(steps[:1])
}

// inWords is a path as one writes it: host.run[0].name.
func inWords(steps []tftypes.AttributePathStep) string {
	var text strings.Builder
	for i, step := range steps {
		switch step := step.(type) {
		case tftypes.AttributeName:
			text.WriteString(strings.Repeat(".", min(i, 1)) + string(step))
		case tftypes.ElementKeyString:
			fmt.Fprintf(&text, "[%q]", string(step))
		case tftypes.ElementKeyInt:
			fmt.Fprintf(&text, "[%d]", int64(step))
		}
	}
	return text.String()
}
