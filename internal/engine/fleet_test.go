package engine_test

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
	"github.com/beamcluster/terraform-provider-beam/internal/hostconfig"
	"github.com/beamcluster/terraform-provider-beam/internal/management"
	"github.com/beamcluster/terraform-provider-beam/internal/simulator"
)

// fleet are the hosts that the simulator's droplets are made of. Each does what it
// was told by its user data and by beamctl's commands, and keeps it.
type fleet struct {
	mu         sync.Mutex
	machines   map[int]*machine // by droplet id
	crashes    map[string]bool  // releases, by SHA-256, that end as soon as they start
	strangers  []string         // nodes that every node is connected with and nobody knows
	migrations []string         // SHA-256 of releases whose migration was run by a command
	fetched    []string         // names of nodes that got an archive from its URL
	carried    int              // bytes that came over the channel
	booted     []string         // those whose migration a first boot ran
	unpeered   bool             // hosts of two VPCs do not reach each other
	boots      time.Duration    // from a droplet's create until what it was told is done
}

func newFleet() *fleet { return &fleet{machines: map[int]*machine{}, crashes: map[string]bool{}} }

// machine is one host.
type machine struct {
	simulator.Host
	created time.Time
	on      bool
	role    string            // empty for a host that is not the provider's
	files   map[string]string // that it was told, by path
	ports   listening
	cookie  cookies
	store   []string // SHA-256 of releases, the one that was used last first
	release string   // that it runs; empty for none
	sharing string   // the release that other nodes may fetch
	beside  bool     // another node gave it a cookie that is not in its files
	stopped bool
	servers []server // that a load balancer leads to
}

// cookies are those of a node, as beamctl knows them.
type cookies struct{ file, staged, running string }

// server is what a load balancer is told of a node.
type server struct {
	Name, Address string
	Port          int
}

// Create implements simulator.Hosts.
func (f *fleet) Create(host simulator.Host) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.machines[host.DropletID] = &machine{Host: host, created: time.Now(), on: true}
	return nil
}

// Power implements simulator.Hosts. What a node starts with is in its files.
func (f *fleet) Power(id int, on bool) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	m, exists := f.machines[id]
	if !exists {
		return errors.New("no such host")
	}
	m.on = on
	m.cookie.running = m.cookie.file
	return nil
}

// Running implements simulator.Hosts.
func (f *fleet) Running(id int) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.machines[id] != nil && f.machines[id].on
}

// Destroy implements simulator.Hosts.
func (f *fleet) Destroy(id int) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.machines, id)
	return nil
}

// machine is the host of the droplet, booted; nil for one that is gone.
func (f *fleet) machine(id int) *machine {
	m := f.machines[id]
	if m != nil && m.files == nil {
		m.boot()
		if program := m.files["/usr/local/lib/beam/migrate"]; program != "" && !strings.Contains(program, "has no migration") {
			f.booted = append(f.booted, m.release)
		}
	}
	return m
}

// all are the hosts that the provider made, the oldest first.
func (f *fleet) all() []*machine {
	var all []*machine
	for _, id := range slices.Sorted(maps.Keys(f.machines)) {
		if m := f.machine(id); m.role != "" {
			all = append(all, m)
		}
	}
	return all
}

// boot does what the user data says.
func (m *machine) boot() {
	m.files = filesOf(m.UserData)
	m.ports = m.listens()
	for path, content := range m.files {
		switch {
		case path == "/etc/haproxy/beam/nodes.cfg":
			m.role, m.servers = cluster.RoleLoadBalancer, serversOf(content)
		case strings.HasPrefix(path, "/etc/beam/postgresql/"):
			m.role = cluster.RoleDatabase
		case strings.HasSuffix(path, "/.erlang.cookie"):
			m.role = cluster.RoleNode
			m.cookie.file = strings.TrimSpace(content)
			m.cookie.running = m.cookie.file
		case path == "/etc/beam/release.json":
			m.fetchAtBoot(content)
		}
	}
}

func (m *machine) fetchAtBoot(settings string) {
	var told struct{ Source *hostconfig.ReleaseSource }
	if err := json.Unmarshal([]byte(settings), &told); err != nil {
		panic(err) // hostconfig wrote it
	}
	if told.Source != nil {
		m.release, m.store = told.Source.SHA256, []string{told.Source.SHA256}
	}
}

// filesOf are the files of a #cloud-config by path, empty for other user data.
func filesOf(userData string) map[string]string {
	var config struct {
		Files []struct{ Path, Encoding, Content string } `yaml:"write_files"`
	}
	files := map[string]string{}
	if yaml.Unmarshal([]byte(userData), &config) != nil {
		return files
	}
	for _, f := range config.Files {
		files[f.Path] = decoded(f.Content, f.Encoding)
	}
	return files
}

func decoded(content, encoding string) string {
	if encoding == "" {
		return content
	}
	raw, err := base64.StdEncoding.DecodeString(content)
	if err == nil && strings.HasPrefix(encoding, "gz") {
		var unzipped *gzip.Reader
		if unzipped, err = gzip.NewReader(bytes.NewReader(raw)); err == nil {
			raw, err = io.ReadAll(unzipped)
		}
	}
	if err != nil {
		panic(err) // hostconfig wrote it
	}
	return string(raw)
}

// serversOf reads the servers of HAProxy's configuration.
func serversOf(config string) (all []server) {
	for line := range strings.Lines(config) {
		if words := strings.Fields(line); len(words) > 2 && words[0] == "server" {
			address, port, _ := strings.Cut(words[2], ":")
			number, _ := strconv.Atoi(port) // hostconfig wrote it
			all = append(all, server{words[1], address, number})
		}
	}
	return all
}

// serves says that the node's release is up.
func (f *fleet) serves(m *machine) bool {
	return m.role == cluster.RoleNode && m.on && !m.stopped && m.release != "" && !f.crashes[m.release] && time.Since(m.created) >= f.boots
}

// follow lets each node use the cookie that its dialer would: the staged one once
// a node does that it meets, and the file's where none is staged.
func (f *fleet) follow() {
	nodes := slices.DeleteFunc(f.nodes(), func(m *machine) bool { return !f.serves(m) })
	for range nodes {
		for _, m := range nodes {
			switch staged := m.cookie.staged; {
			case staged == "":
				m.cookie.running = m.cookie.file
			case slices.ContainsFunc(nodes, func(other *machine) bool { return other.cookie.running == staged && f.meet(m, other) }):
				m.cookie.running = staged
			}
		}
	}
}

// has says that the address is one of the host's own.
func (m *machine) has(address string) bool {
	return m.PublicIPv4.String() == address || m.PrivateIPv4.Addr().String() == address
}

// refuse is how a command of beamctl ends that the host does not carry out.
func refuse(command, why string) error {
	return &management.CommandError{Command: command, Status: 1, Stderr: why}
}

// nodeName gives the long names of a cluster's nodes, and of those beside it, which
// may have been told to be called otherwise before the @.
func nodeName(spec cluster.Spec) func(*machine) string {
	return func(m *machine) string {
		named := spec
		for line := range strings.Lines(m.files["/etc/beam/node.env"]) {
			if name, found := strings.CutPrefix(line, "RELEASE_NODE="); found {
				named.Distribution.Basename, _, _ = strings.Cut(name, "@")
			}
		}
		return named.NodeName(cluster.Memory{}, cluster.Droplet{PublicIPv4: m.PublicIPv4.String(), PrivateIPv4: m.PrivateIPv4.Addr().String()})
	}
}

// awaitShare is how long a node looks for one that shares a release.
const awaitShare = 20 * time.Second
