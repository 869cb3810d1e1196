package engine_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"text/tabwriter"
)

// outcome is how an operation ended in which something went wrong.
type outcome int

const (
	succeeded outcome = iota
	gaveUp            // with an error or a refusal that says why
)

// figures count how operations ended, by what went wrong.
type figures struct {
	mu     sync.Mutex
	byKind map[string]*[6]int
}

// note adds a trial.
func (f *figures) note(kind string, l *ledger, end outcome) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.byKind == nil {
		f.byKind = map[string]*[6]int{}
	}
	if f.byKind[kind] == nil {
		f.byKind[kind] = &[6]int{}
	}
	row := f.byKind[kind]
	row[0]++
	row[1+int(end)]++
	bad := map[string]int{}
	for _, v := range l.found() {
		bad[v.kind] = 1
	}
	row[3] += bad[leaked]
	row[4] += bad[doubled]
	row[5] += bad[foreign]
}

// table writes the figures, a line a kind.
func (f *figures) table() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var text strings.Builder
	w := tabwriter.NewWriter(&text, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "kind\ttried\tsucceeded\trefused\tleaked\tdoubled\tforeign\t")
	var sum [6]int
	for _, kind := range slices.Sorted(maps.Keys(f.byKind)) {
		fmt.Fprintf(w, "%s\t%s\n", kind, cells(*f.byKind[kind]))
		for i, n := range f.byKind[kind] {
			sum[i] += n
		}
	}
	fmt.Fprintf(w, "all\t%s\n", cells(sum))
	_ = w.Flush() // into memory
	return text.String()
}

func cells(row [6]int) string {
	text := ""
	for _, n := range row {
		text += fmt.Sprintf("%d\t", n)
	}
	return text
}
