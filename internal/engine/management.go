package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/hashicorp/terraform-plugin-log/tflog"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
	"github.com/beamcluster/terraform-provider-beam/internal/digitalocean"
	"github.com/beamcluster/terraform-provider-beam/internal/health"
	"github.com/beamcluster/terraform-provider-beam/internal/hostconfig"
	"github.com/beamcluster/terraform-provider-beam/internal/management"
)

const (
	// tellPatience is how long a host that has to be told something may be
	// away, because it may be rebooting, and how long it may take to do it.
	tellPatience = 60 * time.Second
	// askPatience is how long a host may take to say how it is.
	askPatience = 20 * time.Second
	// awaitSeconds is how long a host that is not yet as it should be is
	// waited for before it says how far it is.
	awaitSeconds = 5
)

// Channel runs a command of beamctl on a host and returns what it printed. Its
// errors wrap those of package management.
type Channel interface {
	Run(ctx context.Context, address string, port int, command string, stdin []byte) ([]byte, error)
}

// Connect gives the channel to the hosts that have the keys.
type Connect func(cluster.ManagementKeys) Channel

func overSSH(keys cluster.ManagementKeys) Channel {
	return management.Channel{User: hostconfig.ManagementUser, ClientKeyPEM: keys.ClientKeyPEM, HostPublicKey: keys.HostPublicKey}
}

func (c *convergence) channel() Channel { return c.connect(c.mem.Secrets.Management) }

// deliver tells running hosts of the roles what has changed around them.
func (c *convergence) deliver(ctx context.Context, roles ...string) error {
	var calls []func(context.Context) error
	for _, d := range c.spec.Deliveries(*c.mem, c.obs) {
		if slices.Contains(roles, c.mem.Hosts[d.Droplet.ID].Role) {
			calls = append(calls, func(ctx context.Context) error { return c.tell(ctx, d) })
		}
	}
	return inParallel(ctx, calls...)
}

// command runs a command of beamctl on the host, which has to end in time.
func (c *convergence) command(ctx context.Context, d cluster.Droplet, limit time.Duration, command string, stdin []byte) ([]byte, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, limit, fmt.Errorf("the host did not carry out %q within %s", command, limit))
	defer cancel()
	return c.channel().Run(ctx, d.PublicIPv4, c.spec.Management.Port, command, stdin)
}

func (c *convergence) tell(ctx context.Context, d cluster.Delivery) error {
	tflog.Info(ctx, "telling a host of other hosts", map[string]any{"droplet": d.Droplet.Name})
	started := time.Now()
	err := digitalocean.Wait(ctx, d.Droplet.Name+" to be told of other hosts", func(ctx context.Context) (bool, string, error) {
		_, err := c.command(ctx, d.Droplet, tellPatience, d.Command, d.Stdin)
		if away(err) && time.Since(started) < tellPatience {
			return false, err.Error(), nil
		}
		return err == nil, "", err
	})
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	record := c.mem.Hosts[d.Droplet.ID]
	record.Delivered = d.ID
	c.mem.Hosts[d.Droplet.ID] = record
	return nil
}

// away says that a host may answer when it is asked again.
func away(err error) bool {
	return errors.Is(err, management.ErrUnreachable) || errors.Is(err, management.ErrRefused) || errors.Is(err, management.ErrLost)
}

// form tells hosts of changes and waits until they have become what the spec
// waits for. Where that is asked for, the load balancer is told of new nodes
// only once they run: HAProxy sends clients to a new server before it has
// checked it.
func (c *convergence) form(ctx context.Context) error {
	if err := c.deliver(ctx, cluster.RoleNode); err != nil {
		return err
	}
	if !c.spec.WaitsForHosts(*c.mem) {
		return c.deliver(ctx, cluster.RoleLoadBalancer)
	}
	f := &formation{convergence: c, patience: newPatience(c.activeSince)}
	err := digitalocean.Wait(ctx, "the cluster to be "+c.spec.WaitFor, f.look)
	c.mem.Unformed = err != nil
	if err != nil && ctx.Err() != nil && !f.last.Formed() {
		return fmt.Errorf("the cluster is not %s yet (%w):\n%s", c.spec.WaitFor, err, f.last)
	}
	return err
}

// formation is the wait for a cluster to form.
type formation struct {
	*convergence
	patience *patience
	settled  time.Time // since when nothing more is coming; zero while something is
	last     health.Formation
}

func (f *formation) look(ctx context.Context) (done bool, progress string, err error) {
	reports := f.ask(ctx)
	if err := ctx.Err(); err != nil {
		return false, "", err
	}
	if health.NodesRun(reports) {
		if err := f.deliver(ctx, cluster.RoleLoadBalancer); err != nil {
			return false, "", err
		}
	}
	f.last = f.judge(reports)
	switch {
	case f.last.Formed():
		return true, "", nil
	case f.last.Failed():
		return false, "", errors.New(f.last.String())
	case !f.last.Settled:
		f.settled = time.Time{}
	case f.settled.IsZero():
		f.settled = time.Now()
	case time.Since(f.settled) > health.SettlePatience:
		return false, "", errors.New(f.last.String())
	}
	return false, f.last.Summary(), nil
}

func (f *formation) judge(reports []health.HostReport) health.Formation {
	if f.spec.WaitFor == cluster.WaitBooted {
		return health.JudgeBoot(reports)
	}
	return health.Judge(f.spec, *f.mem, reports)
}

// ask asks every host how it is, all at once, and remembers those whose set-up
// failed.
func (f *formation) ask(ctx context.Context) []health.HostReport {
	hosts := f.spec.Members(f.obs, *f.mem)
	reports := make([]health.HostReport, len(hosts))
	var calls []func(context.Context) error
	for i, d := range hosts {
		calls = append(calls, func(ctx context.Context) error {
			reports[i] = f.askHost(ctx, d)
			return nil
		})
	}
	_ = inParallel(ctx, calls...) // what went wrong is in the reports
	for i, d := range hosts {
		if r := reports[i].Report; r != nil && r.Boot.Failed {
			f.mem.RememberFailure(d.ID)
		}
	}
	return reports
}

func (f *formation) askHost(ctx context.Context, d cluster.Droplet) health.HostReport {
	h := health.HostReport{Host: d.Name, Role: f.mem.Hosts[d.ID].Role}
	if h.Role == cluster.RoleNode {
		h.NodeName = f.spec.NodeName(d)
	}
	asked := time.Now()
	answer, err := f.command(ctx, d, askPatience, hostconfig.CommandAwait(awaitSeconds), nil)
	var report health.Report
	if err == nil {
		report, err = health.ParseReport(answer)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if err != nil {
		h.Err, h.Hopeless = err, f.patience.over(d, asked, err)
		return h
	}
	f.patience.heard(d)
	h.Report = &report
	return h
}
