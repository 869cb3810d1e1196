package engine

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/hashicorp/terraform-plugin-log/tflog"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
	"github.com/beamcluster/terraform-provider-beam/internal/digitalocean"
	"github.com/beamcluster/terraform-provider-beam/internal/hostconfig"
	"github.com/beamcluster/terraform-provider-beam/internal/management"
	"github.com/beamcluster/terraform-provider-beam/internal/plan"
)

const (
	// applyPatience is how long a host may take to take over what it is told,
	// less draining and the time that its release needs to come up.
	applyPatience = 10 * time.Minute
	// stopPatience is how long systemd gives a release to end, and some more.
	stopPatience = 2 * time.Minute
)

// apply gives a running host parts of what it should be told.
func (r *run) apply(a plan.Apply) (work, error) {
	bundle, wanted, err := r.bundle(a)
	if err != nil {
		return nil, fmt.Errorf("configuration of %s: %w", a.Name, err)
	}
	limit, what := applyPatience, "to be told of its configuration"
	if a.Restart != nil {
		what = "to restart"
		limit += seconds(a.Restart.DrainSeconds + 2*a.Restart.PatienceSeconds)
	}
	contact, pause := r.contact(), seconds(r.spec.Update.PauseSeconds)
	return func(ctx context.Context) error {
		tflog.Info(ctx, "telling a host of its configuration", map[string]any{"droplet": a.Name, "parts": a.Parts, "restart": a.Restart != nil})
		if err := contact.tell(ctx, a.Droplet, a.Name+" "+what, limit, hostconfig.CommandApply, bundle); err != nil {
			if !saidNo(err) || a.Restart != nil && !a.Restart.Rollback {
				r.record(func() { plan.ForgetParts(r.mem, a.Droplet.ID, a.Parts...) })
			}
			return err
		}
		r.record(func() {
			record, known := r.mem.Hosts[a.Droplet.ID]
			if !known {
				return
			}
			record.Parts = record.Parts.With(wanted, a.Parts...)
			r.mem.Hosts[a.Droplet.ID] = record
			r.reports = nil
		})
		if a.Restart == nil {
			return nil
		}
		tflog.Info(ctx, "a node runs what it was told", map[string]any{"droplet": a.Name})
		rest(ctx, pause)
		return nil
	}, nil
}

// saidNo says that the host itself ended the command, and left all as it was before.
// Otherwise it may have carried it out, or may do so still.
func saidNo(err error) bool {
	var ended *management.CommandError
	return errors.As(err, &ended) && ended.Signal == ""
}

// rest pauses between two turns. One that is cut short is no failure: toEnd tells
// what the apply was at.
func rest(ctx context.Context, pause time.Duration) {
	_ = digitalocean.Pause(ctx, pause)
}

func seconds(n int) time.Duration { return time.Duration(n) * time.Second }

// bundle renders what the host is told, and the fingerprints of that.
func (r *run) bundle(a plan.Apply) ([]byte, hostconfig.Parts, error) {
	var bundle hostconfig.Bundle
	var parts hostconfig.Parts
	var err error
	switch a.Role {
	case cluster.RoleDatabase:
		host := r.spec.DatabaseHost(*r.mem)
		parts = host.Parts()
		bundle, err = host.Bundle(a.Parts...)
	case cluster.RoleLoadBalancer:
		host := r.spec.LoadBalancerHost(*r.mem, nil)
		parts = host.Parts()
		bundle, err = host.Bundle(a.Parts...)
	default:
		host := r.spec.NodeHost(*r.mem, r.mem.Hosts[a.Droplet.ID].Pool, r.olderPeers(a.Droplet))
		parts = host.Parts()
		bundle, err = host.Bundle(a.Parts...)
	}
	if err != nil {
		return nil, nil, err
	}
	if slices.Contains(a.Parts, hostconfig.PartKeys) {
		if err := bundle.TellKeys(r.publicKeys); err != nil {
			return nil, nil, err
		}
	}
	bundle.Restart = a.Restart
	encoded, err := bundle.Encode()
	return encoded, parts, err
}

// olderPeers are the nodes that a node dials which is made or told now.
func (r *run) olderPeers(d cluster.Droplet) []string {
	peers := slices.DeleteFunc(plan.Peers(r.input()), func(peer cluster.Droplet) bool { return cluster.ByAge(peer, d) >= 0 })
	return r.spec.PeersOf(*r.mem, peers)
}

// retire parts with those whom a host serves. A host that cannot be asked to any
// more goes without.
func (r *run) retire(a plan.Retire) work {
	contact, pause := r.contact(), seconds(r.spec.Update.PauseSeconds)
	return func(ctx context.Context) error {
		tflog.Info(ctx, "parting with those whom a host serves", map[string]any{"droplet": a.Name, "drain_seconds": a.DrainSeconds})
		what, command := " to end its release", hostconfig.CommandStop(a.DrainSeconds)
		if a.Role == cluster.RoleLoadBalancer {
			what, command, pause = " to let its clients go", hostconfig.CommandLetGo(a.DrainSeconds), 0
		}
		err := contact.tell(ctx, a.Droplet, a.Name+what, stopPatience+seconds(a.DrainSeconds), command, nil)
		if ctx.Err() != nil {
			if a.Role == cluster.RoleNode { // its release may have ended: what restarts it is told anew
				r.record(func() { plan.ForgetParts(r.mem, a.Droplet.ID, hostconfig.PartEnvironment) })
			}
			return context.Cause(ctx)
		}
		if err != nil {
			tflog.Warn(ctx, "a host goes without having parted with its clients", map[string]any{"droplet": a.Name, "error": err.Error()})
		}
		r.record(func() {
			if record, known := r.mem.Hosts[a.Droplet.ID]; known {
				record.Stopped = true
				r.mem.Hosts[a.Droplet.ID] = record
			}
		})
		rest(ctx, pause)
		return nil
	}
}

// leadBack has the load balancer lead to nodes again that it was told to leave out
// while they restarted: one that did not come up runs what it ran before.
func (r *run) leadBack(ctx context.Context) error {
	back, needed := plan.LeadBack(r.input())
	if !needed || ctx.Err() != nil {
		return nil //nolint:nilerr // an apply that was cancelled leaves it to the next
	}
	if err := r.contact().tell(ctx, back.Droplet, back.Name+" to be told of other hosts", tellPatience, back.Command, back.Stdin); err != nil {
		return fmt.Errorf("%s does not lead to every node: %w", back.Name, err)
	}
	record := r.mem.Hosts[back.Droplet.ID]
	record.Delivered = back.ID
	r.mem.Hosts[back.Droplet.ID] = record
	return nil
}

// tell runs a command on a host that may be away for a moment, because it may be
// rebooting. Once it has begun, the command has limit to end.
func (c contact) tell(ctx context.Context, d cluster.Droplet, what string, limit time.Duration, command string, stdin []byte) error {
	_, err := c.answer(ctx, d, what, limit, command, stdin)
	return err
}

// answer is tell for a command that answers.
func (c contact) answer(ctx context.Context, d cluster.Droplet, what string, limit time.Duration, command string, stdin []byte) (said []byte, err error) {
	started := time.Now()
	err = digitalocean.Wait(ctx, what, func(ctx context.Context) (bool, string, error) {
		answered, err := c.command(ctx, d, limit, command, bytes.NewReader(stdin))
		if away(err) && time.Since(started) < tellPatience {
			return false, err.Error(), nil
		}
		said = answered
		return err == nil, "", err
	})
	return said, err
}

// carryCertificate gives a load balancer its predecessor's certificate. It gets
// one of its own where that fails, once the address leads to it.
func (r *run) carryCertificate(a plan.CarryCertificate) work {
	contact := r.contact()
	return func(ctx context.Context) error {
		exported, err := contact.command(ctx, a.From, tellPatience, hostconfig.CommandExportACME, nil)
		if err == nil {
			err = contact.tell(ctx, a.To, a.Name+" to take its predecessor's certificate", tellPatience, hostconfig.CommandImportACME, exported)
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err != nil {
			tflog.Warn(ctx, "a load balancer has to ask for a certificate anew", map[string]any{"droplet": a.Name, "error": err.Error()})
		}
		r.record(func() {
			if record, known := r.mem.Hosts[a.To.ID]; known {
				record.Carried = true
				r.mem.Hosts[a.To.ID] = record
			}
		})
		return nil
	}
}
