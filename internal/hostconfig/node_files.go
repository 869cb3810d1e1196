package hostconfig

import (
	"cmp"
	"path"
	"strconv"
	"strings"

	"github.com/beamcluster/terraform-provider-beam/internal/beam"
)

// nodeView is what the node's templates may use.
type nodeView struct {
	Node
	Kind              string // "mix" or "rebar3"
	Root              string // folder of the release
	Program           string // its start script
	StartCommand      string // the script's command that stays in the foreground
	OwnVMArgs         string // the cluster's flags, to follow the release's own
	Home              string
	Name              string // of the release
	Store             string // folder of the releases that the node keeps
	MigrateUnit       string // runs the migration of the release
	LongName          string // with the address still to be filled in
	CookiePlaceholder string
	Process           string // what the units that run the release share
	PeersFile         string
	StagedFile        string // the cookie of a rotation that is under way
	Unit              Service
}

func (n Node) view() (nodeView, error) {
	name := n.releaseName()
	view := nodeView{
		Node:              n,
		Kind:              n.kind(),
		Root:              n.root(),
		Program:           path.Join(n.root(), "bin", name),
		StartCommand:      "start",
		OwnVMArgs:         path.Join(beam.ConfigDir, beam.ReleaseVMArgsFile),
		Home:              n.home(),
		Name:              name,
		Store:             releaseStore,
		LongName:          beam.LongName(n.Basename, beam.AddressToken),
		CookiePlaceholder: beam.CookiePlaceholder,
		PeersFile:         path.Join(beam.ConfigDir, beam.PeersFile),
		StagedFile:        stagedCookieFile,
		Unit:              n.service(),
	}
	if view.Kind == KindRebar3 {
		view.StartCommand = "foreground"
		view.OwnVMArgs = path.Join(beam.ConfigDir, beam.VMArgsFile)
	}
	if n.fetched() {
		view.MigrateUnit = "beam-migrate@" + storeKey(n.Release.SHA256) + ".service"
	}
	process, err := renderTemplate("node/process.conf", view)
	view.Process = strings.TrimSuffix(process, "\n")
	return view, err
}

// files are those that package beam renders, and the secrets. systemd reads the
// environment as root; only the cookie is for the VM itself to read.
func (n Node) files() []File {
	vm := n.vm()
	owner := n.User + ":" + n.User
	files := []File{
		{Path: n.cookieFile(), Owner: owner, Mode: "0400", Content: n.Cookie, Deferred: true},
		configFile(beam.VMArgsFile, "0644", vm.VMArgs()),
		configFile(beam.ReleaseVMArgsFile, "0644", vm.ReleaseVMArgs()),
		configFile(beam.RemoteVMArgsFile, "0644", vm.RemoteVMArgs()),
		configFile(beam.SysConfigFile, "0644", vm.SysConfig()).of(PartVM),
		configFile("sync.env", "0644", beam.EnvironmentFile(n.syncEnvironment())).of(PartVM),
		configFile(beam.PeersFile, "0644", vm.PeersFileContent()).of(PartPeers),
		configFile(beam.DialerFile, "0644", vm.Dialer()),
		configFile("env", "0600", beam.EnvironmentFile(n.environment())).of(PartEnvironment),
	}
	if n.DatabaseCAPEM != "" {
		files = append(files, File{
			Path:    "/usr/local/share/ca-certificates/beam-" + n.Cluster + ".crt",
			Mode:    "0644",
			Content: n.DatabaseCAPEM,
		})
	}
	if n.migrates() || n.Management != nil { // a release that migrates may come later
		files = append(files, configFile("migrate.env", "0600", beam.EnvironmentFile(n.migrationEnvironment())).of(PartEnvironment))
	}
	if n.mayMigrate() && n.kind() == KindRebar3 {
		expression := cmp.Or(n.Release.Migrate, "ok") + ".\n"
		files = append(files, File{Path: path.Join(beam.ConfigDir, "migrate.eval"), Mode: "0644", Content: expression, Part: PartRelease})
	}
	return files
}

func (n Node) migrationEnvironment() map[string]string {
	if n.MigrationDatabaseURL == "" {
		return nil
	}
	return map[string]string{"DATABASE_URL": n.MigrationDatabaseURL}
}

// syncEnvironment tells what starts the VM how long it may wait for its peers.
func (n Node) syncEnvironment() map[string]string {
	timeout := n.SyncTimeoutMS
	if n.Sync == beam.SyncNone {
		timeout = 0
	}
	return map[string]string{"BEAM_SYNC_TIMEOUT_MS": strconv.Itoa(timeout)}
}

func configFile(name, mode, content string) File {
	return File{Path: path.Join(beam.ConfigDir, name), Mode: mode, Content: content}
}

// programs are those that need nothing filled in.
func (n Node) programs() []program {
	return append(releasePrograms(),
		program{"node/epmd.py", "/usr/local/lib/beam/epmd.py", "0644"},
		program{"node/await-peers.py", "/usr/local/lib/beam/await-peers", "0755"},
	)
}

func (n Node) templateFiles() []templateFile {
	files := []templateFile{
		{File{Path: "/etc/beam/node.env", Mode: "0644"}, "node/node.env"},
		{File{Path: "/etc/sysctl.d/61-beam-node.conf", Mode: "0644"}, "node/sysctl.conf"},
		{File{Path: "/etc/systemd/system/beam.service", Mode: "0644"}, "node/beam.service"},
		{File{Path: "/usr/local/lib/beam/fill-address", Mode: "0755"}, "node/fill-address.sh"},
		{File{Path: "/usr/local/lib/beam/join-vm-args", Mode: "0755"}, "node/join-vm-args.sh"},
		{File{Path: "/usr/local/lib/beam/hold-env", Mode: "0755"}, "node/hold-env.sh"},
		{File{Path: "/usr/local/bin/beam-console", Mode: "0755"}, "node/beam-console.sh"},
	}
	if n.mayMigrate() {
		files = append(files,
			templateFile{File{Path: migrateProgram, Mode: "0755", Part: PartRelease}, "node/migrate.sh"},
			templateFile{File{Path: "/etc/systemd/system/beam-migrate@.service", Mode: "0644"}, "node/beam-migrate@.service"})
	}
	return files
}

// hostSteps make the host one that a node can run on.
func (n Node) hostSteps() []templateStep {
	steps := []templateStep{
		{"address", "find the node's address", "node/address.sh"},
		{"environment", "tell logins of the node", "node/environment.sh"},
		{"epmd", "leave epmd to the node", "node/epmd.sh"},
	}
	if n.DatabaseName != "" {
		steps = append(steps, templateStep{"database-name", "name the database", "node/hosts.sh"})
	}
	if n.DatabaseCAPEM != "" {
		steps = append(steps, templateStep{"certificates", "trust the cluster's certificates", "node/certificate.sh"})
	}
	if len(n.UDPPorts) > 0 {
		steps = append(steps, templateStep{"udp-ports", "open ports of UDP", "node/udp-ports.sh"})
	}
	return steps
}

// releaseSteps end with the node started, or ready to be started by a deploy.
func (n Node) releaseSteps() []templateStep {
	var steps []templateStep
	if len(n.service().WritablePaths) > 0 {
		steps = append(steps, templateStep{"writable-paths", "make the folders that the release writes to", "node/writable-paths.sh"})
	}
	if !n.stored() {
		steps = append(steps, templateStep{"release-folder", "prepare for a release", "node/prepare.sh"})
	}
	if n.fetched() {
		steps = append(steps, templateStep{"release", "fetch the release", "node/fetch.sh"})
	}
	if n.fetched() && n.migrates() {
		steps = append(steps, templateStep{"migrate", "migrate the database", "node/migrate-step.sh"})
	}
	return append(steps, templateStep{"start", "start the node", "node/start.sh"})
}
