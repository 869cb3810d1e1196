package playground_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/beamcluster/terraform-provider-beam/internal/hostconfig"
	"github.com/beamcluster/terraform-provider-beam/internal/playground"
)

func TestFilesDecodesWhatHostsAreTold(t *testing.T) {
	t.Parallel()
	const userData = `#cloud-config
write_files:
  - path: /etc/plain
    content: "as it is\n"
  - path: /etc/encoded
    encoding: b64
    content: YXMgaXQgaXM=
  - path: /etc/compressed
    encoding: gz+b64
    content: H4sIAAAAAAAC/0ssVsgsUcgsBgCzJE6WCAAAAA==
`
	got, err := playground.Files(userData)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"/etc/plain": "as it is\n", "/etc/encoded": "as it is", "/etc/compressed": "as it is"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
}

// Hosts render more than a hand-written sample holds.
func TestFilesReadsARenderedHost(t *testing.T) {
	t.Parallel()
	userData, err := hostconfig.LoadBalancer{
		Base:      hostconfig.Base{Cluster: "chat", User: "deploy", SSHPort: 22, Locale: "C.UTF-8"},
		Algorithm: "roundrobin", StickyCookie: "SERVERID",
		HealthCheck: hostconfig.HealthCheck{Path: "/", Host: "localhost", IntervalMS: 2000, Rise: 2, Fall: 3},
		Servers:     []hostconfig.Server{{Name: "chat-web-1", Address: "10.0.0.2", Port: 8080}},
	}.Render()
	if err != nil {
		t.Fatal(err)
	}
	files, err := playground.Files(string(userData))
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := files["/etc/haproxy/haproxy.cfg"]; !ok {
		t.Errorf("no haproxy.cfg among %d files", len(files))
	}
}

func TestFilesRefusesWhatItCannotRead(t *testing.T) {
	t.Parallel()
	for name, userData := range map[string]string{
		"not YAML":   "write_files: [",
		"not base64": "write_files: [{path: /a, encoding: b64, content: '%'}]",
		"not gzip":   "write_files: [{path: /a, encoding: gz+b64, content: YXM=}]",
	} {
		if _, err := playground.Files(userData); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
