package engine_test

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
	"github.com/beamcluster/terraform-provider-beam/internal/management"
	"github.com/beamcluster/terraform-provider-beam/internal/simulator"
)

// answering lets the hosts of a life answer one of its processes: all that are
// up are well.
type answering struct {
	process *process
	spec    cluster.Spec
}

// firstBoot is how long a host needs after it is active until it answers.
const firstBoot = 20 * time.Second

// Run implements engine.Channel.
func (a answering) Run(ctx context.Context, address string, port int, command string, stdin io.Reader) ([]byte, error) {
	p, key := a.process, fmt.Sprint(a.process.number, " tell ", address, command)
	p.life.turns.wait(key)
	if err := p.beginTelling(); err != nil {
		return nil, err
	}
	hosts := p.life.hosts()
	i := slices.IndexFunc(hosts, func(o simulator.Object) bool { return detail(o, "public") == address })
	if i < 0 || hosts[i].Status != "active" || time.Since(hosts[i].CreatedAt) < p.life.fleet.boots || !p.life.fleet.answersAt(dropletID(hosts[i]), port) {
		select {
		case <-ctx.Done():
		case <-time.After(dialTime):
		}
		return nil, fmt.Errorf("SSH to %s: %w", address, management.ErrUnreachable)
	}
	lost := p.life.line.cut()
	if lost == cutBefore {
		return nil, fmt.Errorf("SSH to %s: %w", address, management.ErrLost)
	}
	stdin, err := p.life.safety.beforeTelling(p, dropletID(hosts[i]), command, stdin)
	if err != nil {
		return nil, err
	}
	answer, err := p.life.fleet.run(ctx, dropletID(hosts[i]), command, stdin, nodeName(a.spec))
	p.life.turns.wait("answer " + key)
	if p.ends(true) {
		return nil, errDead
	}
	p.life.safety.afterTelling(p, command)
	if ctx.Err() != nil { // the host goes on, and nobody hears how it ends
		return nil, fmt.Errorf("SSH to %s: %w", address, context.Cause(ctx))
	}
	if lost == cutAfter {
		return nil, fmt.Errorf("SSH to %s: %w", address, management.ErrLost)
	}
	return answer, err
}

// beginTelling counts a command as a call, with all that may befall one.
func (p *process) beginTelling() error {
	p.calls++
	if happens := p.at[p.calls]; happens != nil && !p.dead {
		happens()
	}
	if p.ends(false) {
		return errDead
	}
	return nil
}

// line is the connection to hosts.
type line struct {
	random *rand.Rand
	rate   float64 // of the commands that are cut off
}

// When a command is cut off.
const (
	cutNever = iota
	cutBefore
	cutAfter
)

func (l *line) cut() int {
	if l.rate == 0 || l.random.Float64() >= l.rate {
		return cutNever
	}
	return cutBefore + l.random.IntN(2)
}

// hosts are the droplets that were made for the cluster.
func (l *life) hosts() []simulator.Object {
	return slices.DeleteFunc(l.sim.Inventory().Of("droplet"), func(o simulator.Object) bool { return l.safety.roleOf(o) == "" })
}

// detail reads one of an object's details: the word that follows the key.
func detail(o simulator.Object, key string) string {
	for _, text := range o.Details {
		if value, found := strings.CutPrefix(text, key+" "); found {
			return value
		}
	}
	return ""
}

func dropletID(o simulator.Object) int {
	id, _ := strconv.Atoi(o.ID) // the ids of droplets are numbers
	return id
}
