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
	// Kind is mix or rebar3; or untuned, one of mix for other hosts than these; or
	// phoenix, one of mix that has the shape of Phoenix's.
	Kind    string
	Version string // of a release of mix; empty means the sources' own, 0.1.0
	Payload int    // bytes that the tarball holds besides, of a release of mix
	// Appended is text at the end of files of the sources, or files of its own.
	Appended map[string]string
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
	"phoenix": {[]string{"env", "MIX_ENV=prod", "mix", "do", "assets.deploy,", "release", "--quiet"}, "_build/prod/chat-%s.tar.gz", "chat", "mix"},
}

var mixRelease = []string{"env", "MIX_ENV=prod", "mix", "release", "--quiet"}

// BuildRelease builds a copy of the release's sources, which lie in a folder
// named by its kind, and puts the tarball into a folder. Sources of one kind may
// use those of another, beside them.
func BuildRelease(ctx context.Context, b Build, sources, folder string) (release Release, err error) {
	build, version := builds[b.Kind], cmp.Or(b.Version, "0.1.0")
	copied, err := os.MkdirTemp("", "beam-release-")
	if err != nil {
		return release, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(copied)) }()
	if err := os.CopyFS(copied, os.DirFS(sources)); err != nil {
		return release, err
	}
	work := filepath.Join(copied, b.Kind)
	if err := errors.Join(load(work, b.Payload), appendAll(work, b.Appended)); err != nil {
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

// appendAll writes each text at the end of the file of its name.
func appendAll(work string, texts map[string]string) error {
	for name, text := range texts {
		file, err := os.OpenFile(filepath.Join(work, name), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644) //nolint:gosec // G302, G304: as in any source tree
		if err != nil {
			return err
		}
		_, err = file.WriteString("\n" + text)
		if err := errors.Join(err, file.Close()); err != nil {
			return err
		}
	}
	return nil
}
