package hostconfig_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/beamcluster/terraform-provider-beam/internal/hostconfig"
	"github.com/beamcluster/terraform-provider-beam/internal/program"
	"github.com/beamcluster/terraform-provider-beam/internal/testtool"
)

func exampleManagement() *hostconfig.Management {
	return &hostconfig.Management{
		AuthorizedKey: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHTHsBQRbbyk0wjjdcFDwm4JsPOCrUsXyXJMEJQUbHjC chat-management",
		HostKeyPEM:    "-----BEGIN OPENSSH PRIVATE KEY-----\nPRIVATEHOSTKEY\n-----END OPENSSH PRIVATE KEY-----\n",
		HostPublicKey: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIB0Z2CDWUBLAmCCn7T2XH2bqVvFpKZ0nHzGvB6KMOVmT chat-host",
	}
}

func managedNode() hostconfig.Node {
	n := exampleNode()
	n.Management = exampleManagement()
	return n
}

func managedLoadBalancer() hostconfig.LoadBalancer {
	l := exampleLoadBalancer()
	l.Management = exampleManagement()
	return l
}

func managedDatabase() hostconfig.Database {
	db := exampleDatabase()
	db.Management = exampleManagement()
	return db
}

// managedHosts are the hosts that the provider can speak to.
func managedHosts() map[string]renderer {
	return map[string]renderer{
		"node-managed":         managedNode(),
		"loadbalancer-managed": managedLoadBalancer(),
		"database-managed":     managedDatabase(),
	}
}

// hostPython is Debian's own, which hosts run their programs with. The first on
// PATH may be a version manager's, which starts a shell script before each.
const hostPython = "/usr/bin/python3"

// managed is a host whose files lie in a folder of the test. The programs that
// beamctl calls are the test's own.
type managed struct {
	root string
	as   []string // what the command lines of programs begin with, see testtool.AsRoot
}

// newManaged is a host that is set up.
func newManaged(t *testing.T, host renderer) managed {
	t.Helper()
	m := newBooting(t, host)
	m.boot(t)
	return m
}

// newBooting lays the files of a host out that is before its first step. Unlike on
// the host itself, each path that beamctl knows begins with the folder.
func newBooting(t *testing.T, host renderer) managed {
	t.Helper()
	userData, err := host.Render()
	if err != nil {
		t.Fatal(err)
	}
	m := managed{root: t.TempDir()}
	for _, f := range filesOf(t, userData) {
		if f.Path == "/etc/beam/management.json" {
			f.Content = m.moved(f.Content)
		}
		if f.Path == "/etc/beam/release.json" {
			f.Content = strings.NewReplacer(`"/opt`, `"`+m.root+"/opt", `"deploy"`, `"`+myGroup(t)+`"`).Replace(f.Content)
		}
		if strings.HasPrefix(f.Path, "/usr/local/") {
			m.install(t, f.Path, m.moved(f.Content))
		} else {
			m.write(t, f.Path, f.Content)
		}
	}
	for _, folder := range []string{"/run", "/bin"} {
		if err := os.MkdirAll(m.root+folder, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	// A host without these programs, as beamctl sees it.
	for _, name := range []string{"systemctl", "journalctl", "cloud-init", "psql", "pg_isready", "runuser"} {
		m.program(t, name, "exit 1")
	}
	return m
}

func (m managed) moved(script string) string {
	edits := []string{`PATH = "/`, `PATH = "` + m.root + "/bin:/"}
	for _, folder := range []string{"/etc/", "/run/", "/var/", "/srv/", "/usr/local/lib/", "/usr/local/sbin/", "/home/", "/root/", "/opt/"} {
		edits = append(edits, `"`+folder, `"`+m.root+folder)
	}
	return strings.NewReplacer(edits...).Replace(script)
}

func (m managed) write(t *testing.T, path, content string) {
	t.Helper()
	path = m.root + path
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

// install writes a program.
func (m managed) install(t *testing.T, path, content string) {
	t.Helper()
	path = m.root + path
	must(t, os.MkdirAll(filepath.Dir(path), 0o700))
	must(t, program.Write(path, content))
}

func (m managed) read(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(m.root + path)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// program puts a shell script in a program's place.
func (m managed) program(t *testing.T, name, script string) {
	t.Helper()
	m.install(t, "/bin/"+name, "#!/bin/sh\n"+script+"\n")
}

// ask runs beamctl as sshd does, and returns what it printed.
func (m managed) ask(t *testing.T, command, stdin string) (stdout, stderr string, status int) {
	t.Helper()
	beamctl := m.command(t, testtool.Require(t, hostPython), "-I", m.root+"/usr/local/lib/beam/beamctl/main.py")
	beamctl.Env = append(os.Environ(), "SSH_ORIGINAL_COMMAND="+command)
	beamctl.Stdin = strings.NewReader(stdin)
	var out, messages strings.Builder
	beamctl.Stdout, beamctl.Stderr = &out, &messages
	if err := beamctl.Run(); err != nil && beamctl.ProcessState == nil {
		t.Fatal(err)
	}
	return out.String(), messages.String(), beamctl.ProcessState.ExitCode()
}

// command is a program of the host.
func (m managed) command(t *testing.T, line ...string) *exec.Cmd {
	t.Helper()
	line = slices.Concat(m.as, line)
	return exec.CommandContext(t.Context(), line[0], line[1:]...)
}

// ownerOf is the user and the group that a file is given to.
func (m managed) ownerOf(t *testing.T, path string) string {
	t.Helper()
	out, err := m.command(t, "stat", "--format=%U:%G", m.root+path).Output()
	must(t, err)
	return strings.TrimSpace(string(out))
}

// sshd is up before the first boot unpacks the programs. Who asks then is answered
// all the same.
func TestBeamctlUnpacksItselfWhenItIsAskedEarly(t *testing.T) {
	t.Parallel()
	m := managed{root: t.TempDir()}
	for _, f := range writtenFiles(t, renderNode(t, managedNode())) {
		switch f.Path {
		case programArchive:
			m.write(t, f.Path, f.Content)
		case "/usr/local/sbin/beamctl":
			m.write(t, f.Path, strings.NewReplacer("=/usr", "="+m.root+"/usr", " /var", " "+m.root+"/var").Replace(f.Content))
		}
	}
	command := exec.CommandContext(t.Context(), "sh", m.root+"/usr/local/sbin/beamctl")
	command.Env = []string{"PATH=/usr/bin:/bin", "SSH_ORIGINAL_COMMAND=nothing"}
	said, _ := command.CombinedOutput() // it looks for its modules where only a host has them
	if !strings.Contains(string(said), "from beamctl import") {
		t.Errorf("beamctl did not run:\n%s", said)
	}
}
