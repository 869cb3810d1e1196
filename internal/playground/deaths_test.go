package playground_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sync/errgroup"

	"github.com/beamcluster/terraform-provider-beam/internal/testtool"
)

var (
	deathSeed = flag.Uint64("deaths.seed", 1, "seed of the moments of TestAccRealDeaths; 0 draws one")
	deathsOf  = flag.Int("deaths.each", 0, "how often each strike befalls each operation in TestAccRealDeaths; with 0 a part of them do, once")
)

// livesAtOnce is how many folders Terraform runs in at once: mostly it waits.
const livesAtOnce = 12

// operation is an apply that may be struck, from one configuration to another.
type operation struct {
	name   string
	after  string // the operation that it goes on from; empty for none
	config string
}

// Each operation goes on from what the one before it left. A change of the
// number of nodes replaces the load balancer, too.
var operations = []operation{
	{"create", "", configuration(2, "")},
	{"scale up", "create", configuration(3, "")},
	{"scale down", "create", configuration(1, "")},
	{"destroy", "create", requirement},
	{"create a node", "create", configuration(2, worker("mail"))},
	{"replace a node", "create a node", configuration(2, worker("print"))},
	{"destroy a node", "create a node", configuration(2, "")},
}

const requirement = `
terraform {
  required_providers {
    beam = { source = "beamcluster/beam" }
  }
}
`

func configuration(nodes int, more string) string {
	return requirement + fmt.Sprintf(`
resource "beam_cluster" "chat" {
  name          = "chat"
  region        = "nyc3"
  cookie        = "monster"
  node_pools    = { us = { count = %d } }
  load_balancer = {}
  database      = {}
}

output "nodes" {
  value = keys(beam_cluster.chat.nodes)
}
`, nodes) + more
}

func worker(queue string) string {
	return fmt.Sprintf(`
resource "beam_node" "worker" {
  name        = "chat-worker"
  cluster     = beam_cluster.chat.name
  cookie      = "monster"
  peers       = beam_cluster.chat.node_names
  region      = "nyc3"
  environment = { QUEUE = %q }
}
`, queue)
}

// deaths is one run of the test.
type deaths struct {
	*testing.T
	cli, provider string
	folders       string        // of lives
	lives         chan struct{} // of lives at once

	mu    sync.Mutex
	ended map[string]int // how struck operations came to their end
}

// Wherever the provider or Terraform dies, the next apply finishes or refuses by
// name, nothing is doubled or unknown to the state, and a destroy leaves nothing.
func TestAccRealDeaths(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		testtool.Skip(t, "needs Linux's /proc to find the provider's process")
	}
	d := &deaths{T: t, cli: testtool.Terraform(t), provider: built(t), folders: t.TempDir(), lives: make(chan struct{}, livesAtOnce), ended: map[string]int{}}
	seed := *deathSeed
	if seed == 0 {
		seed = rand.Uint64()
	}
	t.Logf("the moments follow from -deaths.seed=%d", seed)
	var all errgroup.Group
	d.goOn(&all, "", world{}, seed)
	if err := all.Wait(); err != nil {
		t.Error(err)
	}
	for _, end := range slices.Sorted(maps.Keys(d.ended)) {
		t.Logf("%2d deaths: %s", d.ended[end], end)
	}
}

// goOn runs the operations that follow another one: each undisturbed, to learn
// what it asks and leaves, and then each with every strike.
func (d *deaths) goOn(all *errgroup.Group, after string, w world, seed uint64) {
	for i, op := range operations {
		if op.after != after {
			continue
		}
		random := rand.New(rand.NewPCG(seed, uint64(i)))
		all.Go(func() error {
			whole, err := d.undisturbed(op, w)
			if err != nil {
				return d.failed("%s: %w", op.name, err)
			}
			d.goOn(all, op.name, whole.world, seed)
			for _, blow := range d.strikes(i) {
				at := 1 + random.IntN(whole.requests)
				all.Go(func() error {
					if err := d.struck(op, w, whole, blow, at); err != nil {
						return d.failed("%s, %s at request %d of %d: %w", op.name, blow, at, whole.requests, err)
					}
					return nil
				})
			}
			return nil
		})
	}
}

// strikes are those that befall an operation: by turns one of the five, or all.
func (d *deaths) strikes(operation int) []strike {
	switch {
	case *deathsOf > 0:
		return slices.Repeat(strikes, *deathsOf)
	case testtool.Everything():
		return strikes
	}
	return []strike{strikes[operation%len(strikes)]}
}

// failed reports every failure, where the group keeps the first.
func (d *deaths) failed(format string, args ...any) error {
	err := fmt.Errorf(format, args...)
	d.Error(err)
	return errors.New("there are failures")
}

// outcome is what an undisturbed operation asks and leaves.
type outcome struct {
	world    world
	requests int
	shape    []string
}

// live begins a life, when it is its turn, and ends it after the story. Only a run
// that is struck needs the folder of a provider to start.
func (d *deaths) live(w world, config, provider string, story func(context.Context, *life) error) (err error) {
	d.lives <- struct{}{}
	defer func() { <-d.lives }()
	ctx, cancel := context.WithTimeout(d.Context(), lifeTime)
	defer cancel()
	dir, err := os.MkdirTemp(d.folders, "life-")
	if err != nil {
		return err
	}
	l, err := begin(ctx, d, dir, w, config, provider)
	if err != nil {
		return err
	}
	return errors.Join(story(ctx, l), l.Close())
}

// lifeTime is the most that a life takes, or something hangs.
const lifeTime = 3 * time.Minute

func (d *deaths) undisturbed(op operation, w world) (o outcome, err error) {
	return o, d.live(w, op.config, "", func(ctx context.Context, l *life) error {
		_, o.requests, err = l.disturbed(ctx, "", 0, "apply", "-auto-approve")
		if err != nil {
			return err
		}
		o.shape = l.shape()
		o.world, err = l.world(ctx)
		return err
	})
}

// struck lets the blow fall into the operation, and expects that it can be
// finished and all of it destroyed.
func (d *deaths) struck(op operation, w world, whole outcome, blow strike, at int) error {
	return d.live(w, op.config, d.provider, func(ctx context.Context, l *life) error {
		struck, _, err := l.disturbed(ctx, blow, at, "apply", "-auto-approve")
		if err != nil {
			return err
		}
		if err := l.recover(w.state, blow); err != nil {
			return err
		}
		how, err := d.finish(ctx, op, l, blow)
		if err != nil {
			return fmt.Errorf("%w\nthe apply that was struck said:\n%s", err, struck)
		}
		d.note(how)
		if how == imported && op.name == "create" {
			return errors.Join(l.unconfigure(), l.destroyed(ctx)) // it may lack what cannot be added yet
		}
		shape := l.shape()
		if op.name == "create" { // a database that ran may have been written to
			shape = slices.DeleteFunc(shape, isFinalSnapshot)
		}
		if diff := cmp.Diff(whole.shape, shape); diff != "" {
			return fmt.Errorf("the account without a death (-) and with one (+):\n%s", diff)
		}
		return errors.Join(l.outsideState(), l.toldOfNodes(), l.destroyed(ctx))
	})
}

// How an operation that was struck comes to its end.
const (
	finished = "finished by the next apply"
	cleared  = "cleared away and made anew once the lease was over"
	imported = "refused by name, imported"
)

func (d *deaths) note(how string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.ended[how]++
}

// finish does what a user does next: applies again, waits for a lease to end, or
// imports, as it is told.
func (d *deaths) finish(ctx context.Context, op operation, l *life, blow strike) (string, error) {
	output, err := l.terraform(ctx, "apply", "-auto-approve")
	if err == nil {
		return finished, nil
	}
	if blow.endsWithState() {
		return "", err
	}
	if op.name == "create" && says(output, `Another apply is creating a cluster named "chat"`) {
		if err := l.ageLeases(ctx); err != nil {
			return "", err
		}
		if output, err = l.terraform(ctx, "apply", "-auto-approve"); err == nil {
			return cleared, nil
		}
	}
	switch id := importable(output); {
	case op.name == "create" && id == "chat":
		_, err = l.terraform(ctx, "import", "beam_cluster.chat", id)
	case strings.HasSuffix(op.name, "a node") && id != "":
		_, err = l.terraform(ctx, "import", "beam_node.worker", id)
		if err == nil {
			_, err = l.terraform(ctx, "apply", "-auto-approve")
		}
	}
	return imported, err
}

// importable is what a refusal says is to be imported.
func importable(output string) string {
	_, rest, _ := strings.Cut(flowed(output), "`terraform import <address> ")
	id, _, _ := strings.Cut(rest, "`")
	return id
}

// flowed undoes how Terraform breaks a diagnostic into lines.
func flowed(output string) string {
	return strings.Join(strings.Fields(strings.ReplaceAll(output, "│", " ")), " ")
}

func says(output, words string) bool { return strings.Contains(flowed(output), words) }

// failed says that the command line ran and ended with an error.
func failed(err error) bool {
	var exit *exec.ExitError
	return errors.As(err, &exit)
}
