package playground_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// process is one that a test started, or that was started by such a one. Its
// start tells it from a later one of its number.
type process struct {
	pid   int
	start string
}

// children are the processes that the process with the number has started.
func children(pid int) ([]process, error) {
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return nil, err
	}
	var found []process
	for _, path := range stats {
		number, err := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		if err != nil {
			return nil, err
		}
		if fields := stat(number); len(fields) > startField && fields[parentField] == strconv.Itoa(pid) {
			found = append(found, process{pid: number, start: fields[startField]})
		}
	}
	return found, nil
}

// Fields of /proc/<pid>/stat (proc(5)) after the name of the program.
const (
	stateField  = 0
	parentField = 1
	startField  = 19
)

// stat returns the fields after the name; none when there is no such process.
func stat(pid int) []string {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return nil
	}
	return strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
}

// alive says that the process runs; one that waits for its parent to take note
// of its end does not.
func (p process) alive() bool {
	fields := stat(p.pid)
	return len(fields) > startField && fields[startField] == p.start && fields[stateField] != "Z" && fields[stateField] != "X"
}

// kill ends the process at once.
func (p process) kill() error {
	if !p.alive() {
		return nil
	}
	running, err := os.FindProcess(p.pid)
	if err != nil {
		return err
	}
	return running.Kill()
}

// awaitEnd waits until none of the processes runs. Those that still do when the
// context ends are killed, and are an error.
func awaitEnd(ctx context.Context, processes []process) error {
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for _, p := range processes {
		for p.alive() {
			select {
			case <-tick.C:
			case <-ctx.Done():
				return errors.Join(fmt.Errorf("the provider, process %d, does not end by itself", p.pid), p.kill())
			}
		}
	}
	return nil
}
