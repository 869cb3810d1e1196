package main

import (
	"fmt"
	"io"
	"net/http"
	"sync"
	"text/tabwriter"

	"github.com/beamcluster/terraform-provider-beam/internal/simulator"
)

// lockedWriter keeps lines whole that several goroutines print.
type lockedWriter struct {
	mu  sync.Mutex
	out io.Writer
}

func (w *lockedWriter) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.out.Write(p)
}

func (d *demo) printf(format string, args ...any) { fmt.Fprintf(d.out, format, args...) }

func (d *demo) title(text string) { d.printf("\n=== %s\n", text) }

func (d *demo) table(fill func(*tabwriter.Writer)) {
	w := tabwriter.NewWriter(d.out, 0, 0, 2, ' ', 0)
	fill(w)
	_ = w.Flush() // to the terminal
}

// printWrite shows each call that changes the account, as it happens.
func (d *demo) printWrite(r simulator.Request) {
	if r.Method != http.MethodGet {
		d.printf("  %s  %-6s %s  %d\n", r.Time.Format("15:04:05"), r.Method, r.Path, r.Status)
	}
}
