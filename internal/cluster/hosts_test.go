package cluster

import "testing"

// The first name that the certificate is for is the one that the app makes URLs
// with; nobody knows one without ACME.
func TestPublicHostIsTheFirstDomain(t *testing.T) {
	t.Parallel()
	acme := &TLS{ACME: &ACME{Domains: []string{"chat.example.com", "www.example.com"}}}
	for name, tt := range map[string]struct {
		lb   *LoadBalancer
		want string
	}{
		"acme":                       {&LoadBalancer{TLS: acme}, "chat.example.com"},
		"a certificate of one's own": {&LoadBalancer{TLS: &TLS{CertificatePEM: "pem"}}, ""},
		"domains not known yet":      {&LoadBalancer{TLS: &TLS{ACME: &ACME{}}}, ""},
		"plain HTTP":                 {&LoadBalancer{}, ""},
		"no load balancer":           {nil, ""},
	} {
		if got := (Spec{LoadBalancer: tt.lb}).NodeHost(Memory{}, "", nil).PublicHost; got != tt.want {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
}
