//go:build linux

package linux

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// killTime is how long processes may take to disappear once they were killed.
const killTime = 10 * time.Second

// cgroup is a control group, by its folder. It is what tells the processes of a
// host from all others on the machine.
type cgroup string

// findCgroups names the group of this name in each of the machine's hierarchies,
// the unified one first. systemd-nspawn makes its groups in that one, and where
// there are several, in systemd's own as well.
func findCgroups(name string) ([]cgroup, error) {
	mounts, err := mounts()
	if err != nil {
		return nil, err
	}
	var unified, others []cgroup
	for _, mount := range mounts {
		switch mount.kind {
		case "cgroup2":
			unified = append(unified, cgroup(filepath.Join(mount.path, name)))
		case "cgroup":
			others = append(others, cgroup(filepath.Join(mount.path, name)))
		}
	}
	if len(unified) == 0 {
		return nil, errors.New("no cgroup2 file system is mounted: real hosts need one")
	}
	return append(unified[:1], others...), nil
}

// below names the group of this name in each of the groups.
func below(groups []cgroup, name string) []cgroup {
	var inner []cgroup
	for _, group := range groups {
		inner = append(inner, cgroup(filepath.Join(string(group), name)))
	}
	return inner
}

// processes lists the ids of all processes in the group and in those below it.
func (g cgroup) processes() ([]int, error) {
	var ids []int
	err := filepath.WalkDir(string(g), func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.Name() != "cgroup.procs" {
			return ignoreGone(err)
		}
		listed, err := os.ReadFile(path) //nolint:gosec // G304: below the group's folder
		for _, field := range strings.Fields(string(listed)) {
			if id, err := strconv.Atoi(field); err == nil && id > 0 {
				ids = append(ids, id)
			}
		}
		return ignoreGone(err)
	})
	if err != nil {
		return nil, fmt.Errorf("list the processes of a host: %w", err)
	}
	return ids, nil
}

// ignoreGone: groups disappear while they are looked at.
func ignoreGone(err error) error {
	if errors.Is(err, os.ErrNotExist) || errors.Is(err, unix.ENODEV) {
		return nil
	}
	return err
}

// kill ends every process in the group, and waits until none is left.
func (g cgroup) kill() error {
	for deadline := time.Now().Add(killTime); ; {
		ids, err := g.processes()
		if err != nil || len(ids) == 0 {
			return err
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("processes %v are still there %s after they were killed", ids, killTime)
		}
		for _, id := range ids {
			if err := unix.Kill(id, unix.SIGKILL); err != nil && !errors.Is(err, unix.ESRCH) {
				return fmt.Errorf("kill process %d: %w", id, err)
			}
		}
		<-time.After(5 * time.Millisecond)
	}
}

// remove removes the group and those below it. They hold no process any more.
func (g cgroup) remove() error {
	var folders []string
	err := filepath.WalkDir(string(g), func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.IsDir() {
			folders = append(folders, path)
		}
		return ignoreGone(err)
	})
	if err != nil {
		return fmt.Errorf("list control groups: %w", err)
	}
	for _, folder := range slices.Backward(folders) { // innermost first
		if err := removeEmptied(folder); err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("remove a control group: %w", err)
		}
	}
	return nil
}

// removeEmptied removes a group without processes. The kernel calls it busy for
// a moment longer than it lists its last one: until that has wholly exited.
func removeEmptied(folder string) error {
	for deadline := time.Now().Add(killTime); ; {
		err := os.Remove(folder)
		if !errors.Is(err, unix.EBUSY) || time.Now().After(deadline) {
			return err
		}
		<-time.After(5 * time.Millisecond)
	}
}
