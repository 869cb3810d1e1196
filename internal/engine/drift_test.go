package engine_test

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/digitalocean/godo"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
)

// drifted is something that somebody does to a cluster behind Terraform's back.
type drifted struct {
	name   string
	change func(ctx context.Context, w *world, o cluster.Observed) error
	says   string
}

// drifts change each part of a cluster.
var drifts = []drifted{
	{"node deleted", func(ctx context.Context, w *world, o cluster.Observed) error {
		return w.deleteDroplet(ctx, o, "chat-us-2")
	}, "droplet chat-us-2"},
	{"first node deleted", func(ctx context.Context, w *world, o cluster.Observed) error {
		return w.deleteDroplet(ctx, o, "chat-us-1")
	}, "droplet chat-us-1"},
	{"load balancer deleted", func(ctx context.Context, w *world, o cluster.Observed) error {
		return w.deleteDroplet(ctx, o, "chat-lb-1")
	}, "droplet chat-lb-1"},
	{"database deleted", func(ctx context.Context, w *world, o cluster.Observed) error {
		return w.deleteDroplet(ctx, o, "chat-database")
	}, "droplet chat-database"},
	{"node switched off", func(ctx context.Context, w *world, o cluster.Observed) error {
		_, _, err := w.godo.DropletActions.PowerOff(ctx, w.id(o, "chat-us-3"))
		return err
	}, "power it on"},
	{"load balancer switched off", func(ctx context.Context, w *world, o cluster.Observed) error {
		_, _, err := w.godo.DropletActions.PowerOff(ctx, w.id(o, "chat-lb-1"))
		return err
	}, "power it on"},
	{"node renamed", func(ctx context.Context, w *world, o cluster.Observed) error {
		_, _, err := w.godo.DropletActions.Rename(ctx, w.id(o, "chat-us-3"), "pet")
		return err
	}, "rename it"},
	{"role's tag taken off a node", func(ctx context.Context, w *world, o cluster.Observed) error {
		return w.untag(ctx, "beam:chat:node", w.id(o, "chat-us-1"))
	}, "tag beam:chat:node is missing on 1 droplet"},
	{"pool's tag taken off a node", func(ctx context.Context, w *world, o cluster.Observed) error {
		return w.untag(ctx, "beam:chat:pool:us", w.id(o, "chat-us-1"))
	}, "tag beam:chat:pool:us is missing on 1 droplet"},
	{"all tags taken off a node", func(ctx context.Context, w *world, o cluster.Observed) error {
		id := w.id(o, "chat-us-1")
		return errors.Join(w.untag(ctx, "beam:chat", id), w.untag(ctx, "beam:chat:node", id), w.untag(ctx, "beam:chat:pool:us", id))
	}, "tag beam:chat is missing on 1 droplet"},
	{"cluster's tag deleted", func(ctx context.Context, w *world, o cluster.Observed) error {
		_, err := w.godo.Tags.Delete(ctx, "beam:chat")
		return err
	}, "tag beam:chat is missing on 5 droplets"},
	{"firewall deleted", func(ctx context.Context, w *world, o cluster.Observed) error {
		_, err := w.godo.Firewalls.Delete(ctx, w.firewall(o, "chat-node"))
		return err
	}, "firewall chat-node is gone"},
	{"firewall opened", func(ctx context.Context, w *world, o cluster.Observed) error {
		_, err := w.godo.Firewalls.AddRules(ctx, w.firewall(o, "chat-database"), &godo.FirewallRulesRequest{
			InboundRules: []godo.InboundRule{{Protocol: "tcp", PortRange: "5432", Sources: &godo.Sources{Addresses: []string{"0.0.0.0/0"}}}},
		})
		return err
	}, "firewall chat-database has other rules"},
	{"reserved IP deleted", func(ctx context.Context, w *world, o cluster.Observed) error {
		_, err := w.godo.ReservedIPs.Delete(ctx, o.ReservedIP.IP)
		return err
	}, "the reserved IP"},
	{"reserved IP taken off", func(ctx context.Context, w *world, o cluster.Observed) error {
		_, _, err := w.godo.ReservedIPActions.Unassign(ctx, o.ReservedIP.IP)
		return err
	}, "does not lead to chat-lb-1"},
	{"volume detached", func(ctx context.Context, w *world, o cluster.Observed) error {
		_, _, err := w.godo.StorageActions.DetachByDropletID(ctx, o.Volume.ID, o.Volume.DropletIDs[0])
		return err
	}, "is not attached"},
	{"volume's tag taken off", func(ctx context.Context, w *world, o cluster.Observed) error {
		_, err := w.godo.Tags.UntagResources(ctx, "beam:chat", &godo.UntagResourcesRequest{
			Resources: []godo.Resource{{ID: o.Volume.ID, Type: godo.VolumeResourceType}},
		})
		return err
	}, "tag beam:chat is missing on the volume"},
	{"VPC renamed", func(ctx context.Context, w *world, o cluster.Observed) error {
		_, _, err := w.godo.VPCs.Update(ctx, o.OwnVPCs()[0].ID, &godo.VPCUpdateRequest{Name: "mine", Description: "beam:chat"})
		return err
	}, "is called mine"},
	{"VPC described anew", func(ctx context.Context, w *world, o cluster.Observed) error {
		_, _, err := w.godo.VPCs.Update(ctx, o.OwnVPCs()[0].ID, &godo.VPCUpdateRequest{Name: "mine", Description: "of the web team"})
		return err
	}, "of the web team"},
}

// Every part of a cluster is deleted or changed behind Terraform's back: the
// refresh says so and the next converge mends it.
func TestDriftOfEachPartIsSeenAndRepaired(t *testing.T) {
	t.Parallel()
	for _, tt := range drifts {
		t.Run(tt.name, func(t *testing.T) {
			inWorld(t, instant, func(w *world) {
				spec, mem := chat(3), &cluster.Memory{}
				o := w.converge(spec, mem)
				if err := tt.change(w.Context(), w, o); err != nil {
					w.Fatal(err)
				}
				changed := w.observe(spec, *mem)
				drift := strings.Join(drift(spec, *mem, changed), "\n")
				if !strings.Contains(drift, tt.says) {
					w.Errorf("drift is %q, want it to say %q", drift, tt.says)
				}
				repaired := w.converge(spec, mem)
				if len(changed.Droplets) == len(o.Droplets) {
					w.sameDroplets(o, repaired)
				}
			})
		})
	}
}

// sameDroplets checks that a repair of what is no droplet replaced none.
func (w *world) sameDroplets(before, after cluster.Observed) {
	w.Helper()
	for _, d := range before.Droplets {
		if _, exists := after.Droplet(d.ID); !exists {
			w.Errorf("droplet %s (%d) was replaced", d.Name, d.ID)
		}
	}
}

func (w *world) id(o cluster.Observed, name string) int {
	w.Helper()
	i := slices.IndexFunc(o.Droplets, func(d cluster.Droplet) bool { return d.Name == name })
	if i < 0 {
		w.Fatalf("no droplet %s in %v", name, names(o))
	}
	return o.Droplets[i].ID
}

func (w *world) deleteDroplet(ctx context.Context, o cluster.Observed, name string) error {
	_, err := w.godo.Droplets.Delete(ctx, w.id(o, name))
	return err
}

func (w *world) untag(ctx context.Context, tag string, id int) error {
	_, err := w.godo.Tags.UntagResources(ctx, tag, &godo.UntagResourcesRequest{
		Resources: []godo.Resource{{ID: strconv.Itoa(id), Type: godo.DropletResourceType}},
	})
	return err
}

func (w *world) firewall(o cluster.Observed, name string) string {
	w.Helper()
	f, ok := o.Firewall(name)
	if !ok {
		w.Fatalf("no firewall %s", name)
	}
	return f.ID
}
