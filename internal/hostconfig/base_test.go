package hostconfig_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/beamcluster/terraform-provider-beam/internal/hostconfig"
	"github.com/beamcluster/terraform-provider-beam/internal/testtool"
)

func TestEveryHostRefusesWhatItsScriptsCannotCarry(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		story  string
		change func(*hostconfig.Base)
		want   string
	}{
		{"root as the user", func(b *hostconfig.Base) { b.User = "root" }, `host.user is "root"; it belongs to the system`},
		{"a user with a space", func(b *hostconfig.Base) { b.User = "de ploy" }, `host.user is "de ploy"; use 1 to 32 of the characters`},
		{"a package that is an option", func(b *hostconfig.Base) { b.Packages = []string{"--purge"} }, `host.packages is "--purge"; use the name of a Debian package`},
		{"two packages in one", func(b *hostconfig.Base) { b.Packages = []string{"htop vim"} }, `host.packages is "htop vim"`},
		{"a locale with another character set", func(b *hostconfig.Base) { b.Locale = "en_US.ISO-8859-1" }, `host.locale is "en_US.ISO-8859-1"; use one of glibc's UTF-8 locales`},
		{"a port out of range", func(b *hostconfig.Base) { b.SSHPort = 70000 }, "host.ssh_port is 70000; use 1 to 65535"},
		{"negative swap", func(b *hostconfig.Base) { b.SwapMiB = -1 }, "host.swap_mib is -1; use 0 to 65536"},
	} {
		db := exampleDatabase()
		tt.change(&db.Base)
		if _, err := db.Render(); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, want %s", tt.story, err, tt.want)
		}
	}
}

// baseFile writes one file of a rendered host to disk.
func baseFile(t *testing.T, path string) string {
	t.Helper()
	db := exampleDatabase()
	db.SSHPort = 2222
	userData, err := db.Render()
	if err != nil {
		t.Fatal(err)
	}
	copied := filepath.Join(t.TempDir(), filepath.Base(path))
	if err := os.WriteFile(copied, []byte(fileOf(t, userData, path)), 0o600); err != nil {
		t.Fatal(err)
	}
	return copied
}

func TestSSHDReadsItsSettings(t *testing.T) {
	t.Parallel()
	sshd, keygen := testtool.RequireSSHD(t), testtool.Require(t, "ssh-keygen")
	key := filepath.Join(t.TempDir(), "key")
	if out, err := exec.CommandContext(t.Context(), keygen, "-q", "-t", "ed25519", "-N", "", "-f", key).CombinedOutput(); err != nil {
		t.Fatalf("ssh-keygen: %v\n%s", err, out)
	}
	config := baseFile(t, "/etc/ssh/sshd_config.d/10-beam.conf")
	out, err := exec.CommandContext(t.Context(), sshd, "-T", "-f", config, "-h", key).CombinedOutput()
	if err != nil {
		t.Fatalf("sshd -T: %v\n%s", err, out)
	}
	for _, want := range []string{"port 2222", "permitrootlogin no", "passwordauthentication no", "kbdinteractiveauthentication no", "pubkeyauthentication yes"} {
		if !strings.Contains(string(out), want+"\n") {
			t.Errorf("sshd does not understand %q:\n%s", want, out)
		}
	}
}

func TestFail2banWatchesSSHInTheJournal(t *testing.T) {
	t.Parallel()
	client := testtool.Require(t, "fail2ban-client")
	folder := filepath.Join(t.TempDir(), "fail2ban")
	if err := os.CopyFS(folder, os.DirFS("/etc/fail2ban")); err != nil {
		t.Fatal(err)
	}
	jail, err := os.ReadFile(baseFile(t, "/etc/fail2ban/jail.d/beam.local"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "jail.d", "beam.local"), jail, 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), client, "-c", folder, "-d").CombinedOutput()
	if err != nil {
		t.Fatalf("fail2ban-client -d: %v\n%s", err, out)
	}
	for _, want := range []string{
		"['add', 'sshd', 'systemd']",
		"'addjournalmatch', '_SYSTEMD_UNIT=ssh.service', '+', '_COMM=sshd', '+', '_COMM=sshd-session'",
		"['port', '2222']",
		"['start', 'sshd']",
	} {
		if !strings.Contains(string(out), want) {
			t.Errorf("fail2ban does not understand %s", want)
		}
	}
}

func TestNftablesReadsTheMetadataRule(t *testing.T) {
	t.Parallel()
	rules, err := os.ReadFile(baseFile(t, "/etc/beam/metadata.nft"))
	if err != nil {
		t.Fatal(err)
	}
	testtool.CheckNft(t, string(rules))
}
