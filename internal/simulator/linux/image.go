//go:build linux

package linux

import (
	"context"
	"crypto/sha256"
	_ "embed"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// suites are Debian's names of the images that hosts can boot from, by
// DigitalOcean's.
var suites = map[string]string{"debian-12-x64": "bookworm", "debian-13-x64": "trixie"}

//go:embed image.sh
var recipe string

// ensureImage returns the root of a base image. It is built where the folder
// has none that was made by this recipe, which takes some minutes and needs
// Debian's packages. Programs that want the same image wait for each other.
func ensureImage(ctx context.Context, folder, slug string) (string, error) {
	suite, known := suites[slug]
	if !known {
		return "", fmt.Errorf("no host can boot from the image %q: there are debian-12-x64 and debian-13-x64", slug)
	}
	if err := os.MkdirAll(folder, 0o755); err != nil { //nolint:gosec // G301: an image holds no secrets
		return "", fmt.Errorf("make the folder of images: %w", err)
	}
	unlock, err := lock(filepath.Join(folder, suite+".lock"), unix.LOCK_EX)
	if err != nil {
		return "", err
	}
	defer unlock()
	root := filepath.Join(folder, fmt.Sprintf("%s-%x", suite, sha256.Sum256([]byte(recipe)))[:len(suite)+13])
	if _, err := os.Stat(root); err == nil {
		return root, nil
	}
	return root, buildImage(ctx, suite, root)
}

// buildImage runs the recipe in namespaces of its own, so that an interrupt
// leaves no process and no mount. The image appears whole or not at all.
func buildImage(ctx context.Context, suite, root string) error {
	unfinished := root + ".new"
	if err := os.RemoveAll(unfinished); err != nil {
		return fmt.Errorf("remove an unfinished image: %w", err)
	}
	arguments := append([]string{"--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "sh", "-s", "--", suite, unfinished}, mirror(ctx)...)
	build := exec.CommandContext(ctx, "unshare", arguments...) //nolint:gosec // G204: names of this package
	build.Stdin = strings.NewReader(recipe)
	if output, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("build the image %s: %w\n%s", suite, err, lastLines(string(output), 20))
	}
	if err := os.Rename(unfinished, root); err != nil {
		return fmt.Errorf("put the image in place: %w", err)
	}
	return nil
}

// mirror is where this machine takes Debian's packages from; none on other
// systems, where debootstrap knows one.
func mirror(ctx context.Context) []string {
	listed, err := exec.CommandContext(ctx, "apt-get", "indextargets",
		"--format", "$(ORIGIN) $(REPO_URI)", "Created-By: Packages").Output()
	if err != nil {
		return nil
	}
	for line := range strings.Lines(string(listed)) {
		if uri, ok := strings.CutPrefix(line, "Debian "); ok {
			return []string{strings.TrimSpace(uri)}
		}
	}
	return nil
}

// lock locks a file against other processes, until the process ends at the
// latest. It waits for a lock that another one has, unless how says not to; see
// flock(2).
func lock(path string, how int) (unlock func(), err error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600) //nolint:gosec // G304: the caller's own
	if err != nil {
		return nil, fmt.Errorf("open a lock: %w", err)
	}
	if err := unix.Flock(int(file.Fd()), how); err != nil {
		file.Close()
		return nil, fmt.Errorf("lock %s: %w", path, err)
	}
	return func() { file.Close() }, nil
}

func lastLines(text string, count int) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(lines[max(0, len(lines)-count):], "\n")
}
