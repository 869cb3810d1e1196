//go:build linux

package e2e_test

import (
	"testing"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
	"github.com/beamcluster/terraform-provider-beam/internal/e2e"
)

// renew is what certbot's timer does when a certificate is about to run out.
const renew = "certbot renew --quiet --force-renewal --no-random-sleep-on-renew 2>&1"

// aCertificateFromAnAuthority has the load balancer ask for its certificate, as
// it does at Let's Encrypt.
func aCertificateFromAnAuthority(t *testing.T, s *suite) {
	signs := newAuthority(t)
	w := s.openWith(t, e2e.Options{Name: "e2e-acme", Images: []string{debian12}, Authority: signs.pem})
	w.serveNames(t)
	roots := w.startPebble(t, signs)
	chat := balanced(s, 2)
	chat["load_balancer"] = map[string]any{"tls": map[string]any{"acme": map[string]any{
		"email": "ops@example.com", "domains": []string{siteName}, "directory_url": pebbleDirectory,
	}}}
	var found site
	came := s.check(t, "the first certificate comes by itself", func(t *testing.T) {
		w.apply(t, chat)
		found = w.site(siteName, roots)
		theFirstCertificateComes(t, w, found)
	})
	if came {
		s.check(t, "a renewal loses no request", func(t *testing.T) { aRenewalLosesNothing(t, w, found) })
		s.check(t, "another load balancer has the certificate when it takes the address", func(t *testing.T) {
			theCertificateMovesAlong(t, w, chat, found)
		})
	}
}

func theFirstCertificateComes(t *testing.T, w *world, s site) {
	defer func() {
		if t.Failed() {
			t.Log(w.on(t, w.hostOf(t, cluster.RoleLoadBalancer), "journalctl -q --no-pager -u beam-certificate"))
		}
	}()
	took := within(t, patience, "HTTPS is served", func() bool {
		_, err := (&visitor{site: s, path: "/", limit: answerTime}).ask(t.Context())
		return err == nil
	})
	w.suite.figure("the first certificate of an authority, after the apply: %.1f s", took.Seconds())
}

func aRenewalLosesNothing(t *testing.T, w *world, s site) {
	before := s.certificate(t)
	traffic := w.steady(t, s, false)
	w.on(t, w.hostOf(t, cluster.RoleLoadBalancer), renew)
	within(t, patience, "another certificate is shown", func() bool { return s.certificate(t) != before })
	traffic.end()
	w.suite.figure("a renewed certificate of an authority: %s", traffic)
	traffic.lostNothing(t, w, 0)
}

// theCertificateMovesAlong to another host, which can renew it as well.
func theCertificateMovesAlong(t *testing.T, w *world, chat e2e.Cluster, s site) {
	before := s.certificate(t)
	balancer, _ := chat["load_balancer"].(map[string]any)
	balancer["size"] = "s-1vcpu-2gb"
	w.replacesTheBalancer(t, chat, s)
	if s.certificate(t) != before {
		t.Error("the new host has asked for a certificate of its own")
	}
	w.on(t, w.hostOf(t, cluster.RoleLoadBalancer), renew)
	within(t, patience, "the new host renews the certificate", func() bool { return s.certificate(t) != before })
}

// replacesTheBalancer applies under traffic, which may notice a little.
func (w *world) replacesTheBalancer(t *testing.T, c e2e.Cluster, s site) {
	t.Helper()
	traffic := w.steady(t, s, false)
	must(t, w.Write(c))
	must(t, w.Terraform.Apply(t.Context()))
	w.healed(t)
	traffic.end()
	w.suite.figure("another load balancer with a certificate of an authority: %s", traffic)
	if traffic.gap > balancerGap {
		t.Errorf("no visitor was answered for %s, want at most %s", traffic.gap, balancerGap)
	}
}
