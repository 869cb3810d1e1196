//go:build linux

package e2e_test

import (
	"fmt"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
	"github.com/beamcluster/terraform-provider-beam/internal/e2e"
)

// datagrams is the port of UDP that the release listens on.
const datagrams = "5060"

// bring gives the hosts a program that nobody knows of, and the release what it
// says at its start, a folder and a port.
func bring(t *testing.T, s *suite, c e2e.Cluster) {
	t.Helper()
	c["host"] = map[string]any{
		"packages": []string{"shop-tools"},
		"apt_sources": map[string]any{"shop": map[string]any{
			"uris": []string{fmt.Sprintf("http://%s/debian", e2e.Operator)}, "suites": []string{"./"}, "key": s.packages(t),
		}},
		"files": map[string]any{"/etc/shop/token": map[string]any{"content": "a secret", "owner": "deploy", "mode": "0600"}},
		"run": []map[string]any{
			{"name": "greeting", "script": `echo "GREETING=$(shop-tools)" >/etc/shop/greeting.env`},
			{"name": "as-the-user", "user": "deploy", "script": `echo "$(id -un) reads $(cat /etc/shop/token)" >note`},
		},
	}
	database, _ := c["database"].(map[string]any)
	database["host"] = map[string]any{"files": map[string]any{
		"/etc/postgresql/17/main/conf.d/tuning.conf": map[string]any{"content": "work_mem = '7MB'\n", "owner": "postgres", "mode": "0600"},
	}}
	release, _ := c["release"].(map[string]any)
	release["udp_ports"] = []string{datagrams}
	release["service"] = map[string]any{"environment_files": []string{"/etc/shop/greeting.env"}, "writable_paths": []string{"/srv/uploads"}}
	c["environment"] = map[string]any{"UPLOADS": "/srv/uploads", "UDP_PORT": datagrams}
	c["update"] = map[string]any{"drain_seconds": 0}
}

func theHostsHaveWhatWasBrought(t *testing.T, w *world) {
	hosts := append(slices.Collect(w.nodeNames()), w.hostOf(t, cluster.RoleLoadBalancer), w.hostOf(t, cluster.RoleDatabase))
	for _, host := range hosts {
		if got := w.on(t, host, "cat /etc/shop/greeting.env; cat /home/deploy/note; stat -c '%U %a' /etc/shop/token"); got != "GREETING=welcome\ndeploy reads a secret\ndeploy 600" {
			t.Errorf("%s has %q", host, got)
		}
	}
	w.onNodes(t, asks("/setting/GREETING"), "welcome")
	if got := w.on(t, w.hostOf(t, cluster.RoleDatabase), "runuser -u postgres -- psql -XAtc 'SHOW work_mem'"); got != "7MB" {
		t.Errorf("Postgres has a work_mem of %q", got)
	}
}

// nodesDrawPages with another program, hardened as is the default.
func nodesDrawPages(t *testing.T, w *world) {
	for name := range w.state.Nodes {
		if page := w.on(t, name, asks("/pdf")); !strings.HasPrefix(page, "%PDF-1.4\n") || !strings.HasSuffix(page, "%%EOF") {
			t.Errorf("%s draws %q", name, page)
		}
	}
}

func strangersReachTheUDPPort(t *testing.T, w *world) {
	for name, node := range w.state.Nodes {
		var connection net.Conn
		must(t, w.Hosts.Client().Within(func() (err error) {
			dialer := net.Dialer{LocalAddr: &net.UDPAddr{IP: e2e.Stranger.AsSlice()}}
			connection, err = dialer.DialContext(t.Context(), "udp", net.JoinHostPort(node.PublicIPv4, datagrams))
			return err
		}))
		defer connection.Close()
		must(t, connection.SetDeadline(time.Now().Add(slowTime)))
		_, err := connection.Write([]byte("hello"))
		must(t, err)
		answer := make([]byte, 100)
		length, err := connection.Read(answer)
		if got, want := string(answer[:length]), "hello from "+node.NodeName; err != nil || got != want {
			t.Errorf("%s says %q (%v), want %q", name, got, err, want)
		}
	}
}

// uploadsOutliveADeploy of another version of the release.
func uploadsOutliveADeploy(t *testing.T, w *world, c e2e.Cluster) {
	w.onNodes(t, asks("/upload/before"), "before")
	release, _ := c["release"].(map[string]any)
	for argument, value := range w.suite.build(t, e2e.Build{Kind: "mix", Version: "0.2.0"}).Block() {
		release[argument] = value
	}
	w.apply(t, c)
	w.onNodes(t, asks("/version"), "0.2.0")
	w.onNodes(t, asks("/upload/now"), "before\nnow")
}
