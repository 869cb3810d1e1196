//go:build linux

package linux

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// sweep removes everything that hosts of this name consist of: processes,
// mounts, loop devices, network namespaces, control groups and files. It finds
// them on the machine itself and not in memory, so it removes as well what a
// run that crashed has left.
func (h *Hosts) sweep() error {
	errs := []error{h.groups[0].kill()}
	for _, group := range h.groups {
		errs = append(errs, group.remove())
	}
	return errors.Join(append(errs,
		unmountBelow(h.folder),
		detachLoopDevices(h.run, h.folder),
		removeNamespaces(h.run, h.prefix),
		removeAll(filepath.Join(nspawnFolder, h.prefix+"*")),
		removeAll(filepath.Join(h.folder, "hosts")),
		removeAll(filepath.Join(h.folder, "volumes")),
	)...)
}

// nspawnFolder has a folder for each host, which systemd-nspawn leaves.
const nspawnFolder = "/run/systemd/nspawn/propagate"

func removeAll(pattern string) error {
	paths, err := filepath.Glob(pattern)
	errs := []error{err}
	for _, path := range paths {
		errs = append(errs, os.RemoveAll(path))
	}
	return errors.Join(errs...)
}

// mount is a line of the machine's table of mounts.
type mount struct{ path, kind string }

// mounts lists what is mounted, in the order it was.
func mounts() ([]mount, error) {
	table, err := os.ReadFile("/proc/self/mounts")
	if err != nil {
		return nil, fmt.Errorf("list mounts: %w", err)
	}
	var found []mount
	for line := range strings.Lines(string(table)) {
		if fields := strings.Fields(line); len(fields) > 2 {
			found = append(found, mount{fields[1], fields[2]})
		}
	}
	return found, nil
}

// unmountBelow unmounts everything below a folder, what was mounted last first.
func unmountBelow(folder string) error {
	mounts, err := mounts()
	if err != nil {
		return err
	}
	var errs []error
	for _, mount := range slices.Backward(mounts) {
		if strings.HasPrefix(mount.path, folder+"/") {
			errs = append(errs, unmount(mount.path))
		}
	}
	return errors.Join(errs...)
}

func unmount(path string) error {
	if err := unix.Unmount(path, 0); err != nil && !errors.Is(err, unix.EINVAL) && !errors.Is(err, unix.ENOENT) {
		return fmt.Errorf("unmount %s: %w", path, err)
	}
	return nil
}

// detachLoopDevices frees the loop devices whose files lie below a folder.
func detachLoopDevices(run runner, folder string) error {
	files, err := filepath.Glob("/sys/block/loop*/loop/backing_file")
	if err != nil {
		return fmt.Errorf("list loop devices: %w", err)
	}
	var errs []error
	for _, file := range files {
		backing, err := os.ReadFile(file) //nolint:gosec // G304: below /sys
		if err != nil || !strings.HasPrefix(string(backing), folder+"/") {
			continue // not in use any more, or not ours
		}
		device := "/dev/" + strings.Split(file, "/")[3]
		_, err = run("", "losetup", "--detach", device)
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

func removeNamespaces(run runner, prefix string) error {
	found, err := namespaces(prefix)
	errs := []error{err}
	for _, n := range found {
		errs = append(errs, n.remove(run))
	}
	return errors.Join(errs...)
}
