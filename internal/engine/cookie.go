package engine

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/terraform-plugin-log/tflog"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
	"github.com/beamcluster/terraform-provider-beam/internal/cookie"
	"github.com/beamcluster/terraform-provider-beam/internal/digitalocean"
	"github.com/beamcluster/terraform-provider-beam/internal/health"
	"github.com/beamcluster/terraform-provider-beam/internal/hostconfig"
	"github.com/beamcluster/terraform-provider-beam/internal/plan"
)

// rotation is a change of the cookie on all nodes, without one that loses another:
// each is given the new cookie, then one has all that it is connected with use it
// at once, and then each makes it its own. All of it can be done again.
type rotation struct {
	contact     contact
	nodes       []rotating
	follows     bool     // others have the new cookie already
	known       []string // names of nodes that are the cluster's or a beam_node's
	value       string   // the new cookie
	fingerprint string
	begun       func(context.Context) error // is called before the first node is given it
}

// rotating is a node that gets another cookie.
type rotating struct {
	droplet cluster.Droplet
	name    string // of the host
}

// rotateCookie changes the cookie on all nodes.
func (r *run) rotateCookie(a plan.RotateCookie) (work, error) {
	value := r.spec.EffectiveCookie(*r.mem)
	t := rotation{contact: r.contact(), follows: a.Follows, value: value, fingerprint: cookie.Fingerprint(value)}
	for _, d := range plan.Rotating(r.input()) {
		t.nodes = append(t.nodes, rotating{droplet: d, name: d.Name})
	}
	for _, d := range r.obs.Droplets {
		t.known = append(t.known, r.spec.NodeName(*r.mem, d))
	}
	wanted, name := r.spec.NodeHost(*r.mem, "", nil).Parts(), r.spec.Name // the cookie is that of all pools
	// A rotation that ends early leaves nodes with either cookie: until its end no
	// cookie is taken for theirs, whichever the next apply is given.
	t.begun = func(ctx context.Context) error {
		r.record(func() { r.noteCookie(t, nil) })
		return r.unmarkCookie(ctx, name, t)
	}
	return func(ctx context.Context) error {
		if err := t.run(ctx); err != nil {
			return fmt.Errorf("the cookie is not changed on every node: %w; the next apply goes on from there", err)
		}
		if err := r.markCookie(ctx, name, t); err != nil {
			return err
		}
		r.record(func() {
			r.mem.Secrets.RunningFingerprint = t.fingerprint
			r.noteCookie(t, wanted)
			r.reports = nil
		})
		return nil
	}, nil
}

// noteCookie remembers the cookie that the nodes have; that of no parts is none.
func (r *run) noteCookie(t rotation, parts hostconfig.Parts) {
	for _, n := range t.nodes {
		if record, known := r.mem.Hosts[n.droplet.ID]; known {
			record.Parts = record.Parts.With(parts, hostconfig.PartCookie)
			r.mem.Hosts[n.droplet.ID] = record
		}
	}
}

// unmarkCookie takes the marks off that tell of the cookie of before: until its end
// nobody shall believe in either.
func (e *Engine) unmarkCookie(ctx context.Context, name string, t rotation) error {
	old, mark := map[string][]cluster.Droplet{}, cluster.CookieTag(name, t.fingerprint)
	for _, n := range t.nodes {
		for _, tag := range n.droplet.Tags {
			if cluster.IsCookieTag(name, tag) && tag != mark {
				old[tag] = append(old[tag], n.droplet)
			}
		}
	}
	for _, tag := range slices.Sorted(maps.Keys(old)) {
		if err := e.api.UntagDroplets(ctx, tag, old[tag]); err != nil {
			return err
		}
	}
	return nil
}

// markCookie has the nodes' marks tell of the new cookie.
func (e *Engine) markCookie(ctx context.Context, name string, t rotation) error {
	var all []cluster.Droplet
	for _, n := range t.nodes {
		all = append(all, n.droplet)
	}
	return e.api.TagDroplets(ctx, cluster.CookieTag(name, t.fingerprint), all)
}

func (t rotation) run(ctx context.Context) error {
	var running []rotating
	if !t.follows { // else nobody is to be switched
		var err error
		if running, err = t.inspect(ctx); err != nil {
			return err
		}
	}
	stdin, err := hostconfig.StageCookieInput(t.value)
	if err != nil {
		return err
	}
	if err := t.begun(ctx); err != nil {
		return err
	}
	tflog.Info(ctx, "giving each node the new cookie", map[string]any{"nodes": len(t.nodes)})
	if err := t.each(ctx, hostconfig.CommandStageCookie, stdin); err != nil {
		return err
	}
	if err := t.turn(ctx, running); err != nil {
		return err
	}
	tflog.Info(ctx, "making the new cookie each node's own", map[string]any{"nodes": len(t.nodes)})
	return t.each(ctx, hostconfig.CommandAdoptCookie(t.fingerprint), nil)
}

// lingering is how long a node stays connected with one whose host is gone: four
// ticks, a fourth more (net_ticktime, kernel's application reference), and some looks.
const lingering = 100 * time.Second

// inspect asks every node whether it can be told, and whom it is connected with:
// a node that nobody can tell of the new cookie would be lost. One that was just
// removed is still seen for a while. It returns the nodes whose releases run.
func (t rotation) inspect(ctx context.Context) (running []rotating, err error) {
	for began := time.Now(); ; {
		strangers, running, err := t.ask(ctx)
		if err != nil || len(strangers) == 0 {
			return running, err
		}
		if time.Since(began) > lingering {
			return nil, fmt.Errorf("nodes are connected that Terraform does not know and cannot tell of another cookie: %s. "+
				"Stop them, or make them beam_node resources of the cluster, and apply again; nothing was changed", strings.Join(strangers, ", "))
		}
		tflog.Info(ctx, "waiting for nodes that Terraform does not know to go, before the cookie changes", map[string]any{"nodes": strangers})
		if err := digitalocean.Pause(ctx, recheckPause); err != nil {
			return nil, err
		}
	}
}

// ask returns the nodes that others are connected with and nobody knows, and those
// of the cluster's whose releases run.
func (t rotation) ask(ctx context.Context) (strangers []string, running []rotating, err error) {
	var mu sync.Mutex
	err = t.all(ctx, func(ctx context.Context, n rotating) error {
		answer, err := t.contact.answer(ctx, n.droplet, "it to say how it is", askPatience, hostconfig.CommandStatus, nil)
		if err != nil {
			return err
		}
		report, err := health.ParseReport(answer)
		if err != nil || report.Node == nil {
			return err
		}
		mu.Lock()
		defer mu.Unlock()
		if report.Node.Started {
			running = append(running, n)
		}
		for _, other := range report.Node.Nodes {
			if !slices.Contains(t.known, other) && !slices.Contains(strangers, other) {
				strangers = append(strangers, other)
			}
		}
		return nil
	})
	slices.Sort(strangers)
	slices.SortFunc(running, func(a, b rotating) int { return cluster.ByAge(a.droplet, b.droplet) })
	return strangers, running, err
}

// turn has the nodes use the new cookie, by the word of the first that answers of
// those that run. Where none does, no connection depends on a cookie.
func (t rotation) turn(ctx context.Context, running []rotating) error {
	var refused []error
	for _, n := range running {
		answer, err := t.contact.command(ctx, n.droplet, askPatience, hostconfig.CommandSwitchCookie(t.fingerprint), nil)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err != nil {
			refused = append(refused, fmt.Errorf("%s: %w", n.name, err))
			continue // its release may be down by now
		}
		report, err := health.ParseSwitchReport(answer)
		if err != nil {
			return fmt.Errorf("%s: %w", n.name, err)
		}
		if len(report.Failed) > 0 {
			return fmt.Errorf("%s: these nodes did not take the new cookie in time: %s", n.name, strings.Join(report.Failed, ", "))
		}
		tflog.Info(ctx, "nodes use the new cookie", map[string]any{"nodes": report.Nodes})
		return nil
	}
	return errors.Join(refused...)
}

// each runs a command on every node.
func (t rotation) each(ctx context.Context, command string, stdin []byte) error {
	return t.all(ctx, func(ctx context.Context, n rotating) error {
		return t.contact.tell(ctx, n.droplet, "it to take the cookie", tellPatience, command, stdin)
	})
}

func (t rotation) all(ctx context.Context, ask func(context.Context, rotating) error) error {
	var calls []func(context.Context) error
	for _, n := range t.nodes {
		calls = append(calls, func(ctx context.Context) error {
			if err := ask(ctx, n); err != nil {
				return fmt.Errorf("%s: %w", n.name, err)
			}
			return nil
		})
	}
	return inParallel(ctx, calls...)
}
