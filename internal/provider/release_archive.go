package provider

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// A release may be an archive on the machine that Terraform runs on. Its SHA-256
// is taken in the plan, so that the plan shows a deploy.

var archivePath = path.Root("release").AtName("path")

// sumArchive fills in the SHA-256 of an archive. One that is gone is the one that
// the state tells of, where that is not contradicted: nodes have it.
func sumArchive(ctx context.Context, release *types.Object, state types.Object) diag.Diagnostics {
	var diags diag.Diagnostics
	was := read[releaseModel](ctx, state, &diags)
	edit(ctx, release, &diags, func(r *releaseModel) {
		if !known(r.Path) || r.Path.ValueString() == "" {
			return
		}
		sum, err := sumFile(r.Path.ValueString())
		switch {
		case errors.Is(err, fs.ErrNotExist) && was != nil && r.staysAs(*was):
			r.SHA256 = was.SHA256
		case err != nil:
			diags.AddAttributeError(archivePath, "Cannot read the release", archiveMissing(r.Path.ValueString(), err))
		case known(r.SHA256) && !strings.EqualFold(r.SHA256.ValueString(), sum):
			diags.AddAttributeError(path.Root("release").AtName("sha256"), "Another release", fmt.Sprintf(
				"release.sha256: The file %s has the SHA-256 %s, and sha256 is %s. Name the right file, or leave sha256 out: it is taken from the file.",
				r.Path.ValueString(), sum, r.SHA256.ValueString()))
		case r.SHA256.IsNull():
			r.SHA256 = types.StringValue(sum)
		}
	})
	return diags
}

// staysAs says that the release is the one that the state tells of.
func (r releaseModel) staysAs(was releaseModel) bool {
	if r.SHA256.IsNull() {
		return r.Path.Equal(was.Path) && known(was.SHA256)
	}
	return known(r.SHA256) && strings.EqualFold(r.SHA256.ValueString(), was.SHA256.ValueString())
}

// checkArchive looks again before anything changes whether the archive is the one
// that was planned. One that the nodes have may be gone.
func checkArchive(ctx context.Context, release, state types.Object) diag.Diagnostics {
	var diags diag.Diagnostics
	r := read[releaseModel](ctx, release, &diags)
	if r == nil || r.Path.ValueString() == "" {
		return diags
	}
	was := read[releaseModel](ctx, state, &diags)
	sum, err := sumFile(r.Path.ValueString())
	switch {
	case errors.Is(err, fs.ErrNotExist) && was != nil && was.SHA256.Equal(r.SHA256):
	case err != nil:
		diags.AddAttributeError(archivePath, "Cannot read the release", archiveMissing(r.Path.ValueString(), err))
	case !strings.EqualFold(sum, r.SHA256.ValueString()):
		diags.AddAttributeError(archivePath, "The release changed after the plan", fmt.Sprintf(
			"release.path: The file %s had the SHA-256 %s when the plan was made and now has %s. Nothing was changed. Plan again to deploy what is there now.",
			r.Path.ValueString(), r.SHA256.ValueString(), sum))
	}
	return diags
}

func archiveMissing(name string, err error) string {
	var at *fs.PathError
	if errors.As(err, &at) {
		err = at.Err
	}
	return fmt.Sprintf("release.path: The file %s cannot be read: %s. Build the release first, or name its archive; a relative path begins where Terraform runs.", name, err)
}

// sumFile is the SHA-256 of a file, in hex digits.
func sumFile(name string) (string, error) {
	file, err := os.Open(name) //nolint:gosec // the user names it
	if err != nil {
		return "", err
	}
	defer func() { _ = file.Close() }() // it was read only
	hash := sha256.New()
	if _, err := io.Copy(hash, file); err != nil {
		return "", err
	}
	return hex.EncodeToString(hash.Sum(nil)), nil
}
