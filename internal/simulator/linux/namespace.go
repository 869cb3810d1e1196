//go:build linux

package linux

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"golang.org/x/sys/unix"
)

// namespaceFolder is where iproute2 keeps network namespaces by name.
const namespaceFolder = "/run/netns"

// namespace is a network namespace, by its name.
type namespace string

func (n namespace) path() string { return filepath.Join(namespaceFolder, string(n)) }

// make makes the namespace. One that exists must not be made again.
func (n namespace) make(run runner) error {
	_, err := run("", "ip", "netns", "add", string(n))
	return err
}

// remove removes the namespace. Its links go with it once the last process in
// it has ended. One that is gone is no error.
func (n namespace) remove(run runner) error {
	if _, err := os.Stat(n.path()); errors.Is(err, os.ErrNotExist) {
		return nil
	}
	_, err := run("", "ip", "netns", "delete", string(n))
	return err
}

// ip runs several commands of iproute2, one a line.
func (n namespace) ip(run runner, commands string) error {
	_, err := run(commands, "ip", "-n", string(n), "-batch", "-")
	return err
}

// nft loads rules of nftables.
func (n namespace) nft(run runner, rules string) error {
	_, err := run(rules, "nsenter", n.entering("nft", []string{"-f", "-"})...)
	return err
}

// entering is what nsenter has to be told to run a program in the namespace.
func (n namespace) entering(name string, args []string) []string {
	return append([]string{"--net=" + n.path(), "--", name}, args...)
}

// exec runs a program of this machine in the namespace.
func (n namespace) exec(ctx context.Context, name string, args ...string) (string, error) {
	output, err := runToEnd(ctx, lookTime, func(*exec.Cmd) {}, "nsenter", n.entering(name, args)...)
	if err != nil {
		return output, fmt.Errorf("%s in the network %s: %w", name, n, err)
	}
	return output, nil
}

// within calls do on a thread that is in the namespace. What do opens stays
// there, and so do the programs that it starts. What do starts as goroutines
// does not run in the namespace.
func (n namespace) within(do func() error) error {
	runtime.LockOSThread()
	home, err := os.Open("/proc/thread-self/ns/net")
	if err != nil {
		runtime.UnlockOSThread()
		return fmt.Errorf("open the present network namespace: %w", err)
	}
	defer home.Close()
	there, err := os.Open(n.path())
	if err != nil {
		runtime.UnlockOSThread()
		return fmt.Errorf("open a network namespace: %w", err)
	}
	defer there.Close()
	if err := unix.Setns(int(there.Fd()), unix.CLONE_NEWNET); err != nil {
		runtime.UnlockOSThread()
		return fmt.Errorf("enter the network namespace %s: %w", n, err)
	}
	done := do()
	if err := unix.Setns(int(home.Fd()), unix.CLONE_NEWNET); err != nil {
		// The thread stays locked, so it ends with this goroutine and
		// nobody else runs on it.
		return errors.Join(done, fmt.Errorf("leave the network namespace %s: %w", n, err))
	}
	runtime.UnlockOSThread()
	return done
}

// sysctl sets a kernel parameter of the namespace, such as net/ipv4/ip_forward.
func (n namespace) sysctl(name, value string) error {
	return n.within(func() error {
		return os.WriteFile(filepath.Join("/proc/sys", name), []byte(value), 0)
	})
}

// namespaces lists those whose names begin with a prefix.
func namespaces(prefix string) ([]namespace, error) {
	entries, err := os.ReadDir(namespaceFolder)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("list network namespaces: %w", err)
	}
	var found []namespace
	for _, entry := range entries {
		if strings.HasPrefix(entry.Name(), prefix) {
			found = append(found, namespace(entry.Name()))
		}
	}
	return found, nil
}
