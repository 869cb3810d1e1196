package provider

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/beamcluster/terraform-provider-beam/internal/cookie"
)

// Ids of imports that say where the cookie is. Terraform prints the id that a
// user gives, whatever the provider makes of it.
const (
	fromEnvironment = "env:"
	fromFile        = "file:"
)

// ImportState implements resource.ResourceWithImportState. The id says where the
// cookie is, or is the cookie itself.
func (r *cookieResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	value, err := importedCookie(req.ID)
	if err == nil {
		err = cookie.Check(value)
	}
	if err != nil {
		resp.Diagnostics.AddError("Cannot import the cookie", asSentence(err.Error()))
		return
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, foreignCookie(value))...)
}

// importedCookie finds the cookie that an id means. As Erlang does, it drops the
// ends of lines after it.
func importedCookie(id string) (string, error) {
	if name, found := strings.CutPrefix(id, fromEnvironment); found {
		value, set := os.LookupEnv(name)
		if !set {
			return "", fmt.Errorf("the environment has no variable %q; set it where Terraform runs", name)
		}
		return strings.TrimRight(value, "\r\n"), nil
	}
	if path, found := strings.CutPrefix(id, fromFile); found {
		content, err := os.ReadFile(path) //nolint:gosec // the user names the file
		if err != nil {
			return "", fmt.Errorf("read the cookie's file: %w", err)
		}
		return strings.TrimRight(string(content), "\r\n"), nil
	}
	return id, nil
}
