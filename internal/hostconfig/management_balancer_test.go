package hostconfig_test

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/beamcluster/terraform-provider-beam/internal/hostconfig"
	"github.com/beamcluster/terraform-provider-beam/internal/testtool"
)

// balancing is the bundle of a load balancer as the running one of the test has it.
func (r running) balancing(t *testing.T, l hostconfig.LoadBalancer) string {
	t.Helper()
	bundle, err := l.Bundle(hostconfig.PartBalancing)
	if err != nil {
		t.Fatal(err)
	}
	files := bundle.Parts[hostconfig.PartBalancing]
	files["/etc/haproxy/haproxy.cfg"] = r.config(files["/etc/haproxy/haproxy.cfg"])
	return r.told(t)(bundle, nil)
}

func TestAnotherConfigurationKeepsTheNodes(t *testing.T) {
	t.Parallel()
	one, two := startNode(t, "chat-1"), startNode(t, "chat-2")
	l := trafficLoadBalancer(t, one)
	r := runManaged(t, l)
	l.Stats = nil
	r.set(t, one, two)
	load := startTraffic(t, r)
	load.await(t, "chat-2")
	l.StickyCookie, l.HealthCheck.IntervalMS = "OTHER", 60
	r.apply(t, r.balancing(t, l))
	load.await(t, "chat-2")
	load.stop()
	if lost := load.lost.Load(); lost > 0 {
		t.Errorf("%d requests were lost", lost)
	}
	nodes := r.read(t, "/etc/haproxy/beam/nodes.cfg")
	if !strings.Contains(nodes, "cookie OTHER ") || strings.Count(nodes, "\n  server ") != 2 {
		t.Errorf("nodes.cfg became\n%s", nodes)
	}
	if cookies := get(t, r.client(), newRequest(t, "http://chat.example.com/")).Header.Get("Set-Cookie"); !strings.HasPrefix(cookies, "OTHER=") {
		t.Errorf("HAProxy sets the cookie %q, want OTHER", cookies)
	}
	// Told once more, it has nothing to do.
	r.program(t, "systemctl", "exit 1")
	r.apply(t, r.balancing(t, l))
}

func TestWhatHAProxyRefusesItDoesNotGet(t *testing.T) {
	t.Parallel()
	l := trafficLoadBalancer(t, startNode(t, "chat-1"))
	r := runManaged(t, l)
	l.Stats = nil
	bundle := strings.Replace(r.balancing(t, l), "option httpchk", "option nosuchoption", 1)
	r.expectRefused(t, bundle, "beamctl: haproxy refuses the configuration: ")
	_, messages, _ := r.ask(t, hostconfig.CommandApply, bundle)
	if !strings.Contains(messages, "unknown option 'nosuchoption'") {
		t.Errorf("it does not say why: %s", messages)
	}
	if _, err := os.Stat(r.root + "/run/beamctl-reload-due"); !errors.Is(err, os.ErrNotExist) {
		t.Error("what never ran is to be reloaded")
	}
}

// A reload that fails silently is no success, then and later.
func TestHAProxyHasToRunWithWhatItWasTold(t *testing.T) {
	t.Parallel()
	one, two := startNode(t, "chat-1"), startNode(t, "chat-2")
	r := runManaged(t, trafficLoadBalancer(t, one))
	before := r.read(t, "/etc/haproxy/beam/nodes.cfg")
	input, err := hostconfig.SetNodesInput([]hostconfig.Server{one.asServer(t), two.asServer(t)})
	if err != nil {
		t.Fatal(err)
	}
	// The state of the servers cannot be written, as when the disk is full.
	state := r.root + "/etc/haproxy/beam/server-state"
	must(t, os.Remove(state))
	must(t, os.MkdirAll(state+"/full", 0o700))
	for range 2 {
		_, messages, status := r.ask(t, hostconfig.CommandSetNodes, string(input))
		if status != 1 || !strings.Contains(messages, "beamctl: it could not be written: ") {
			t.Errorf("exit status %d, %q", status, messages)
		}
	}
	if after := r.read(t, "/etc/haproxy/beam/nodes.cfg"); after != before {
		t.Errorf("nodes.cfg became\n%s", after)
	}
	must(t, os.RemoveAll(state))
	r.write(t, "/etc/haproxy/beam/server-state", "1\n")
	r.set(t, one, two)
	// HAProxy lost them, and its files did not.
	r.write(t, "/etc/haproxy/beam/nodes.cfg", before)
	r.set(t, one)
	r.set(t, one, two)
	load := startTraffic(t, r)
	load.await(t, "chat-2")
	load.stop()
}

func TestALoadBalancerTakesAnotherCertificate(t *testing.T) {
	t.Parallel()
	haproxy := testtool.Require(t, "haproxy")
	l := managedLoadBalancer()
	l.TLS = &hostconfig.TLS{CertificatePEM: siteCertificate, PrivateKeyPEM: siteKey}
	m := newManaged(t, l)
	m.program(t, "haproxy", `exec `+haproxy+` "$@"`)
	m.write(t, "/etc/haproxy/haproxy.cfg", "global\ndefaults\n  mode http\nfrontend https\n  bind unix@"+m.root+"/s ssl crt "+m.root+"/etc/haproxy/certs/site.pem\n")
	m.write(t, "/etc/haproxy/beam/nodes.cfg", "backend nodes\n")
	l.TLS = &hostconfig.TLS{CertificatePEM: siteCertificate + "\n" + siteCertificate, PrivateKeyPEM: siteKey}
	m.apply(t, m.told(t)(l.Bundle(hostconfig.PartCertificate)))
	if got := m.read(t, "/etc/haproxy/certs/site.pem"); strings.Count(got, "BEGIN CERTIFICATE") != 2 {
		t.Errorf("the certificate is\n%s", got)
	}
	l.TLS = &hostconfig.TLS{CertificatePEM: siteCertificate, PrivateKeyPEM: siteKey}
	bundle, err := l.Bundle(hostconfig.PartCertificate)
	bundle.Parts[hostconfig.PartCertificate]["/etc/haproxy/certs/site.pem"] = "no certificate"
	m.expectRefused(t, m.told(t)(bundle, err), "haproxy refuses the configuration: ")
}

// acmeHost is a load balancer that gets its certificate from an authority.
func acmeHost(t *testing.T) managed {
	t.Helper()
	l := managedLoadBalancer()
	l.TLS = &hostconfig.TLS{ACME: &hostconfig.ACME{Email: "ops@example.com", Domains: []string{"chat.example.com"}}}
	m := newManaged(t, l)
	m.program(t, "haproxy", "exit 0")
	return m
}

// certified is one that has its certificate, as certbot leaves it.
func certified(t *testing.T) managed {
	t.Helper()
	m := acmeHost(t)
	for path, content := range map[string]string{
		"accounts/acme/directory/0f/private_key.json": "ACCOUNT",
		"accounts/acme:14000/dir/0f/private_key.json": "OF A SERVER WITH A PORT",
		"archive/beam/fullchain1.pem":                 "CHAIN",
		"archive/beam/privkey1.pem":                   "KEY",
		"renewal/beam.conf":                           "renew_before_expiry = 30 days",
		"cli.ini":                                     "of the host's own",
	} {
		m.write(t, "/etc/letsencrypt/"+path, content)
	}
	m.write(t, "/etc/letsencrypt/live/beam/README", "")
	for _, name := range []string{"fullchain", "privkey"} {
		must(t, os.Symlink("../../archive/beam/"+name+"1.pem", m.root+"/etc/letsencrypt/live/beam/"+name+".pem"))
	}
	m.write(t, "/etc/haproxy/certs/site.pem", "CHAIN\nKEY\n")
	return m
}

func (m managed) export(t *testing.T) string {
	t.Helper()
	out, messages, status := m.ask(t, hostconfig.CommandExportACME, "")
	if status != 0 {
		t.Fatalf("exit status %d: %s", status, messages)
	}
	return out
}

func TestACertificateOfAnAuthorityMovesToTheNextHost(t *testing.T) {
	t.Parallel()
	next := acmeHost(t)
	next.write(t, "/etc/letsencrypt/accounts/acme/directory/ff/private_key.json", "registered meanwhile")
	next.write(t, "/etc/letsencrypt/cli.ini", "of the next host")
	if got := next.export(t); got != `{"version": 1, "archive": null}`+"\n" {
		t.Errorf("a host without a certificate exports %s", got)
	}
	old := certified(t).export(t)
	for range 2 {
		if _, messages, status := next.ask(t, hostconfig.CommandImportACME, old); status != 0 {
			t.Fatalf("exit status %d: %s", status, messages)
		}
	}
	for path, want := range map[string]string{
		"/etc/letsencrypt/live/beam/privkey.pem": "KEY", "/etc/letsencrypt/renewal/beam.conf": "renew_before_expiry = 30 days",
		"/etc/letsencrypt/accounts/acme/directory/0f/private_key.json": "ACCOUNT",
		"/etc/letsencrypt/accounts/acme:14000/dir/0f/private_key.json": "OF A SERVER WITH A PORT", "/etc/letsencrypt/cli.ini": "of the next host",
		"/etc/haproxy/certs/site.pem": "CHAIN\nKEY\n",
	} {
		if got := next.read(t, path); got != want {
			t.Errorf("%s is %q, want %q", path, got, want)
		}
	}
	if left, _ := filepath.Glob(next.root + "/etc/letsencrypt/accounts/acme/directory/*"); len(left) != 1 {
		t.Errorf("there are the accounts %v", left)
	}
	// Nothing is taken from somebody who has a certificate.
	next.write(t, "/etc/haproxy/certs/site.pem", "OWN")
	if _, _, status := next.ask(t, hostconfig.CommandImportACME, old); status != 0 || next.read(t, "/etc/haproxy/certs/site.pem") != "OWN" {
		t.Error("the host lost its own certificate")
	}
}

func TestACertificateThatHAProxyRefusesLeavesNothing(t *testing.T) {
	t.Parallel()
	next := acmeHost(t)
	next.program(t, "haproxy", "echo 'no certificate' >&2; exit 1")
	_, messages, status := next.ask(t, hostconfig.CommandImportACME, certified(t).export(t))
	if status != 1 || !strings.Contains(messages, "haproxy refuses the configuration: no certificate") {
		t.Errorf("exit status %d, %q", status, messages)
	}
	if left, _ := filepath.Glob(next.root + "/etc/letsencrypt/*"); len(left) != 0 {
		t.Errorf("there is %v", left)
	}
}

func TestAnArchiveWritesNowhereElse(t *testing.T) {
	t.Parallel()
	python := testtool.Require(t, hostPython)
	next := acmeHost(t)
	before := next.snapshot(t)
	for story, member := range map[string]string{
		"a path that climbs":  `name="letsencrypt/live/../../passwd"`,
		"an absolute path":    `name="/etc/passwd"`,
		"another folder":      `name="letsencrypt/cli.ini"`,
		"a link elsewhere":    `name="letsencrypt/live/beam/fullchain.pem", type=tarfile.SYMTYPE, linkname="/etc/shadow"`,
		"a link that climbs":  `name="letsencrypt/live/beam/fullchain.pem", type=tarfile.SYMTYPE, linkname="../../archive/../../shadow"`,
		"a folder as a link":  `name="letsencrypt/live", type=tarfile.SYMTYPE, linkname="../../archive/a/b"`,
		"a hard link":         `name="letsencrypt/live/beam/fullchain.pem", type=tarfile.LNKTYPE, linkname="letsencrypt/live/x"`,
		"a device":            `name="letsencrypt/live/beam/null", type=tarfile.CHRTYPE`,
		"the site as a link":  `name="site.pem", type=tarfile.SYMTYPE, linkname="/etc/shadow"`,
		"a name with a break": `name="letsencrypt/live/a\nb"`,
	} {
		script := `import base64, io, json, tarfile
packed = io.BytesIO()
with tarfile.open(fileobj=packed, mode="w") as archive:
    member = tarfile.TarInfo()
    for key, value in dict(` + member + `).items():
        setattr(member, key, value)
    archive.addfile(member)
    archive.addfile(tarfile.TarInfo("site.pem"))
print(json.dumps({"version": 1, "archive": base64.b64encode(packed.getvalue()).decode()}))`
		archive, err := exec.CommandContext(t.Context(), python, "-c", script).Output()
		must(t, err)
		_, messages, status := next.ask(t, hostconfig.CommandImportACME, string(archive))
		if status != 1 || !strings.Contains(messages, "which is not certbot's") {
			t.Errorf("%s: exit status %d, %q", story, status, messages)
		}
	}
	for _, input := range []string{"", `{"version": 1, "archive": "!"}`, `{"version": 1, "archive": "AAAA"}`} {
		if _, messages, status := next.ask(t, hostconfig.CommandImportACME, input); status != 1 || strings.Contains(messages, "Traceback") {
			t.Errorf("%q: exit status %d, %q", input, status, messages)
		}
	}
	if after := next.snapshot(t); after != before {
		t.Errorf("files differ:\n%s", after)
	}
	none, err := json.Marshal(map[string]any{"version": 1, "archive": nil})
	must(t, err)
	if _, messages, status := newManaged(t, managedLoadBalancer()).ask(t, hostconfig.CommandImportACME, string(none)); status != 1 ||
		!strings.Contains(messages, "gets no certificate from an authority") {
		t.Errorf("exit status %d, %q", status, messages)
	}
}
