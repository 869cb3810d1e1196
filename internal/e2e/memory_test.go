//go:build linux

package e2e_test

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// providerMemory is the most that the provider may have resident, in KiB.
const providerMemory = 100 << 10

// peakMemory is the most that a provider had resident while run ran, in KiB.
// Terraform starts and ends providers as it likes, so they are looked for.
func (s *suite) peakMemory(t *testing.T, run func()) int {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	var watching sync.WaitGroup
	peak := 0
	watching.Go(func() {
		for tick := time.Tick(100 * time.Millisecond); ctx.Err() == nil; <-tick {
			peak = max(peak, residentMemory(filepath.Join(s.provider, "provider")))
		}
	})
	run()
	stop()
	watching.Wait()
	return peak
}

// residentMemory is the highest peak (proc(5), VmHWM) of the processes that run
// a program, in KiB.
func residentMemory(program string) int {
	links, _ := filepath.Glob("/proc/[0-9]*/exe") // the pattern is well-formed
	peak := 0
	for _, link := range links {
		if target, err := os.Readlink(link); err != nil || target != program {
			continue
		}
		status, _ := os.ReadFile(filepath.Join(filepath.Dir(link), "status")) // a process may have ended
		for line := range strings.Lines(string(status)) {
			if value, found := strings.CutPrefix(line, "VmHWM:"); found {
				kib, _ := strconv.Atoi(strings.TrimSuffix(strings.TrimSpace(value), " kB")) // as the kernel writes it
				peak = max(peak, kib)
			}
		}
	}
	return peak
}
