package engine_test

import (
	"context"
	"fmt"
	"io"
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
func (a answering) Run(ctx context.Context, address string, _ int, command string, stdin io.Reader) ([]byte, error) {
	p := a.process
	p.life.turns.wait(fmt.Sprint(p.number, " tell ", address, command))
	if p.ends(false) {
		return nil, errDead
	}
	hosts := p.life.hosts()
	i := slices.IndexFunc(hosts, func(o simulator.Object) bool { return detail(o, "public") == address })
	if i < 0 || hosts[i].Status != "active" || time.Since(hosts[i].CreatedAt) < p.life.options.BootTime+firstBoot {
		select {
		case <-ctx.Done():
		case <-time.After(dialTime):
		}
		return nil, fmt.Errorf("SSH to %s: %w", address, management.ErrUnreachable)
	}
	return p.life.fleet.run(ctx, dropletID(hosts[i]), command, stdin, nodeName(a.spec))
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
