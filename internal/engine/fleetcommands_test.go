package engine_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"maps"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
	"github.com/beamcluster/terraform-provider-beam/internal/cookie"
	"github.com/beamcluster/terraform-provider-beam/internal/health"
	"github.com/beamcluster/terraform-provider-beam/internal/hostconfig"
	"github.com/beamcluster/terraform-provider-beam/internal/management"
)

// run carries out a command of beamctl on a host. Name gives the long name of a
// node.
func (f *fleet) run(ctx context.Context, id int, command string, stdin io.Reader, name func(*machine) string) ([]byte, error) {
	words := strings.Fields(command)
	if words[0] == "share-release" {
		return nil, f.share(ctx, id, command, stdin)
	}
	input, err := readAll(stdin)
	if err != nil {
		return nil, err
	}
	if words[0] == hostconfig.CommandFetch {
		return nil, f.fetch(ctx, id, command, input)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	m := f.machine(id)
	if m == nil {
		return nil, management.ErrLost
	}
	f.follow()
	switch words[0] {
	case hostconfig.CommandStatus, "await":
		return json.Marshal(f.report(m, name))
	case hostconfig.CommandSetNodes:
		return nil, m.setNodes(command, input)
	case "set-database", "let-go":
		return nil, nil
	case hostconfig.CommandApply:
		return nil, f.apply(m, command, input)
	case "stop":
		m.stopped = true
		return nil, nil
	case "store-release":
		return nil, f.storeRelease(m, command, words[1], input)
	case "migrate":
		return nil, f.migrate(m, command, words[1])
	}
	return f.runCookie(m, words, command, input, name)
}

func readAll(stdin io.Reader) ([]byte, error) {
	if stdin == nil {
		return nil, nil
	}
	return io.ReadAll(stdin)
}

func (m *machine) setNodes(command string, input []byte) error {
	var told struct{ Servers []server }
	if err := json.Unmarshal(input, &told); err != nil {
		return refuse(command, "stdin is not a list of servers")
	}
	names := map[string]bool{}
	for _, s := range told.Servers {
		if names[s.Name] {
			return refuse(command, "two servers have one name")
		}
		names[s.Name] = true
	}
	m.servers = told.Servers
	return nil
}

// apply takes a bundle over. A release that does not come up leaves the node with
// what it ran before, where that was asked for.
func (f *fleet) apply(m *machine, command string, input []byte) error {
	var bundle hostconfig.Bundle
	if err := json.Unmarshal(input, &bundle); err != nil {
		return refuse(command, "stdin is not a bundle")
	}
	files, release := maps.Clone(m.files), m.release
	for _, part := range bundle.Parts {
		maps.Copy(m.files, part)
	}
	if bundle.Release != nil {
		if !slices.Contains(m.store, bundle.Release.SHA256) {
			return refuse(command, "the release is not in this node's store")
		}
		m.release = bundle.Release.SHA256
	}
	if bundle.Restart == nil {
		return nil
	}
	m.cookie.running, m.stopped = m.cookie.file, false
	if !f.crashes[m.release] {
		return nil
	}
	if !bundle.Restart.Rollback {
		return refuse(command, "the release does not come up: exit code 1")
	}
	m.files, m.release = files, release
	return refuse(command, "the release does not come up: exit code 1; the node runs again what it ran before")
}

func (f *fleet) storeRelease(m *machine, command, want string, archive []byte) error {
	f.carried += len(archive)
	if sum := sha256.Sum256(archive); hex.EncodeToString(sum[:]) != want {
		return refuse(command, "the archive has another SHA-256")
	}
	m.keep(want)
	return nil
}

func (m *machine) keep(release string) {
	if !slices.Contains(m.store, release) {
		m.store = append(m.store, release)
	}
}

// fetch gets an archive from its URL, or from a node that shares it.
func (f *fleet) fetch(ctx context.Context, id int, command string, input []byte) error {
	var source hostconfig.ReleaseSource
	if err := json.Unmarshal(input, &source); err != nil {
		return refuse(command, "stdin does not say where a release is")
	}
	for began := time.Now(); ; {
		if done, err := f.tryFetch(id, source); done || err != nil {
			return err
		}
		if time.Since(began) > awaitShare {
			return refuse(command, "no node shares the release")
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(time.Second):
		}
	}
}

func (f *fleet) tryFetch(id int, source hostconfig.ReleaseSource) (bool, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	m := f.machine(id)
	switch {
	case m == nil:
		return false, management.ErrLost
	case slices.Contains(m.store, source.SHA256):
	case source.URL != "":
		f.fetched = append(f.fetched, m.Name)
	case !slices.ContainsFunc(f.all(), func(other *machine) bool {
		return other.on && other.sharing == source.SHA256 && slices.ContainsFunc(source.From, func(from string) bool { return other.sharesAt(from, m) })
	}):
		return false, nil
	}
	m.keep(source.SHA256)
	return true, nil
}

// share lets other nodes fetch a release until the input ends.
func (f *fleet) share(ctx context.Context, id int, command string, stdin io.Reader) error {
	f.mu.Lock()
	m := f.machine(id)
	sha256 := strings.Fields(command)[1]
	stores := m != nil && slices.Contains(m.store, sha256)
	if stores {
		m.sharing = sha256
	}
	f.mu.Unlock()
	if !stores {
		return refuse(command, "this node has no archive of the release")
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_, _ = io.Copy(io.Discard, stdin) // its end is all that counts
	}()
	select {
	case <-ended:
	case <-ctx.Done():
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	m.sharing = ""
	return context.Cause(ctx)
}

func (f *fleet) migrate(m *machine, command, release string) error {
	if !slices.Contains(m.store, release) {
		return refuse(command, "the release is not in this node's store")
	}
	f.migrations = append(f.migrations, release)
	return nil
}

func (f *fleet) runCookie(m *machine, words []string, command string, input []byte, name func(*machine) string) ([]byte, error) {
	switch words[0] {
	case hostconfig.CommandStageCookie:
		var told struct{ Cookie string }
		if err := json.Unmarshal(input, &told); err != nil {
			return nil, refuse(command, "stdin is not a cookie in JSON")
		}
		m.cookie.staged = told.Cookie
		return nil, nil
	case "switch-cookie":
		if cookie.Fingerprint(m.cookie.staged) != words[1] {
			return nil, refuse(command, "the cookie is not staged here; stage it first")
		}
		if !f.serves(m) {
			return nil, refuse(command, "the node did not switch to the staged cookie in time; is the release running?")
		}
		return json.Marshal(f.switchCookie(m, name))
	case "adopt-cookie":
		switch words[1] {
		case cookie.Fingerprint(m.cookie.staged):
			m.cookie.file, m.cookie.staged = m.cookie.staged, ""
		case cookie.Fingerprint(m.cookie.file):
		default:
			return nil, refuse(command, "the cookie is neither staged nor in use here; stage it first")
		}
		m.cookie.running = m.cookie.file
		return nil, nil
	}
	return nil, refuse(command, "no such command")
}

// switchCookie has the node and all that it is connected with use what is staged.
// One that was not given it stays connected with those that are.
func (f *fleet) switchCookie(m *machine, name func(*machine) string) health.SwitchReport {
	r := health.SwitchReport{Version: 1, Nodes: []string{}, Failed: []string{}}
	for _, other := range append([]*machine{m}, f.peers(m)...) {
		r.Nodes = append(r.Nodes, name(other))
		other.cookie.running = m.cookie.staged
		other.beside = other.cookie.staged != m.cookie.staged
	}
	return r
}

// peers are the nodes that one is connected with.
func (f *fleet) peers(m *machine) []*machine {
	return slices.DeleteFunc(f.all(), func(other *machine) bool {
		return other == m || !f.serves(other) || other.cookie.running != m.cookie.running || !f.meet(m, other)
	})
}

// report is what a host says of itself.
func (f *fleet) report(m *machine, name func(*machine) string) health.Report {
	r := health.Report{
		Version: 1, Role: m.role, Boot: health.BootReport{Status: health.BootDone},
		Service: health.ServiceReport{Unit: "beam.service", State: "active"},
	}
	switch m.role {
	case cluster.RoleDatabase:
		r.Postgres = &health.PostgresReport{Mounted: true, Ready: true}
	case cluster.RoleLoadBalancer:
		for _, s := range m.servers {
			up := slices.ContainsFunc(f.all(), func(node *machine) bool { return f.leadsTo(m, node, s) })
			r.Servers = append(r.Servers, health.ServerReport{Name: s.Name, Address: net.JoinHostPort(s.Address, strconv.Itoa(s.Port)), Up: up})
		}
	case cluster.RoleNode:
		f.reportNode(m, &r, name)
	}
	return r
}

func (f *fleet) reportNode(m *machine, r *health.Report, name func(*machine) string) {
	r.Database = &health.LoginReport{OK: true}
	r.Release = &health.ReleaseReport{Running: m.release[:min(16, len(m.release))]}
	r.Node = &health.NodeReport{
		Name: name(m), Started: f.serves(m), Nodes: slices.Clone(f.strangers),
		CookieFingerprint: cookie.Fingerprint(m.cookie.file), CookieRunning: cookie.Fingerprint(m.cookie.running),
	}
	switch {
	case m.release == "" || m.stopped:
		r.Service.State = "inactive"
		return
	case f.crashes[m.release]:
		r.Service = health.ServiceReport{Unit: "beam.service", State: "activating", ExitCode: 1, Restarts: 3, Log: []string{"init terminating in do_boot"}}
		return
	}
	for _, other := range f.peers(m) {
		r.Node.Nodes = append(r.Node.Nodes, name(other))
	}
}
