package provider

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
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
	for _, prefix := range []string{fromEnvironment, fromFile} {
		if id == prefix {
			return "", true, fmt.Errorf("the id ends after %q; write the name of a variable, as in env:RELEASE_COOKIE, or the path of a file, as in file:/etc/cookie, behind it", prefix)
		}
	}
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
			return "", true, unread(path, err)
		}
		return strings.TrimRight(string(content), "\r\n"), true, nil
	}
	return id, false, nil
}

// unread says why the cookie's file cannot be read, and what to do.
func unread(file string, err error) error {
	about, _ := os.Stat(file)
	failed := (*fs.PathError)(nil)
	switch {
	case errors.Is(err, fs.ErrNotExist) && strings.HasPrefix(file, "~"):
		return fmt.Errorf("there is no file %q, as only a shell expands the ~ that a word begins with; write the whole path, as \"file:$HOME/.erlang.cookie\" does on a command line", file)
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("there is no file %q where Terraform runs; write the whole path of the cookie's file", file)
	case about != nil && about.IsDir():
		return fmt.Errorf("%q is a folder; write the path of the cookie's file", file)
	case errors.As(err, &failed):
		return fmt.Errorf("the cookie's file %q cannot be read where Terraform runs: %w", file, failed.Err)
	}
	return fmt.Errorf("the cookie's file %q cannot be read where Terraform runs: %w", file, err)
}
