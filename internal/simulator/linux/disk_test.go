//go:build linux

package linux

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/beamcluster/terraform-provider-beam/internal/simulator"
)

func TestConfigDriveSaysWhoAHostIs(t *testing.T) {
	t.Parallel()
	got, err := configDrive(simulator.Host{DropletID: 7, Name: "chat-web-1", PublicKeys: []string{"ssh-ed25519 AAAA me"}})
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"hostname":"chat-web-1","name":"chat-web-1","public_keys":{"key-0":"ssh-ed25519 AAAA me"},"uuid":"7"}`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("meta_data.json (-want +got):\n%s", diff)
	}
}

func TestHostsHaveIdentitiesOfTheirOwn(t *testing.T) {
	t.Parallel()
	one, other := machineID(simulator.Host{DropletID: 1}), machineID(simulator.Host{DropletID: 2})
	if one == other || len(one) != 32 {
		t.Errorf("machine ids %q and %q: want different ones of 32 hex digits", one, other)
	}
}

func TestInitIsTheFirstProcessBelow(t *testing.T) {
	t.Parallel()
	for status, want := range map[string]bool{
		"Name:\tsystemd\nNSpid:\t812\t1\n":   true,
		"Name:\tsh\nNSpid:\t813\t14\n":       false,
		"Name:\tinit\nNSpid:\t1\n":           false, // this machine's own
		"Name:\tkthreadd\nPid:\t2\nPPid:\t0": false,
	} {
		if got := isInit(status); got != want {
			t.Errorf("isInit(%q) is %v", status, got)
		}
	}
}

// What is appended is believed at once; the file beside is what Debian makes the
// list of anew, whenever a host is given another authority.
func TestHostsBelieveTheAuthorityBesidesDebians(t *testing.T) {
	t.Parallel()
	d := disk{t.TempDir()}
	all := filepath.Join(d.root(), "/etc/ssl/certs/ca-certificates.crt")
	own := filepath.Join(d.root(), "/usr/local/share/ca-certificates/internet.crt")
	for _, path := range []string{all, own} {
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(all, []byte("Debian's\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := d.trust("ours\n"); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{all: "Debian's\nours\n", own: "ours\n"} {
		if got, err := os.ReadFile(path); err != nil || string(got) != want {
			t.Errorf("%s holds %q, %v; want %q", path, got, err, want)
		}
	}
}
