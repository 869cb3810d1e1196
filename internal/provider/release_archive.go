package provider

import (
	"bufio"
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

// What is told of an archive is told at the line of its release, see located.
var archivePath = located(path.Root("release").AtName("path"))

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
		case errors.Is(err, errNotPacked):
			diags.AddAttributeError(archivePath, "Not an archive", fmt.Sprintf("release.path: The file %s is not what gzip packed, and nodes unpack a .tar.gz. "+
				"Name the archive of the release, as mix makes it with steps: [:assemble, :tar], and rebar3 with `rebar3 tar`.", r.Path.ValueString()))
		case err != nil:
			diags.AddAttributeError(archivePath, "Cannot read the release", archiveMissing(r.Path.ValueString(), err))
		case known(r.SHA256) && !strings.EqualFold(r.SHA256.ValueString(), sum):
			diags.AddAttributeError(archivePath, "Another release", fmt.Sprintf(
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

// errNotPacked is that of a file that is no .tar.gz.
var errNotPacked = errors.New("it is not what gzip packed")

// gzipMagic is what each file of gzip begins with (RFC 1952, section 2.3.1).
const gzipMagic = "\x1f\x8b"

// sumFile is the SHA-256 of an archive, in hex digits.
func sumFile(name string) (string, error) {
	file, err := os.Open(name) //nolint:gosec // the user names it
	if err != nil {
		return "", err
	}
	defer func() { _ = file.Close() }() // it was read only
	hash, content := sha256.New(), bufio.NewReader(file)
	if begin, err := content.Peek(len(gzipMagic)); string(begin) != gzipMagic {
		if err != nil && !errors.Is(err, io.EOF) {
			return "", err
		}
		return "", errNotPacked
	}
	if _, err := io.Copy(hash, content); err != nil {
		return "", err
	}
	return hex.EncodeToString(hash.Sum(nil)), nil
}
