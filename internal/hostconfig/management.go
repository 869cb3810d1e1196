package hostconfig

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"

	"github.com/beamcluster/terraform-provider-beam/internal/cookie"
)

// ManagementUser is the login that the provider uses on hosts with Management.
// Whatever it asks for, sshd runs beamctl.
const ManagementUser = "beamctl"

// publicKey is an Ed25519 key as a line of authorized_keys without options.
var publicKey = regexp.MustCompile(`^ssh-ed25519 [A-Za-z0-9+/]+=*( [!-~]+)?$`)

// validate names what is wrong and never shows a key.
func (m Management) validate() error {
	if !publicKey.MatchString(m.AuthorizedKey) || !publicKey.MatchString(m.HostPublicKey) {
		return errors.New("the management keys must be Ed25519 keys, each in one line")
	}
	if m.HostKeyPEM == "" {
		return errors.New("the private host key is missing")
	}
	return nil
}

// addManagement gives the host beamctl, if it has Management. Modules are the
// parts of beamctl that are about this kind of host, and settings what it has to
// know. All of it are files, because a host whose boot script fails must still be
// able to say so.
func (d *Document) addManagement(b Base, modules []string, settings any) error {
	if b.Management == nil {
		return nil
	}
	encoded, err := json.Marshal(settings)
	if err != nil {
		return fmt.Errorf("encode the settings of beamctl: %w", err)
	}
	d.Files = append(d.Files, File{Path: "/etc/beam/management.json", Mode: "0600", Content: string(encoded) + "\n"})
	var programs []program
	for _, module := range append([]string{"main.py", "host.py", "changes.py", "apply.py", "keys.py"}, modules...) {
		programs = append(programs, program{"management/beamctl/" + module, "/usr/local/lib/beam/beamctl/" + module, "0644"})
	}
	if err := d.addPrograms(programs); err != nil {
		return err
	}
	if err := d.addSteps(b, []templateStep{{"recover", "undo changes that a power cut ends", "management/recover.sh"}}); err != nil {
		return err
	}
	return d.addFiles(b, []templateFile{
		{File{Path: beamctlProgram, Mode: "0700"}, "management/beamctl.sh"},
		{File{Path: "/etc/systemd/system/beam-recover.service", Mode: "0644"}, "management/beam-recover.service"},
		{File{Path: "/etc/beam/beamctl.keys", Mode: "0644"}, "management/beamctl.keys"},
		{File{Path: "/etc/ssh/sshd_config.d/20-beamctl.conf", Mode: "0644"}, "management/sshd.conf"},
		{File{Path: "/etc/sudoers.d/beamctl", Mode: "0440"}, "management/sudoers"},
	})
}

// addManagement puts the login and the host key into the document. cloud-init
// makes both before sshd starts, so that the first connection is to the right
// host already.
func (c *cloudConfig) addManagement(m *Management) {
	if m == nil {
		return
	}
	c.Users = []any{"default", cloudSystemUser{
		Name: ManagementUser, System: true, Home: "/", Shell: "/bin/sh", LockPassword: true,
	}}
	c.SSHKeys = &cloudKeys{Private: m.HostKeyPEM, Public: m.HostPublicKey}
}

type cloudSystemUser struct {
	Name         string `yaml:"name"`
	System       bool   `yaml:"system"`
	Home         string `yaml:"homedir"`
	Shell        string `yaml:"shell"` // runs what sshd is made to run; there is no other login
	LockPassword bool   `yaml:"lock_passwd"`
}

type cloudKeys struct {
	Private string `yaml:"ed25519_private"`
	Public  string `yaml:"ed25519_public"`
}

// The settings of beamctl on each kind of host. Role is as in the host's tag, User the
// host's, and Parts are what it can be told with CommandApply.
type nodeSettings struct {
	Role       string   `json:"role"`
	User       string   `json:"user"`
	CookieFile string   `json:"cookie_file"`
	EPMDPort   int      `json:"epmd_port"`
	HTTPPort   int      `json:"http_port"`
	Program    string   `json:"program"`            // of the release; missing until there is one
	Database   string   `json:"database,omitempty"` // its name in the hosts file
	Parts      manifest `json:"parts"`
}

type loadBalancerSettings struct {
	Role  string   `json:"role"`
	User  string   `json:"user"`
	Parts manifest `json:"parts"`
}

type databaseSettings struct {
	Role  string   `json:"role"`
	User  string   `json:"user"`
	Name  string   `json:"name"`
	Roles []string `json:"roles"`
	Parts manifest `json:"parts"`
}

// manifest lists the files of each part that a host can be told.
type manifest map[Part]map[string]fileKind

type fileKind struct {
	Mode  string `json:"mode"`
	Owner string `json:"owner,omitempty"` // "user:group"; empty is root
}

// manifest lists the document's files by those of the parts that running hosts can
// be told. The cookie has commands of its own.
func (d *Document) manifest(parts Parts) manifest {
	found := manifest{}
	for part := range parts {
		if part != PartFixed && part != PartLogin && part != PartCookie {
			found[part] = map[string]fileKind{}
		}
	}
	for _, file := range d.Files {
		if files, told := found[file.Part]; told {
			files[file.Path] = fileKind{file.Mode, file.Owner}
		}
	}
	return found
}

func (d *Document) nodeSettings(n Node, program string) nodeSettings {
	return nodeSettings{
		Role: "node", User: n.User, CookieFile: n.cookieFile(), EPMDPort: n.EPMDPort, HTTPPort: n.HTTPPort, Program: program,
		Database: n.DatabaseName, Parts: d.manifest(n.Parts()),
	}
}

// The commands of beamctl, as they are sent to hosts.
const (
	CommandStatus   = "status"
	CommandSetNodes = "set-nodes"     // its stdin is SetNodesInput
	CommandApply    = "apply"         // its stdin is a Bundle
	CommandFetch    = "fetch-release" // its stdin is a ReleaseSource

	// CommandExportACME prints what a load balancer has from its certificate
	// authority, for CommandImportACME on the one that follows it.
	CommandExportACME = "export-acme"
	CommandImportACME = "import-acme" // its stdin is what CommandExportACME printed
	// CommandCookie prints the fingerprints of a node's cookies, a health.CookieReport.
	CommandCookie = "cookie"
	// CommandStageCookie keeps the cookie in its stdin, StageCookieInput, beside the
	// one that the node goes on using, until CommandAdoptCookie.
	CommandStageCookie = "stage-cookie"
)

// CommandSwitchCookie has the node and all that it is connected with use the
// cookie of this fingerprint, which must be staged on each, and prints a
// health.SwitchReport. Their connections stay.
func CommandSwitchCookie(fingerprint string) string { return "switch-cookie " + fingerprint }

// CommandAdoptCookie makes the staged cookie of this fingerprint the one that the
// node uses, now and after a restart.
func CommandAdoptCookie(fingerprint string) string { return "adopt-cookie " + fingerprint }

// CommandAwait waits on the host, at most the given number of seconds (0 to 999),
// until it is as it should be or has failed, and prints its status.
func CommandAwait(seconds int) string { return fmt.Sprintf("await %d", seconds) }

// CommandStop ends a node's release for good: connections are given so many
// seconds (0 to 9999) to end, and then the release is stopped as systemd does.
func CommandStop(drainSeconds int) string { return fmt.Sprintf("stop %d", drainSeconds) }

// CommandLetGo has a load balancer part with clients whom another one answers by now:
// what lasts, such as WebSockets, is given so many seconds (0 to 9999) to end.
func CommandLetGo(drainSeconds int) string { return fmt.Sprintf("let-go %d", drainSeconds) }

// CommandStore puts the archive on stdin, which must have the SHA-256, into the
// node's store of releases.
func CommandStore(sha256 string) string { return "store-release " + sha256 }

// CommandShare lets other nodes of the cluster fetch the archive for so many
// seconds (1 to 999), on the last distribution port.
func CommandShare(sha256 string, seconds int) string {
	return fmt.Sprintf("share-release %s %d", sha256, seconds)
}

// CommandMigrate runs the migration of a release in the node's store. Its stdin is
// a Bundle of the environment and the release, which hold for the migration only.
func CommandMigrate(sha256 string) string { return "migrate " + sha256 }

// CommandSetDatabase tells a node the IPv4 address of its database.
func CommandSetDatabase(address string) string { return "set-database " + address }

// SetNodesInput lists the servers that a load balancer shall have from now on,
// for CommandSetNodes.
func SetNodesInput(servers []Server) ([]byte, error) {
	type server struct {
		Name    string `json:"name"`
		Address string `json:"address"`
		Port    int    `json:"port"`
	}
	input := struct {
		Servers []server `json:"servers"`
	}{[]server{}}
	for _, s := range servers {
		if err := s.validate(); err != nil {
			return nil, err
		}
		input.Servers = append(input.Servers, server(s))
	}
	return json.Marshal(input)
}

// StageCookieInput is a cookie for CommandStageCookie.
func StageCookieInput(value string) ([]byte, error) {
	if err := cookie.Check(value); err != nil {
		return nil, err
	}
	return json.Marshal(struct {
		Version int    `json:"version"`
		Cookie  string `json:"cookie"`
	}{1, value})
}
