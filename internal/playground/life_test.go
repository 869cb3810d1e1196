package playground_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/google/go-cmp/cmp"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
	"github.com/beamcluster/terraform-provider-beam/internal/playground"
	"github.com/beamcluster/terraform-provider-beam/internal/simulator"
)

// world is a state and the account that belongs to it.
type world struct {
	state   []byte // nil before the first apply
	account []byte // JSON of a simulator.Dump
}

// life is a folder with a DigitalOcean of its own, in which Terraform runs.
type life struct {
	*playground.Playground
	gate  *gate
	dir   string
	empty []string // what any account has
}

// begin opens a folder in which the world goes on.
func begin(ctx context.Context, d *deaths, dir string, w world, config, provider string) (*life, error) {
	l := &life{dir: dir, gate: &gate{}}
	if err := l.configure(config); err != nil {
		return nil, err
	}
	var err error
	l.Playground, err = playground.Open(ctx, playground.Options{
		CLI: d.cli, Provider: provider, Test: d.T, Dir: dir,
		Wrap: func(next http.Handler) http.Handler {
			l.gate.next = next
			return l.gate
		},
	})
	if err != nil {
		return nil, err
	}
	l.empty = l.shape()
	if w.state == nil {
		return l, nil
	}
	var dump simulator.Dump
	if err := json.Unmarshal(w.account, &dump); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return l, errors.Join(l.Simulator.Restore(dump), os.WriteFile(l.stateFile(), w.state, 0o600))
}

func (l *life) configure(config string) error {
	return os.WriteFile(filepath.Join(l.dir, "main.tf"), []byte(config), 0o600)
}

// unconfigure takes every resource out of the configuration, and what the
// playground lays over it.
func (l *life) unconfigure() error {
	return errors.Join(l.configure(requirement), os.RemoveAll(filepath.Join(l.dir, "records_override.tf.json")))
}

func (l *life) stateFile() string { return filepath.Join(l.dir, "terraform.tfstate") }

// world is how things are now.
func (l *life) world(ctx context.Context) (world, error) {
	state, err := os.ReadFile(l.stateFile())
	if err != nil {
		return world{}, err
	}
	dump, err := l.Dump(ctx)
	if err != nil {
		return world{}, err
	}
	account, err := json.Marshal(dump)
	return world{state, account}, err
}

// terraform runs the command line, undisturbed, and returns what it says.
func (l *life) terraform(ctx context.Context, args ...string) (string, error) {
	output, _, err := l.disturbed(ctx, "", 0, args...)
	return output, err
}

// disturbed runs the command line and lets the blow fall at a request. It also
// returns how many requests there were. With a blow, the run may well fail, and
// the provider is a process of its own.
func (l *life) disturbed(ctx context.Context, blow strike, at int, args ...string) (string, int, error) {
	run := l.Command
	if blow != "" {
		run = l.Starting
	}
	v := newVictim(run(ctx, slices.Concat(args[:1], []string{"-no-color", "-input=false"}, args[1:])...))
	l.gate.watch(v, blow, at)
	output, err := v.run(ctx)
	requests, missed := l.gate.result()
	switch {
	case missed != nil:
		return output, requests, fmt.Errorf("%w\n%s", missed, output)
	case err != nil && (blow == "" || !failed(err)):
		return output, requests, fmt.Errorf("terraform %s: %w\n%s", strings.Join(args, " "), err, output)
	}
	return output, requests, nil
}

// drawn are the parts of names that are drawn by lot or follow from what is.
var drawn = regexp.MustCompile(`(:id:|:told:|-final-|^reserved_ip )[a-z0-9.-]+`)

// shape is what the account holds, by kinds and names; each thing as often as it
// is there.
func (l *life) shape() []string {
	var lines []string
	told := map[string]bool{}
	for _, o := range l.Simulator.Inventory() {
		line := drawn.ReplaceAllString(o.Kind+" "+o.Name, "$1*")
		if strings.Contains(line, ":told:") && told[line] {
			continue // of each host one, unless two were told the same
		}
		told[line] = true
		lines = append(lines, line)
	}
	slices.Sort(lines)
	return lines
}

// recover gives Terraform its last state back, as from a backup, where it ended
// in the middle of writing the next one: it does not write beside the old one.
func (l *life) recover(last []byte, blow strike) error {
	state, err := os.ReadFile(l.stateFile())
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if last == nil || !blow.tearsState() || json.Valid(state) {
		return nil
	}
	return os.WriteFile(l.stateFile(), last, 0o600)
}

// outsideState lists what the cluster consists of and the state does not know.
func (l *life) outsideState() error {
	state, err := os.ReadFile(l.stateFile())
	if err != nil {
		return err
	}
	var unknown []error
	for _, o := range l.Simulator.Inventory() {
		paid := slices.Contains([]string{"droplet", "volume", "reserved_ip", "firewall", "vpc", "vpc_peering"}, o.Kind)
		if paid && !slices.Contains(o.Details, "default of its region") && !strings.Contains(string(state), o.ID) {
			unknown = append(unknown, fmt.Errorf("the state does not know the %s %s (%s)", o.Kind, o.Name, o.ID))
		}
	}
	return errors.Join(unknown...)
}

// toldOfNodes compares the output, which others go by, with what is there.
func (l *life) toldOfNodes() error {
	content, err := os.ReadFile(l.stateFile())
	if err != nil {
		return err
	}
	var state struct {
		Outputs struct{ Nodes struct{ Value []string } }
	}
	if err := json.Unmarshal(content, &state); err != nil {
		return err
	}
	var names []string
	for _, o := range l.Simulator.Inventory().Of("droplet") {
		if slices.Contains(o.Tags, cluster.PoolTag("chat", "us")) {
			names = append(names, o.Name)
		}
	}
	slices.Sort(names)
	if diff := cmp.Diff(names, state.Outputs.Nodes.Value); diff != "" {
		return fmt.Errorf("the nodes (-) and the output that names them (+):\n%s", diff)
	}
	return nil
}

// destroyed destroys everything and expects that nothing is left but what was
// kept before of databases that are gone, and the data of the one that is there.
func (l *life) destroyed(ctx context.Context) error {
	before := l.shape()
	most := len(finalSnapshots(before))
	if slices.Contains(before, "droplet chat-database") {
		most++
	}
	if output, err := l.terraform(ctx, "destroy", "-auto-approve"); err != nil {
		return fmt.Errorf("%w\n%s", err, output)
	}
	left := l.shape()
	if kept := len(finalSnapshots(left)); kept > most {
		return fmt.Errorf("a destroy left %d last snapshots of databases, expected at most %d", kept, most)
	}
	if diff := cmp.Diff(l.empty, slices.DeleteFunc(left, isFinalSnapshot)); diff != "" {
		return fmt.Errorf("the account before the cluster (-) and after the destroy (+):\n%s", diff)
	}
	return nil
}

func finalSnapshots(shape []string) []string {
	return slices.DeleteFunc(slices.Clone(shape), func(line string) bool { return !isFinalSnapshot(line) })
}

func isFinalSnapshot(line string) bool { return line == "snapshot chat-database-final-*" }

// ageLeases makes the cluster's leases look as old as those of a create that
// died long ago.
func (l *life) ageLeases(ctx context.Context) error {
	for _, tag := range l.Simulator.Inventory().Of("tag") {
		lease, at, found := cutLast(tag.Name, ":")
		if !found || !strings.HasPrefix(tag.Name, cluster.ClusterTag("chat")+":lease:") {
			continue
		}
		var millis int64
		if _, err := fmt.Sscan(at, &millis); err != nil {
			return err
		}
		aged := fmt.Sprintf("%s:%d", lease, millis-2*cluster.LeaseTerm.Milliseconds())
		if err := errors.Join(
			l.Call(ctx, http.MethodDelete, "/v2/tags/"+tag.Name, nil, nil),
			l.Call(ctx, http.MethodPost, "/v2/tags", map[string]string{"name": aged}, nil),
		); err != nil {
			return err
		}
	}
	return nil
}

func cutLast(s, sep string) (before, after string, found bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}
