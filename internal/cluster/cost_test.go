package cluster

import "testing"

// Hosts that the cluster remembers and its volume cost money; its address does not
// while it is bound, and what is somebody else's is theirs to pay.
func TestWhatExistsOfAClusterIsWhatItCosts(t *testing.T) {
	t.Parallel()
	mem := Memory{Hosts: map[int]HostRecord{1: {}, 2: {}, 3: {}}}
	node, database, stranger := Droplet{ID: 1, PriceMonthly: 6}, Droplet{ID: 2, PriceMonthly: 6, Backups: true}, Droplet{ID: 9, PriceMonthly: 96}
	for name, tt := range map[string]struct {
		observed Observed
		want     float64
	}{
		"nothing":                       {Observed{}, 0},
		"nodes":                         {Observed{Droplets: []Droplet{node, {ID: 3, PriceMonthly: 24}}}, 30},
		"a host that is backed up":      {Observed{Droplets: []Droplet{database}}, 7.2},
		"a volume":                      {Observed{Volume: &Volume{SizeGiB: 25}}, 2.5},
		"all of it, with an address":    {Observed{Droplets: []Droplet{node, database, stranger}, Volume: &Volume{SizeGiB: 10}, ReservedIP: &ReservedIP{}}, 14.2},
		"prices that floats do not add": {Observed{Droplets: []Droplet{{ID: 1, PriceMonthly: 0.1}, {ID: 2, PriceMonthly: 0.2}}}, 0.3},
	} {
		if got := costOf(mem, tt.observed).Dollars(); got != tt.want {
			t.Errorf("%s: %v USD, want %v", name, got, tt.want)
		}
	}
}

// The name that a certificate is for is where users go, before there is an address.
func TestNamedURL(t *testing.T) {
	t.Parallel()
	named := map[string]string{"PHX_HOST": "chat.example.com"}
	for name, tt := range map[string]struct {
		spec Spec
		want string
	}{
		"a domain of ACME":         {Spec{LoadBalancer: &LoadBalancer{TLS: &TLS{ACME: &ACME{Domains: []string{"chat.example.org"}}}}, Environment: named}, "https://chat.example.org"},
		"a certificate, PHX_HOST":  {Spec{LoadBalancer: &LoadBalancer{TLS: &TLS{}}, Environment: named}, "https://chat.example.com"},
		"a certificate, no name":   {Spec{LoadBalancer: &LoadBalancer{TLS: &TLS{}}}, ""},
		"plain HTTP with PHX_HOST": {Spec{LoadBalancer: &LoadBalancer{}, Environment: named}, ""},
		"no load balancer":         {Spec{Environment: named}, ""},
	} {
		if got := tt.spec.NamedURL(); got != tt.want {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
}
