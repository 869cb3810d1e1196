package hostconfig_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/beamcluster/terraform-provider-beam/internal/hostconfig"
)

// bootRun is one run of a load balancer's boot script in a folder of its own,
// where every program that would change a host is a stand-in.
type bootRun struct{ dir string }

// newBootRun lays out the folder. Stand-ins write their calls to the file
// calls and succeed.
func newBootRun(t *testing.T) bootRun {
	t.Helper()
	r := bootRun{dir: t.TempDir()}
	for _, folder := range []string{"bin", "etc/apt/apt.conf.d", "etc/beam", "etc/haproxy", "var/lib"} {
		if err := os.MkdirAll(filepath.Join(r.dir, folder), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"apt-get", "haproxy", "sleep", "systemctl", "systemd-detect-virt", "ufw", "update-locale"} {
		r.standIn(t, name, "")
	}
	r.standIn(t, "dpkg-query", `shift 3; printf "%s:installed\n" "$@"`)
	return r
}

func (r bootRun) standIn(t *testing.T, name, body string) {
	t.Helper()
	script := "#!/bin/sh\necho \"" + name + " $*\" >>'" + r.dir + "/calls'\n" + body + "\n"
	if err := os.WriteFile(filepath.Join(r.dir, "bin", name), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
}

// start runs the script and returns what it said.
func (r bootRun) start(t *testing.T) (string, error) {
	t.Helper()
	l := exampleLoadBalancer()
	l.Base = hostconfig.Base{User: "deploy", SSHPort: 22, Locale: "C.UTF-8"}
	userData, err := l.Render()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range filesOf(t, userData) {
		if strings.HasPrefix(f.Path, "/etc/beam/") {
			if err := os.WriteFile(r.dir+f.Path, []byte(f.Content), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	script := strings.NewReplacer(" /etc/", " "+r.dir+"/etc/", ">/etc/", ">"+r.dir+"/etc/", "/var/lib/beam", r.dir+"/var/lib/beam").
		Replace(fileOf(t, userData, "/usr/local/sbin/beam-boot"))
	command := exec.CommandContext(t.Context(), "sh", "-c", script)
	command.Env = []string{"PATH=" + filepath.Join(r.dir, "bin") + ":/usr/bin:/bin"}
	out, err := command.CombinedOutput()
	return string(out), err
}

func (r bootRun) read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(r.dir, path))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestBootTellsThatItIsDone(t *testing.T) {
	t.Parallel()
	r := newBootRun(t)
	if out, err := r.start(t); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if got := r.read(t, "var/lib/beam/boot-step"); got != "done\n" {
		t.Errorf("boot-step is %q, want done", got)
	}
	if calls := r.read(t, "calls"); strings.Contains(calls, "apt-get") {
		t.Errorf("packages that are installed were installed again:\n%s", calls)
	}
}

func TestBootStopsAtTheFirstFailureAndNamesTheStep(t *testing.T) {
	t.Parallel()
	r := newBootRun(t)
	r.standIn(t, "ufw", `[ "$1" != --force ] || exit 3`)
	out, err := r.start(t)
	if err == nil {
		t.Fatal("the script hides the failure")
	}
	if got := r.read(t, "var/lib/beam/boot-step"); got != "failed close the firewall\n" {
		t.Errorf("boot-step is %q, want the firewall's", got)
	}
	if want := `beam: the step "close the firewall" failed with exit status 3`; !strings.Contains(out, want) {
		t.Errorf("the log does not say %s:\n%s", want, out)
	}
	if calls := r.read(t, "calls"); strings.Contains(calls, "haproxy") {
		t.Errorf("the script went on after the failure:\n%s", calls)
	}
}

func TestBootInstallsWhatIsMissingAndTriesAgain(t *testing.T) {
	t.Parallel()
	r := newBootRun(t)
	r.standIn(t, "dpkg-query", `shift 3; for package; do [ "$package" = haproxy ] || echo "$package:installed"; done`)
	// The first update fails, as when a mirror does not answer.
	r.standIn(t, "apt-get", `[ -e "`+r.dir+`/tried" ] || { touch "`+r.dir+`/tried"; exit 100; }`)
	if out, err := r.start(t); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	want := "apt-get -q update\nsleep 5\napt-get -q update\napt-get -q -y --no-install-recommends" +
		" -o DPkg::Lock::Timeout=600 -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold install haproxy\n"
	if calls := r.read(t, "calls"); !strings.Contains(calls, want) {
		t.Errorf("got the calls\n%swant among them\n%s", calls, want)
	}
}
