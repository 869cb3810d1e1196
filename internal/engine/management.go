package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"github.com/hashicorp/terraform-plugin-log/tflog"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
	"github.com/beamcluster/terraform-provider-beam/internal/digitalocean"
	"github.com/beamcluster/terraform-provider-beam/internal/health"
	"github.com/beamcluster/terraform-provider-beam/internal/hostconfig"
	"github.com/beamcluster/terraform-provider-beam/internal/management"
	"github.com/beamcluster/terraform-provider-beam/internal/plan"
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
// errors wrap those of package management. Stdin may be nil.
type Channel interface {
	Run(ctx context.Context, address string, port int, command string, stdin io.Reader) ([]byte, error)
}

// Connect gives the channel to the hosts that have the keys.
type Connect func(cluster.ManagementKeys) Channel

func overSSH(keys cluster.ManagementKeys) Channel {
	return management.Channel{User: hostconfig.ManagementUser, ClientKeyPEM: keys.ClientKeyPEM, HostPublicKey: keys.HostPublicKey}
}

// contact reaches the hosts of one cluster. It is a copy that steps under way may
// use.
type contact struct {
	channel Channel
	port    int         // of hosts that nothing else is known of
	ports   map[int]int // by droplet id
}

func (r *run) contact() contact {
	c := contact{channel: r.connect(r.mem.Secrets.Management), port: r.spec.Management.Port, ports: map[int]int{}}
	for id, record := range r.mem.Hosts {
		c.ports[id] = r.spec.ManagementPort(record)
	}
	return c
}

// command runs a command of beamctl on the host, which has to end in time.
func (c contact) command(ctx context.Context, d cluster.Droplet, limit time.Duration, command string, stdin io.Reader) ([]byte, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, limit, fmt.Errorf("the host did not carry out %q within %s", command, limit))
	defer cancel()
	return c.channel.Run(ctx, d.PublicIPv4, cmp.Or(c.ports[d.ID], c.port), command, stdin)
}

// tell gives a running host what has changed around it.
func (r *run) tell(d plan.Delivery) work {
	contact := r.contact()
	return func(ctx context.Context) error {
		tflog.Info(ctx, "telling a host of other hosts", map[string]any{"droplet": d.Name})
		err := contact.tell(ctx, d.Droplet, d.Name+" to be told of other hosts", tellPatience, d.Command, d.Stdin)
		if err != nil {
			if !saidNo(err) {
				r.record(func() { plan.ForgetDelivery(r.mem, d.Droplet.ID) })
			}
			return err
		}
		r.record(func() {
			record, known := r.mem.Hosts[d.Droplet.ID]
			if !known {
				return
			}
			record.Delivered = d.ID
			r.mem.Hosts[d.Droplet.ID] = record
			r.outdate(d.Droplet)
		})
		return nil
	}
}

// away says that a host may answer when it is asked again.
func away(err error) bool {
	return errors.Is(err, management.ErrUnreachable) || errors.Is(err, management.ErrRefused) || errors.Is(err, management.ErrLost)
}

// formation is the wait for a cluster to form.
type formation struct {
	patience *patience
	settled  time.Time // since when nothing more is coming; zero while something is
	last     health.Formation
}

const askKey = "ask"

// askHosts asks all hosts that make up the cluster how they are.
func (r *run) askHosts(ctx context.Context) {
	if r.busy[askKey] {
		return
	}
	if r.forming == nil {
		r.forming = &formation{patience: newPatience()}
	}
	hosts, again := r.questions()
	contact, forming := r.contact(), r.forming
	r.launch(askKey, func() error {
		if again && digitalocean.Pause(ctx, digitalocean.PollInterval) != nil {
			return nil //nolint:nilerr // toEnd tells what was waited for
		}
		reports := forming.ask(ctx, contact, hosts)
		if ctx.Err() != nil {
			return nil //nolint:nilerr // toEnd tells what was waited for
		}
		r.record(func() { r.took(reports) })
		return r.judge()
	}, func() {})
}

// question is a host to be asked.
type question struct {
	droplet cluster.Droplet
	about   health.HostReport
	active  time.Time // since when it has been active; zero for one that was before
}

// questions are for all hosts, or for those alone that were told something since
// all were asked. They are asked again, after a pause, where each has answered
// since it was told something.
func (r *run) questions() (hosts []question, again bool) {
	var all, unasked []question
	for _, d := range plan.Members(r.input()) {
		record := r.mem.Hosts[d.ID]
		q := question{droplet: d, about: health.HostReport{DropletID: d.ID, Host: record.Name, Role: record.Role}}
		if record.Role == cluster.RoleNode {
			q.about.NodeName = r.spec.NodeName(*r.mem, d)
		}
		if a := r.hosts[d.ID]; a != nil {
			q.active = a.activeSince
		}
		all = append(all, q)
		if !slices.ContainsFunc(r.reports, func(h health.HostReport) bool { return h.DropletID == d.ID }) {
			unasked = append(unasked, q)
		}
	}
	switch {
	case len(unasked) == 0:
		return all, true
	case slices.ContainsFunc(unasked, func(q question) bool { return !r.retold[q.droplet.ID] }):
		return all, false
	}
	return unasked, false
}

// took takes over what hosts say of themselves, in place of what they said before.
func (r *run) took(fresh []health.HostReport) {
	r.reports = slices.DeleteFunc(r.reports, func(before health.HostReport) bool {
		return slices.ContainsFunc(fresh, func(h health.HostReport) bool { return h.DropletID == before.DropletID })
	})
	r.reports = append(r.reports, fresh...)
}

// outdate forgets what hosts have said before one of them was told something. What
// a load balancer is told changes nothing of what the others say.
func (r *run) outdate(told cluster.Droplet) {
	if r.mem.Hosts[told.ID].Role != cluster.RoleLoadBalancer {
		r.reports = nil
		return
	}
	r.retold[told.ID] = true
	r.reports = slices.DeleteFunc(r.reports, func(h health.HostReport) bool { return h.DropletID == told.ID })
}

// judge says what keeps the cluster from forming for good.
func (r *run) judge() error {
	verdict := make(chan error, 1)
	r.record(func() {
		err := r.forming.judge(plan.Judge(r.input()))
		if err != nil {
			err = fmt.Errorf("waiting for the %s to be %s: %w", r.spec.Noun(), r.spec.WaitFor, err)
		}
		verdict <- err
	})
	return <-verdict
}

// rememberFailures takes note of hosts whose set-up failed: the next apply makes
// them anew, this one leaves them as they are for whoever wants to look.
func (r *run) rememberFailures() {
	for _, h := range r.reports {
		if _, known := r.mem.Hosts[h.DropletID]; known && h.Report != nil && h.Report.Boot.Failed {
			r.mem.RememberFailure(h.DropletID)
		}
	}
}

func (f *formation) judge(now health.Formation) error {
	f.last = now
	switch {
	case now.Formed():
		f.settled = time.Time{}
	case now.Failed():
		return errors.New(now.String())
	case !now.Settled:
		f.settled = time.Time{}
	case f.settled.IsZero():
		f.settled = time.Now()
	case time.Since(f.settled) > health.SettlePatience:
		return errors.New(now.String())
	}
	return nil
}

// ask asks every host how it is, all at once.
func (f *formation) ask(ctx context.Context, c contact, hosts []question) []health.HostReport {
	reports := make([]health.HostReport, len(hosts))
	var mu sync.Mutex // guards patience
	var calls []func(context.Context) error
	for i, q := range hosts {
		calls = append(calls, func(ctx context.Context) error {
			reports[i] = f.askHost(ctx, c, q, &mu)
			return nil
		})
	}
	_ = inParallel(ctx, calls...) // what went wrong is in the reports
	return reports
}

func (f *formation) askHost(ctx context.Context, c contact, q question, mu *sync.Mutex) health.HostReport {
	h, asked := q.about, time.Now()
	answer, err := c.command(ctx, q.droplet, askPatience, hostconfig.CommandAwait(awaitSeconds), nil)
	var report health.Report
	if err == nil {
		report, err = health.ParseReport(answer)
	}
	mu.Lock()
	defer mu.Unlock()
	f.patience.activeSince[q.droplet.ID] = q.active
	if err != nil {
		h.Err, h.Hopeless = err, f.patience.over(q.droplet, asked, err)
		return h
	}
	f.patience.heard(q.droplet)
	h.Report = &report
	return h
}
