package hostconfig

import (
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"

	"github.com/beamcluster/terraform-provider-beam/internal/beam"
	"github.com/beamcluster/terraform-provider-beam/internal/cookie"
)

// Kinds of release; an unknown release is taken for one of mix.
const (
	KindMix    = "mix"
	KindRebar3 = "rebar3"
)

// learnedFile is where a node remembers the nodes that it has met, in the
// folder that its systemd unit may write to.
const learnedFile = "/var/lib/beam-node/learned"

// nodesFile is where a running node shows whom it is connected with. systemd
// makes the folder anew at each start of the node, so that the file never tells
// of an earlier one.
const nodesFile = "/run/beam/nodes"

// The files through which beamctl and a running node change the cookie. The
// folders of the first and the third are root's, so that nobody else can stage
// a cookie or place a request; those of the other two are as that of nodesFile.
const (
	stagedCookieFile  = "/etc/beam/cookie.staged"
	runningCookieFile = "/run/beam/cookie"
	requestFile       = "/run/beam-request"
	answerFile        = "/run/beam/answer"
)

// DefaultPoolSize is the number of database connections of a node, Ecto's own
// default.
const DefaultPoolSize = 10

// Render gives the node's #cloud-config. The error is a *TooLargeError, or says
// which part of the description no host can carry.
func (n Node) Render() ([]byte, error) {
	d, err := n.document()
	if err != nil {
		return nil, err
	}
	return d.render(n.Base)
}

// Fingerprint identifies what the host is told, peers left out: it goes on
// learning of other nodes without being told. With Management the address of the
// database is left out too, because it can be told later.
func (n Node) Fingerprint() string {
	n.Peers = nil
	if n.Management != nil {
		n.DatabaseAddress = ""
	}
	if n.Release != nil && n.Release.Keep == DefaultKeep {
		release := *n.Release
		release.Keep = 0 // as hosts were told that were made before there was a choice
		n.Release = &release
	}
	return fingerprint(n)
}

func (n Node) document() (Document, error) {
	if err := n.validate(); err != nil {
		return Document{}, err
	}
	d, err := newDocument(n.Base,
		PortRange{n.HTTPPort, n.HTTPPort},
		PortRange{n.EPMDPort, n.EPMDPort},
		PortRange{n.PortMin, n.PortMax})
	if err != nil {
		return Document{}, err
	}
	view, err := n.view()
	if err != nil {
		return Document{}, err
	}
	d.Packages = append(d.Packages, n.packages()...)
	release, err := n.releaseFile()
	if err != nil {
		return Document{}, err
	}
	d.Files = append(d.Files, append(n.files(), release)...)
	if err := d.addPrograms(n.programs()); err != nil {
		return Document{}, err
	}
	if err := d.addFiles(view, n.templateFiles()); err != nil {
		return Document{}, err
	}
	if err := errors.Join(d.addSteps(view, n.hostSteps()), d.addBroughtSteps(n.Brought), d.addSteps(view, n.releaseSteps())); err != nil {
		return Document{}, err
	}
	d.listPackages()
	return d, d.addManagement(n.Base, []string{"node.py", "drain.py", "restart.py", "releases.py", "share.py", "cookie.py"}, d.nodeSettings(n, view.Program))
}

// validate repeats the checks of a plan, because what fails here would end in a
// host that silently differs from what was asked for.
func (n Node) validate() error {
	if err := cookie.Check(n.Cookie); err != nil {
		return err
	}
	if err := beam.CheckBasename(n.Basename); err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(n.Environment)) {
		if err := beam.CheckEnvironment(name, n.Environment[name]); err != nil {
			return fmt.Errorf("environment: %w", err)
		}
	}
	for _, tool := range n.Toolchain {
		if err := Tool.check("host.toolchain", tool); err != nil {
			return err
		}
	}
	for _, at := range slices.Sorted(maps.Keys(n.Files)) {
		if err := FilePath(n.App).check("host.files", at); err != nil {
			return err
		}
		for _, folder := range n.service().WritablePaths {
			if InTheWay(at, folder) {
				return fmt.Errorf("host.files has %q, and release.service.writable_paths %q", at, folder)
			}
		}
	}
	if err := n.service().validate(n.App, n.User); err != nil {
		return err
	}
	for _, ports := range n.UDPPorts {
		if err := UDPPort.check("release.udp_ports", ports); err != nil {
			return err
		}
	}
	if n.migrates() {
		return Migration.check("release.migrate", n.Release.Migrate)
	}
	return nil
}

// packages are those of the toolchain, with what building native code needs.
func (n Node) packages() []string {
	var packages []string
	for _, tool := range n.Toolchain {
		packages = append(packages, toolPackages[tool]...)
	}
	if n.Management != nil && n.DatabaseName != "" {
		// beamctl tries the app's login with psql.
		packages = append(packages, "postgresql-client")
	}
	if len(n.Toolchain) > 0 {
		packages = append(packages, "build-essential", "git")
	}
	return packages
}

// toolPackages leave out Erlang's graphical applications.
var toolPackages = map[string][]string{
	"erlang": {"erlang-nox", "erlang-dev", "rebar3"},
	"elixir": {"elixir", "erlang-dev"},
	"nodejs": {"nodejs", "npm"},
}

// vm is what the VM is told.
func (n Node) vm() beam.Node {
	return beam.Node{
		Basename:      n.Basename,
		PortMin:       n.PortMin,
		PortMax:       n.PortMax,
		Peers:         n.Peers,
		Sync:          n.Sync,
		SyncTimeoutMS: n.SyncTimeoutMS,
		Dir:           beam.ConfigDir,
		LearnedFile:   learnedFile,
		NodesFile:     nodesFile,
		CookieFile:    n.cookieFile(),
		StagedFile:    stagedCookieFile,
		RunningFile:   runningCookieFile,
		RequestFile:   requestFile,
		AnswerFile:    answerFile,
	}
}

// environment is what the release is told, the user's own variables last.
func (n Node) environment() map[string]string {
	variables := map[string]string{
		"PORT":       fmt.Sprint(n.HTTPPort),
		"PHX_SERVER": "true",
		"LANG":       n.Locale,
	}
	if name := n.publicHost(); name != "" {
		variables[publicHostVariable] = name
	}
	if n.SecretKeyBase != "" {
		variables["SECRET_KEY_BASE"] = n.SecretKeyBase
	}
	if n.DatabaseURL != "" {
		variables["DATABASE_URL"] = n.DatabaseURL
		variables["POOL_SIZE"] = fmt.Sprint(DefaultPoolSize)
	}
	maps.Copy(variables, n.Environment)
	return variables
}

// publicHostVariable tells the release the name that people know it by.
const publicHostVariable = "PHX_HOST"

// publicHost is PublicHost, unless the user's own variables have a name: then it
// counts for nothing, and another one changes nothing.
func (n Node) publicHost() string {
	if _, named := n.Environment[publicHostVariable]; named {
		return ""
	}
	return n.PublicHost
}

// fetched says that the first boot fetches the release.
func (n Node) fetched() bool {
	return n.Release != nil && n.Release.URL != ""
}

// stored says that the node gets its release from the provider and keeps it in
// its store; else it is prepared for one that is put there over SSH.
func (n Node) stored() bool {
	return n.fetched() || n.Release != nil && n.Release.Pushed
}

func (n Node) migrates() bool {
	return n.Release != nil && n.Release.Migrate != ""
}

// mayMigrate says that the release migrates, or that a later one may, of which a
// running host can be told.
func (n Node) mayMigrate() bool {
	return n.migrates() || n.Management != nil && n.Release != nil
}

func (n Node) kind() string {
	if n.Release != nil && n.Release.Kind == KindRebar3 {
		return KindRebar3
	}
	return KindMix
}

// root is the folder of the release.
func (n Node) root() string {
	return path.Join(beam.ReleasesDir, n.App)
}

// home is the home folder that useradd gives the user.
func (n Node) home() string { return homeOf(n.User) }

func homeOf(user string) string { return path.Join("/home", user) }

func (n Node) cookieFile() string { return path.Join(n.home(), ".erlang.cookie") }
