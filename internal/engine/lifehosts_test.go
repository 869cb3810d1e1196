package engine_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
	"github.com/beamcluster/terraform-provider-beam/internal/cookie"
	"github.com/beamcluster/terraform-provider-beam/internal/health"
	"github.com/beamcluster/terraform-provider-beam/internal/hostconfig"
	"github.com/beamcluster/terraform-provider-beam/internal/management"
	"github.com/beamcluster/terraform-provider-beam/internal/simulator"
)

// answering lets the hosts of a life answer one of its processes: all that are
// up are well.
type answering struct {
	process *process
	spec    cluster.Spec
	secrets cluster.Secrets
}

// firstBoot is how long a host needs after it is active until it answers.
const firstBoot = 20 * time.Second

// Run implements engine.Channel.
func (a answering) Run(ctx context.Context, address string, _ int, command string, _ io.Reader) ([]byte, error) {
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
	if command != hostconfig.CommandAwait(5) {
		return nil, nil
	}
	return json.Marshal(a.report(hosts[i], hosts))
}

func (a answering) report(host simulator.Object, hosts []simulator.Object) health.Report {
	role := a.process.life.safety.roleOf(host)
	r := health.Report{
		Version: 1, Role: role, Boot: health.BootReport{Status: health.BootDone},
		Service: health.ServiceReport{Unit: "beam.service", State: "active"},
	}
	var nodes, servers = []string{}, []health.ServerReport{}
	for _, other := range hosts {
		if other.Status == "active" && a.process.life.safety.roleOf(other) == cluster.RoleNode {
			nodes = append(nodes, a.nodeName(other))
			servers = append(servers, health.ServerReport{Name: other.Name, Up: true})
		}
	}
	switch role {
	case cluster.RoleDatabase:
		r.Postgres = &health.PostgresReport{Mounted: true, Ready: true}
	case cluster.RoleNode:
		fingerprint := cookie.Fingerprint(a.spec.EffectiveCookie(cluster.Memory{Secrets: a.secrets}))
		r.Node = &health.NodeReport{Name: a.nodeName(host), Started: true, CookieFingerprint: fingerprint, Nodes: nodes}
		r.Database = &health.LoginReport{OK: true}
	case cluster.RoleLoadBalancer:
		r.Servers = servers
	}
	return r
}

func (a answering) nodeName(o simulator.Object) string {
	address := detail(o, "private")
	if !a.spec.Private() {
		address = detail(o, "public")
	}
	return a.spec.Distribution.Basename + "@" + address
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
