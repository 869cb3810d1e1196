package program_test

import (
	"context"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"testing"

	"github.com/beamcluster/terraform-provider-beam/internal/program"
)

// TestAProgramRunsAtOnce writes and runs programs while others are started
// without a pause.
func TestAProgramRunsAtOnce(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	others, stop := context.WithCancel(t.Context())
	var beside sync.WaitGroup
	for range 2 {
		beside.Go(func() {
			for others.Err() == nil {
				_ = exec.CommandContext(others, "true").Run() // is ended amid its start
			}
		})
	}
	for i := range 100 {
		path := filepath.Join(folder, strconv.Itoa(i))
		if err := program.Write(path, "#!/bin/sh\n"); err != nil {
			t.Fatal(err)
		}
		if out, err := exec.CommandContext(t.Context(), path).CombinedOutput(); err != nil {
			t.Errorf("%v\n%s", err, out)
		}
	}
	stop()
	beside.Wait()
}
