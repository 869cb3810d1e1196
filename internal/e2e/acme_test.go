//go:build linux

package e2e_test

import (
	"testing"
	"time"

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
	balancer := map[string]any{"tls": map[string]any{"acme": map[string]any{
		"email": "ops@example.com", "domains": []string{siteName}, "directory_url": pebbleDirectory,
	}}}
	chat["load_balancer"] = balancer
	s.check(t, "the first certificate comes by itself", func(t *testing.T) {
		w.apply(t, chat)
		took := within(t, patience, "HTTPS is served", func() bool {
			_, err := (&visitor{site: w.site(siteName, roots), path: "/", limit: answerTime}).ask(t.Context())
			return err == nil
		})
		s.figure("the first certificate of an authority, after the apply: %.1f s", took.Seconds())
	})
	if t.Failed() {
		t.Log(w.on(t, w.hostOf(t, cluster.RoleLoadBalancer), "journalctl -q --no-pager -u beam-certificate"))
		return
	}
	s.check(t, "a renewal loses no request", func(t *testing.T) {
		before := w.site(siteName, roots).certificate(t)
		traffic := w.steady(t, w.site(siteName, roots), false)
		w.on(t, w.hostOf(t, cluster.RoleLoadBalancer), renew)
		within(t, patience, "another certificate is shown", func() bool { return w.site(siteName, roots).certificate(t) != before })
		traffic.end()
		s.figure("a renewed certificate of an authority: %s", traffic)
		traffic.lostNothing(t, w, 0)
	})
	s.check(t, "another load balancer has the certificate when it takes the address", func(t *testing.T) {
		before := w.site(siteName, roots).certificate(t)
		balancer["size"] = "s-1vcpu-2gb"
		w.replacesTheBalancer(t, chat, w.site(siteName, roots))
		if w.site(siteName, roots).certificate(t) != before {
			t.Error("it has asked for one of its own")
		}
		w.on(t, w.hostOf(t, cluster.RoleLoadBalancer), renew)
		within(t, 10*time.Second, "it renews the certificate", func() bool { return w.site(siteName, roots).certificate(t) != before })
	})
}

// replacesTheBalancer applies under traffic, which may notice a little.
func (w *world) replacesTheBalancer(t *testing.T, c e2e.Cluster, s site) {
	t.Helper()
	traffic := w.steady(t, s, false)
	must(t, w.Write(c))
	err := w.Terraform.Apply(t.Context())
	skipRefused(t, err)
	must(t, err)
	w.healed(t)
	traffic.end()
	w.suite.figure("another load balancer with a certificate of an authority: %s", traffic)
	if traffic.gap > balancerGap {
		t.Errorf("no visitor was answered for %s, want at most %s", traffic.gap, balancerGap)
	}
}
