//go:build linux

package e2e

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// Build says which release is to be built.
type Build struct {
	Kind    string // mix or rebar3, or untuned: one of mix for other hosts than these
	Version string // of a release of mix; empty means the sources' own, 0.1.0
	Payload int    // bytes that the tarball holds besides, of a release of mix
}

// Release is a tarball of a release.
type Release struct {
	Name   string
	Kind   string // mix or rebar3
	File   string // its name in the folder of releases
	SHA256 string
}

// builds are the commands that make a tarball, and where it lies then.
var builds = map[string]struct {
	command             []string
	tarball, name, kind string
}{
	"mix":     {mixRelease, "_build/prod/chat-%s.tar.gz", "chat", "mix"},
	"rebar3":  {[]string{"rebar3", "as", "prod", "tar"}, "_build/prod/rel/chat/chat-%s.tar.gz", "chat", "rebar3"},
	"untuned": {mixRelease, "_build/prod/talk-%s.tar.gz", "talk", "mix"},
}

var mixRelease = []string{"env", "MIX_ENV=prod", "mix", "release", "--quiet"}

// BuildRelease builds a copy of the release's sources, which lie in a folder
// named by its kind, and puts the tarball into a folder.
func BuildRelease(ctx context.Context, b Build, sources, folder string) (release Release, err error) {
	build, version := builds[b.Kind], cmp.Or(b.Version, "0.1.0")
	work, err := os.MkdirTemp("", "beam-release-")
	if err != nil {
		return release, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(work)) }()
	if err := os.CopyFS(work, os.DirFS(filepath.Join(sources, b.Kind))); err != nil {
		return release, err
	}
	if err := load(work, b.Payload); err != nil {
		return release, err
	}
	command := exec.CommandContext(ctx, build.command[0], build.command[1:]...) //nolint:gosec // G204: commands of this package
	command.Dir, command.Env = work, append(os.Environ(), "CHAT_VERSION="+version)
	if output, err := command.CombinedOutput(); err != nil {
		return release, fmt.Errorf("build the release of %s: %w\n%s", b.Kind, err, output)
	}
	tarball, err := os.ReadFile(filepath.Join(work, fmt.Sprintf(build.tarball, version))) //nolint:gosec // G304: what was built just now
	if err != nil {
		return release, err
	}
	sum := sha256.Sum256(tarball)
	file := fmt.Sprintf("%s-%s-%x.tar.gz", b.Kind, version, sum[:4])
	release = Release{Name: build.name, Kind: build.kind, File: file, SHA256: hex.EncodeToString(sum[:])}
	return release, os.WriteFile(filepath.Join(folder, release.File), tarball, 0o644) //nolint:gosec // G306: for everyone
}

// load gives a release's sources so many bytes that nothing packs smaller.
func load(work string, size int) error {
	if size == 0 {
		return nil
	}
	payload := make([]byte, size)
	if _, err := rand.Read(payload); err != nil {
		return err
	}
	if err := os.Mkdir(filepath.Join(work, "priv"), 0o755); err != nil { //nolint:gosec // G301: as in any source tree
		return err
	}
	return os.WriteFile(filepath.Join(work, "priv", "payload"), payload, 0o644) //nolint:gosec // G306: as in any source tree
}
