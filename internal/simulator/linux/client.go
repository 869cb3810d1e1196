//go:build linux

package linux

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"slices"
	"strconv"
)

// Client is a computer on the internet of the simulated account: what a person
// in front of it would see of the droplets.
type Client struct {
	namespace namespace
	addresses []netip.Addr
}

// Client returns the client.
func (h *Hosts) Client() Client { return h.client }

// Namespace is the name that ip netns has for the client.
func (c Client) Namespace() string { return string(c.namespace) }

// Addresses are the client's own. It speaks from the first one, unless told
// otherwise.
func (c Client) Addresses() []netip.Addr { return slices.Clone(c.addresses) }

// Command is a program that runs at the client as long as it likes, not started
// yet.
func (c Client) Command(ctx context.Context, name string, args ...string) *exec.Cmd {
	return newCommand(ctx, "nsenter", c.namespace.entering(name, args)...)
}

// Exec runs a program at the client and returns what it printed. It fails when
// the program takes longer than five minutes.
func (c Client) Exec(ctx context.Context, name string, args ...string) (string, error) {
	return c.namespace.exec(ctx, name, args...)
}

// Within calls do on a thread that is at the client: what do opens or starts
// has the client's network. Goroutines that do starts have not.
func (c Client) Within(do func() error) error { return c.namespace.within(do) }

// Dial connects to an address and port, which must be numbers. It has the form
// of net.Dialer.DialContext.
func (c Client) Dial(ctx context.Context, network, address string) (connection net.Conn, err error) {
	if _, err := netip.ParseAddrPort(address); err != nil {
		return nil, fmt.Errorf("dial from the client: %w", err)
	}
	err = c.Within(func() error {
		connection, err = new(net.Dialer).DialContext(ctx, network, address)
		return err
	})
	return connection, err
}

// Listen opens a port at the client, such as 127.0.0.1:0 for programs that run
// there, or one of its own addresses for droplets.
func (c Client) Listen(ctx context.Context, address string) (listener net.Listener, err error) {
	err = c.Within(func() error {
		listener, err = new(net.ListenConfig).Listen(ctx, "tcp4", address)
		return err
	})
	return listener, err
}

// Exec runs a program on a droplet as root and returns what it printed. It fails
// when the droplet is off or has only just been switched on, and when the program
// takes longer than a minute.
func (h *Hosts) Exec(ctx context.Context, dropletID int, name string, args ...string) (string, error) {
	m, err := h.machine(dropletID)
	if err != nil {
		return "", err
	}
	init, err := m.init()
	if err != nil {
		return "", err
	}
	atHome := func(command *exec.Cmd) {
		command.Dir = "/"
		command.Env = []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8", "HOME=/root"}
	}
	output, err := runToEnd(ctx, commandTime, atHome, "nsenter",
		intoHost(init, []string{"--mount", "--uts", "--ipc", "--net", "--cgroup"}, name, args)...)
	if err != nil {
		return output, fmt.Errorf("%s on droplet %d: %w", name, dropletID, err)
	}
	return output, nil
}

// intoHost is what nsenter has to be told to run a program in the namespace of
// processes of a host, whose first process is given, and in others of its
// namespaces.
//
// A shell outside starts the program and waits for it. nsenter would do so too,
// but stops itself when its child is stopped (nsenter(1)), which is what a host
// that shuts down does first to all that runs in it. Then nobody would take the
// child's end, and the host would wait for it as long as systemd lets it. The
// shell has nothing but the program to start: its own commands would meet the
// processes outside.
func intoHost(init int, namespaces []string, name string, args []string) []string {
	entering := append([]string{"--target=" + strconv.Itoa(init), "--pid", "--no-fork"}, namespaces...)
	return append(append(entering, "--", "sh", "-c", `env -- "$@"; exit $?`, "sh", name), args...)
}

// ExecBeside runs a program of this machine in a droplet's network, and returns
// what it printed. It fails when the program takes longer than five minutes.
func (h *Hosts) ExecBeside(ctx context.Context, dropletID int, name string, args ...string) (string, error) {
	m, err := h.machine(dropletID)
	if err != nil {
		return "", err
	}
	return m.namespace.exec(ctx, name, args...)
}

// Console is what a droplet printed on its console, over all its boots.
func (h *Hosts) Console(dropletID int) (string, error) {
	m, err := h.machine(dropletID)
	if err != nil {
		return "", err
	}
	text, err := os.ReadFile(m.disk.console())
	return string(text), err
}
