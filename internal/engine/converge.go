package engine

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/hashicorp/terraform-plugin-log/tflog"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
	"github.com/beamcluster/terraform-provider-beam/internal/cookie"
	"github.com/beamcluster/terraform-provider-beam/internal/digitalocean"
	"github.com/beamcluster/terraform-provider-beam/internal/management"
	"github.com/beamcluster/terraform-provider-beam/internal/secret"
)

// convergence is one run from what exists to what is wanted.
type convergence struct {
	api     *digitalocean.Client
	connect Connect
	spec    cluster.Spec

	mu  sync.Mutex // guards obs and mem where a phase works in parallel
	obs cluster.Observed
	mem *cluster.Memory

	activeSince map[int]time.Time // by droplet id, of those that became active meanwhile
}

// begin looks at what exists. Where nothing is remembered it starts anew: it
// refuses a cluster that was finished, clears away what an interrupted create
// left, and draws the secrets.
func (c *convergence) begin(ctx context.Context, e *Engine) error {
	obs, err := e.Observe(ctx, c.spec.Name, c.spec.ProjectID, *c.mem)
	c.obs = obs
	if err != nil {
		return err
	}
	if c.mem.Secrets.Drawn() || c.mem.Imported {
		c.forgetGone()
		return nil
	}
	// Of a cluster that was deleted by hand only the tags may be left.
	if obs.Finished() && !obs.Empty() {
		return exists(c.spec.Name)
	}
	if !obs.Empty() {
		tflog.Info(ctx, "clearing away what an interrupted create left", map[string]any{"cluster": c.spec.Name})
		if err := e.Destroy(ctx, c.spec.Name, &cluster.Memory{}); err != nil {
			return err
		}
		if c.obs, err = e.Observe(ctx, c.spec.Name, c.spec.ProjectID, cluster.Memory{}); err != nil {
			return err
		}
	}
	c.mem.Secrets, err = drawSecrets(c.spec)
	return err
}

// forgetGone drops hosts that exist no longer, so that their places are free.
func (c *convergence) forgetGone() {
	maps.DeleteFunc(c.mem.Hosts, func(id int, _ cluster.HostRecord) bool {
		_, exists := c.obs.Droplet(id)
		return !exists
	})
	if c.obs.Volume == nil {
		c.mem.VolumeID = ""
	}
	if c.obs.ReservedIP == nil {
		c.mem.ReservedIP = ""
	}
}

func drawSecrets(spec cluster.Spec) (cluster.Secrets, error) {
	s := cluster.Secrets{StatsPassword: secret.Password()}
	var err error
	if spec.Cookie == "" {
		if s.Cookie, err = cookie.Generate(cookie.Alphanumeric, cookie.DefaultLength(cookie.Alphanumeric)); err != nil {
			return s, err
		}
	}
	if spec.Database != nil {
		if err = drawDatabaseSecrets(&s, spec.Name); err != nil {
			return s, err
		}
	}
	if spec.Management.Enabled {
		keys, err := management.NewKeys(spec.Name)
		if err != nil {
			return s, err
		}
		s.Management = cluster.ManagementKeys(keys)
	}
	s.SecretKeyBase = secret.KeyBase()
	return s, nil
}

func drawDatabaseSecrets(s *cluster.Secrets, name string) (err error) {
	s.UserPassword, s.OwnerPassword = secret.Password(), secret.Password()
	if s.UserVerifier, err = secret.Verifier(s.UserPassword); err != nil {
		return err
	}
	if s.OwnerVerifier, err = secret.Verifier(s.OwnerPassword); err != nil {
		return err
	}
	s.DatabaseCAPEM, s.DatabaseCert, s.DatabaseKeyPEM, err = secret.DatabaseCertificates(cluster.DatabaseDNSName(name), time.Now())
	return err
}

// removeStrays deletes hosts of the cluster that the memory does not know: an
// apply that was killed made them, and nobody knows what they were told.
func (c *convergence) removeStrays(ctx context.Context) error {
	var strays []int
	for _, d := range c.obs.Hosts() {
		if _, known := c.mem.Hosts[d.ID]; !known {
			strays = append(strays, d.ID)
		}
	}
	return c.deleteDroplets(ctx, strays)
}

// removeFailed deletes hosts whose set-up failed, so that they are made anew. A
// load balancer that clients are led to stays until its successor serves: a late
// step may have failed, with HAProxy running.
func (c *convergence) removeFailed(ctx context.Context) error {
	var failed []int
	for _, d := range c.obs.Droplets {
		if c.mem.Hosts[d.ID].SetUpFailed && !c.isPublic(d.ID) {
			failed = append(failed, d.ID)
		}
	}
	return c.deleteDroplets(ctx, failed)
}

// tags creates what the firewalls are bound to: a firewall may only name tags
// that exist.
func (c *convergence) tags(ctx context.Context) error {
	var calls []func(context.Context) error
	for _, role := range c.spec.Roles() {
		tag := cluster.RoleTag(c.spec.Name, role)
		if slices.Contains(c.obs.Tags, tag) {
			continue
		}
		calls = append(calls, func(ctx context.Context) error { return c.api.CreateTag(ctx, tag) })
		c.obs.Tags = append(c.obs.Tags, tag)
	}
	return inParallel(ctx, calls...)
}

// firewalls creates what is missing and mends what differs.
func (c *convergence) firewalls(ctx context.Context) error {
	var calls []func(context.Context) error
	c.mem.RememberFirewalls(c.obs)
	for _, wanted := range c.spec.WantedFirewalls() {
		have, exists := c.obs.Firewall(wanted.Name)
		switch {
		case !exists:
			calls = append(calls, func(ctx context.Context) error { return c.createFirewall(ctx, wanted) })
		case !have.Same(wanted):
			wanted.ID = have.ID
			calls = append(calls, func(ctx context.Context) error { return c.api.UpdateFirewall(ctx, wanted) })
		}
	}
	return inParallel(ctx, calls...)
}

func (c *convergence) createFirewall(ctx context.Context, wanted cluster.Firewall) error {
	made, err := c.api.CreateFirewall(ctx, wanted)
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.obs.Firewalls = append(c.obs.Firewalls, made)
	c.mem.RememberFirewalls(c.obs)
	return nil
}

// settle mends what differs on hosts in place and waits until all hosts and
// peerings are up.
func (c *convergence) settle(ctx context.Context) error {
	var calls []func(context.Context) error
	for _, r := range c.spec.Repairs(c.obs, *c.mem) {
		calls = append(calls, func(ctx context.Context) error { return c.repair(ctx, r) })
	}
	if err := inParallel(ctx, calls...); err != nil {
		return err
	}
	if err := c.retag(ctx); err != nil {
		return err
	}
	if err := c.waitForPeerings(ctx); err != nil {
		return err
	}
	return c.waitFor(ctx, "all hosts to be active", slices.Collect(maps.Keys(c.mem.Hosts)), isActive)
}

func (c *convergence) repair(ctx context.Context, r cluster.Repair) error {
	tflog.Info(ctx, "repairing a droplet", map[string]any{"droplet": r.Droplet.Name, "repair": r.Kind})
	switch r.Kind {
	case cluster.RepairPower:
		return c.api.PowerOn(ctx, r.Droplet.ID)
	case cluster.RepairName:
		return c.api.Rename(ctx, r.Droplet.ID, r.Name)
	default:
		return c.api.SetBackups(ctx, r.Droplet.ID, r.Kind == cluster.RepairEnableBackups)
	}
}

func (c *convergence) retag(ctx context.Context) error {
	add, remove := c.spec.TagChanges(c.obs, *c.mem)
	for _, tag := range slices.Sorted(maps.Keys(add)) {
		if err := c.api.TagDroplets(ctx, tag, add[tag]); err != nil {
			return err
		}
	}
	for _, tag := range slices.Sorted(maps.Keys(remove)) {
		if err := c.api.UntagDroplets(ctx, tag, remove[tag]); err != nil {
			return err
		}
	}
	c.mem.UserTags = c.spec.Tags
	return nil
}

// project moves what is not there into the user's project.
func (c *convergence) project(ctx context.Context) error {
	if c.spec.ProjectID == "" {
		return nil
	}
	outside := c.obs.OutsideProject(*c.mem)
	if len(outside) == 0 {
		return nil
	}
	if err := c.api.AssignToProject(ctx, c.spec.ProjectID, outside); err != nil {
		return err
	}
	c.obs.ProjectURNs = append(c.obs.ProjectURNs, outside...)
	return nil
}

// finish marks the cluster as complete, for a later create of the same name.
func (c *convergence) finish(ctx context.Context) error {
	if c.obs.Finished() {
		return nil
	}
	tag := cluster.ReadyTag(c.spec.Name)
	if err := c.api.CreateTag(ctx, tag); err != nil {
		return fmt.Errorf("mark the cluster as complete: %w", err)
	}
	c.obs.Tags = append(c.obs.Tags, tag)
	return nil
}
