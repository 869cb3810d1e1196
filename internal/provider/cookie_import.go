package provider

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
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
	value, err := r.importedCookie(ctx, req, &resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	if err == nil {
		err = cookie.Check(value)
	}
	if err != nil {
		resp.Diagnostics.AddError("Cannot import the cookie", asSentence(err.Error()))
		return
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, foreignCookie(value))...)
}

// importedCookie finds the cookie that an import means.
func (r *cookieResource) importedCookie(ctx context.Context, req resource.ImportStateRequest, diags *diag.Diagnostics) (string, error) {
	if req.ID == "" && req.Identity != nil && !req.Identity.Raw.IsNull() {
		var identity cookieIdentity
		diags.Append(req.Identity.Get(ctx, &identity)...)
		return cookieOf(identity)
	}
	value, _, err := cookieFrom(req.ID)
	return value, err
}

// cookieFrom reads the cookie from where the id says; an id that says nothing of
// the kind is the cookie itself. As Erlang does, it drops the ends of lines after
// it.
func cookieFrom(id string) (value string, elsewhere bool, err error) {
	if name, found := strings.CutPrefix(id, fromEnvironment); found {
		value, set := os.LookupEnv(name)
		if !set {
			return "", true, fmt.Errorf("the environment has no variable %q; set it where Terraform runs", name)
		}
		return strings.TrimRight(value, "\r\n"), true, nil
	}
	if path, found := strings.CutPrefix(id, fromFile); found {
		content, err := os.ReadFile(path) //nolint:gosec // the user names the file
		if err != nil {
			return "", true, fmt.Errorf("read the cookie's file: %w", err)
		}
		return strings.TrimRight(string(content), "\r\n"), true, nil
	}
	return id, false, nil
}
