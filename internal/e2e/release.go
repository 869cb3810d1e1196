//go:build linux

package e2e

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// Release is a tarball of a release called chat.
type Release struct {
	Kind   string // mix or rebar3
	File   string // its name in the folder of releases
	SHA256 string
}

// builds are the commands that make a tarball, and where it lies then.
var builds = map[string]struct {
	command []string
	tarball string
}{
	"mix":    {[]string{"env", "MIX_ENV=prod", "mix", "release", "--quiet"}, "_build/prod/chat-0.1.0.tar.gz"},
	"rebar3": {[]string{"rebar3", "as", "prod", "tar"}, "_build/prod/rel/chat/chat-0.1.0.tar.gz"},
}

// BuildRelease builds a copy of the release's sources, which lie in a folder
// named by its kind, and puts the tarball into a folder.
func BuildRelease(ctx context.Context, kind, sources, folder string) (release Release, err error) {
	build := builds[kind]
	work, err := os.MkdirTemp("", "beam-release-")
	if err != nil {
		return release, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(work)) }()
	if err := os.CopyFS(work, os.DirFS(filepath.Join(sources, kind))); err != nil {
		return release, err
	}
	command := exec.CommandContext(ctx, build.command[0], build.command[1:]...) //nolint:gosec // G204: commands of this package
	command.Dir = work
	if output, err := command.CombinedOutput(); err != nil {
		return release, fmt.Errorf("build the release of %s: %w\n%s", kind, err, output)
	}
	tarball, err := os.ReadFile(filepath.Join(work, build.tarball)) //nolint:gosec // G304: what was built just now
	if err != nil {
		return release, err
	}
	sum := sha256.Sum256(tarball)
	release = Release{Kind: kind, File: kind + ".tar.gz", SHA256: hex.EncodeToString(sum[:])}
	return release, os.WriteFile(filepath.Join(folder, release.File), tarball, 0o644) //nolint:gosec // G306: for everyone
}
