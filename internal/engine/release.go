package engine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"github.com/hashicorp/terraform-plugin-log/tflog"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
	"github.com/beamcluster/terraform-provider-beam/internal/hostconfig"
	"github.com/beamcluster/terraform-provider-beam/internal/plan"
)

const (
	// carryPatience is how long an archive may take to come to a node, however
	// slow the line.
	carryPatience = 30 * time.Minute
	// migratePatience is how long a migration may take.
	migratePatience = 30 * time.Minute
	// shareSeconds is how long a node shares an archive at most, which is all
	// that beamctl takes.
	shareSeconds = 999
)

// stored takes note that a node has the release in its store.
func (r *run) stored(id int, sha256 string) {
	r.record(func() {
		if record, known := r.mem.Hosts[id]; known {
			record.Stored = sha256
			r.mem.Hosts[id] = record
		}
	})
}

// fetchRelease has a node fetch the release from its URL.
func (r *run) fetchRelease(a plan.FetchRelease) (work, error) {
	source := hostconfig.ReleaseSource{SHA256: a.SHA256, URL: r.spec.Release.URL, Headers: r.spec.Release.Headers}
	stdin, err := source.Encode()
	if err != nil {
		return nil, err
	}
	contact := r.contact()
	return func(ctx context.Context) error {
		if err := contact.tell(ctx, a.Droplet, a.Name+" to fetch the release", carryPatience, hostconfig.CommandFetch, stdin); err != nil {
			return err
		}
		r.stored(a.Droplet.ID, a.SHA256)
		return nil
	}, nil
}

// pushRelease carries the release to one node.
func (r *run) pushRelease(a plan.PushRelease) work {
	contact, path := r.contact(), r.spec.Release.Path
	return func(ctx context.Context) error {
		file, err := os.Open(path) //nolint:gosec // the user names it
		if err != nil {
			return fmt.Errorf("release.path: %w; no node has the release yet, so that it is needed", err)
		}
		defer func() { _ = file.Close() }() // it was read only
		tflog.Info(ctx, "carrying the release to a node", map[string]any{"droplet": a.Name, "path": path})
		if _, err := contact.command(ctx, a.Droplet, carryPatience, hostconfig.CommandStore(a.SHA256), file); err != nil {
			return fmt.Errorf("carry the release to %s: %w", a.Name, err)
		}
		r.stored(a.Droplet.ID, a.SHA256)
		return nil
	}
}

// spreadRelease has nodes fetch the release from one that has it, which shares it
// meanwhile.
func (r *run) spreadRelease(a plan.SpreadRelease) (work, error) {
	source := hostconfig.ReleaseSource{SHA256: a.SHA256, From: []string{r.spec.ShareAddress(*r.mem, a.From)}}
	stdin, err := source.Encode()
	if err != nil {
		return nil, err
	}
	contact := r.contact()
	return func(ctx context.Context) error {
		sharing, end := context.WithCancel(ctx)
		open, shut := io.Pipe() // the node shares for as long as its input is open
		shared := make(chan error, 1)
		go func() {
			_, err := contact.command(sharing, a.From, carryPatience, hostconfig.CommandShare(a.SHA256, shareSeconds), open)
			shared <- err
		}()
		var calls []func(context.Context) error
		for _, to := range a.To {
			calls = append(calls, func(ctx context.Context) error {
				if err := contact.tell(ctx, to, to.Name+" to fetch the release from "+a.From.Name, carryPatience, hostconfig.CommandFetch, stdin); err != nil {
					return err
				}
				r.stored(to.ID, a.SHA256)
				return nil
			})
		}
		err := inParallel(ctx, calls...)
		_ = shut.Close() // always nil
		end()
		if shareErr := <-shared; err != nil && !errors.Is(shareErr, context.Canceled) {
			return errors.Join(err, shareErr)
		}
		return err
	}, nil
}

// migrate runs the release's migration on one node, in the environment that the
// release is to run in.
func (r *run) migrate(a plan.Migrate) (work, error) {
	bundle, _, err := r.bundle(plan.Apply{
		Droplet: a.Droplet, Name: a.Name, Role: cluster.RoleNode, Parts: []hostconfig.Part{hostconfig.PartEnvironment, hostconfig.PartRelease},
	})
	if err != nil {
		return nil, fmt.Errorf("configuration of %s: %w", a.Name, err)
	}
	contact := r.contact()
	return func(ctx context.Context) error {
		tflog.Info(ctx, "migrating the database", map[string]any{"droplet": a.Name})
		if err := contact.tell(ctx, a.Droplet, a.Name+" to migrate the database", migratePatience, hostconfig.CommandMigrate(a.SHA256), bundle); err != nil {
			return err
		}
		r.record(func() { r.mem.Migrated = a.SHA256 })
		return nil
	}, nil
}

// migratesAtBoot takes note of the migration that nodes which are made now run
// before their release starts. Others that go on to the release do not wait for
// those: it runs for them first.
func (r *run) migratesAtBoot() {
	release := r.spec.Release
	if release == nil || release.URL == "" || release.Migrate == "" {
		return
	}
	runs := func(s plan.Step) bool { _, is := s.Action.(plan.Migrate); return is }
	if !slices.ContainsFunc(r.plan().Steps, runs) {
		r.mem.Migrated = release.SHA256
	}
}
