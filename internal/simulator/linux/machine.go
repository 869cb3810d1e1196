//go:build linux

package linux

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/sys/unix"

	"github.com/beamcluster/terraform-provider-beam/internal/simulator"
)

// rebootStatus is how systemd-nspawn says that its host wants to start anew
// (EXIT_FORCE_RESTART, src/shared/exit-status.h of systemd).
const rebootStatus = 133

// machine is one host. It is on as long as it has a process.
type machine struct {
	host      simulator.Host
	disk      disk
	namespace namespace
	fabric    namespace
	groups    []cgroup // in each hierarchy; the first holds the processes
	run       runner
	log       *slog.Logger

	mu      sync.Mutex
	process *os.Process   // systemd-nspawn's; nil when the host is off
	ended   chan struct{} // closed when the host has gone off
	killed  bool          // the host goes off, whatever it wishes
}

// start switches the host on, if it is off.
func (m *machine) start() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.process != nil {
		return nil
	}
	command, err := m.boot()
	if err != nil {
		return err
	}
	m.killed, m.ended = false, make(chan struct{})
	go m.supervise(command, m.ended)
	return nil
}

// boot lays the host's links and starts its first process. Where one of them
// fails, nothing of it stays.
func (m *machine) boot() (*exec.Cmd, error) {
	err := m.wire()
	var command *exec.Cmd
	if err == nil {
		command, err = m.spawn()
	}
	if err != nil {
		return nil, errors.Join(err, m.unwire(), m.ungroup())
	}
	m.process = command.Process
	return command, nil
}

// wire lays the host's links. The network namespace is new for each boot, so
// that nothing in it outlives one.
func (m *machine) wire() error {
	if err := m.namespace.make(m.run); err != nil {
		return err
	}
	if err := m.fabric.ip(m.run, wires(m.host, string(m.namespace))); err != nil {
		return err
	}
	return m.namespace.ip(m.run, addresses(m.host))
}

// spawn starts systemd-nspawn in the host's control group.
func (m *machine) spawn() (*exec.Cmd, error) {
	if err := os.MkdirAll(string(m.groups[0]), 0o755); err != nil { //nolint:gosec // G301: the kernel's default
		return nil, fmt.Errorf("make a control group: %w", err)
	}
	group, err := os.Open(string(m.groups[0]))
	if err != nil {
		return nil, fmt.Errorf("open a control group: %w", err)
	}
	defer group.Close()
	console, err := os.OpenFile(m.disk.console(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open a host's console: %w", err)
	}
	defer console.Close()
	command := exec.Command("systemd-nspawn", m.arguments()...) //nolint:gosec,noctx // the host outlives every request
	// systemd 256 and later wants the unified hierarchy.
	command.Env = append(os.Environ(), "SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1")
	command.Stdout, command.Stderr = console, console
	command.SysProcAttr = &unix.SysProcAttr{UseCgroupFD: true, CgroupFD: int(group.Fd())}
	if err := command.Start(); err != nil {
		return nil, fmt.Errorf("start systemd-nspawn: %w", err)
	}
	return command, nil
}

func (m *machine) arguments() []string {
	return []string{
		"--quiet", "--boot", "--register=no", "--keep-unit", "--link-journal=no", "--console=pipe",
		"--machine=" + string(m.namespace), "--hostname=" + m.host.Name, "--directory=" + m.disk.root(), "--uuid=" + machineID(m.host),
		"--network-namespace-path=" + m.namespace.path(), "--capability=CAP_NET_ADMIN",
		"--resolv-conf=off", "--timezone=off",
		"--bind=" + m.disk.devices() + ":/dev/disk",
	}
}

// supervise waits for the host's end, and boots it again when that is what the
// host ended for.
func (m *machine) supervise(command *exec.Cmd, ended chan struct{}) {
	defer close(ended)
	for {
		err := command.Wait()
		m.mu.Lock()
		m.process = nil
		if err := m.unwire(); err != nil {
			m.log.Error("take a host's links down", "host", m.host.Name, "error", err)
		}
		var status *exec.ExitError
		reboots := errors.As(err, &status) && status.ExitCode() == rebootStatus && !m.killed
		if reboots {
			command, err = m.boot()
		}
		killed := m.killed
		m.mu.Unlock()
		if err != nil && !killed {
			m.log.Error("a host has ended", "host", m.host.Name, "error", err)
		}
		if !reboots || err != nil {
			return
		}
	}
}

// unwire removes the host's links and its network namespace.
func (m *machine) unwire() error {
	return errors.Join(m.unplug(), m.namespace.remove(m.run))
}

// unplug removes the host's links. Those that are gone are no error.
func (m *machine) unplug() error {
	var errs []error
	for _, link := range []string{publicLink(m.host.DropletID), privateLink(m.host.DropletID)} {
		if _, err := m.run("", "ip", "-n", string(m.fabric), "link", "delete", link); err != nil && !strings.Contains(err.Error(), "Cannot find device") {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// condemn says that the host's end is wanted. It returns what is closed then;
// nil if the host was never switched on.
func (m *machine) condemn() (ended chan struct{}) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.killed = true
	return m.ended
}

// kill switches the host off as pulling its plug would, and waits until it is.
// Nobody whom it is connected with learns of its end.
func (m *machine) kill() error {
	ended := m.condemn()
	if ended == nil {
		return nil // never switched on
	}
	if err := errors.Join(m.unplug(), m.groups[0].kill()); err != nil {
		return err
	}
	<-ended
	return m.ungroup()
}

// ungroup removes the host's control groups, which hold no process any more.
func (m *machine) ungroup() error {
	var errs []error
	for _, group := range m.groups {
		errs = append(errs, group.remove())
	}
	return errors.Join(errs...)
}

// destroy removes the host and everything on its disk.
func (m *machine) destroy() error {
	if err := m.kill(); err != nil {
		return err
	}
	return m.disk.remove()
}

// signal sends a signal to the host's init; see "Signals" in systemd(1). A
// host that is off gets none.
func (m *machine) signal(signal unix.Signal) error {
	init, err := m.init()
	if err != nil {
		return err
	}
	if err := unix.Kill(init, signal); err != nil {
		return fmt.Errorf("signal the host %s: %w", m.host.Name, err)
	}
	return nil
}

// init is the id of the host's first process, as this machine counts them.
func (m *machine) init() (int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.process == nil {
		return 0, fmt.Errorf("the host %s is off", m.host.Name)
	}
	id := strconv.Itoa(m.process.Pid)
	children, err := os.ReadFile(filepath.Join("/proc", id, "task", id, "children")) //nolint:gosec // G304: below /proc
	if err != nil {
		return 0, fmt.Errorf("look for the first process of the host %s: %w", m.host.Name, err)
	}
	for _, child := range strings.Fields(string(children)) {
		status, err := os.ReadFile(filepath.Join("/proc", child, "status")) //nolint:gosec // G304: below /proc
		if err == nil && isInit(string(status)) {
			return strconv.Atoi(child)
		}
	}
	return 0, fmt.Errorf("the host %s has not begun to boot", m.host.Name)
}

// isInit tells from a process's status whether it is the first one of a
// namespace of processes below this one.
func isInit(status string) bool {
	for line := range strings.Lines(status) {
		if ids, ok := strings.CutPrefix(line, "NSpid:"); ok {
			fields := strings.Fields(ids)
			return len(fields) > 1 && fields[len(fields)-1] == "1"
		}
	}
	return false
}

func (m *machine) running() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.process != nil
}
