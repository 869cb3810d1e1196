package hostconfig_test

import (
	"fmt"
	"maps"

	"github.com/beamcluster/terraform-provider-beam/internal/hostconfig"
)

// renderer is any kind of host.
type renderer interface {
	Render() ([]byte, error)
	Fingerprint() string
}

func exampleBase() hostconfig.Base {
	return hostconfig.Base{
		Cluster:            "chat",
		User:               "deploy",
		SSHPort:            22,
		Locale:             "en_US.UTF-8",
		SwapMiB:            2048,
		Packages:           []string{"htop"},
		UnattendedUpgrades: true,
		Fail2ban:           true,
	}
}

func exampleLoadBalancer() hostconfig.LoadBalancer {
	return hostconfig.LoadBalancer{
		Base: exampleBase(),
		Servers: []hostconfig.Server{
			{Name: "chat-us-1", Address: "10.108.0.3", Port: 8080},
			{Name: "chat-uk-1", Address: "10.109.0.3", Port: 8080},
		},
		Algorithm:    "roundrobin",
		StickyCookie: "SERVERID",
		HealthCheck:  hostconfig.HealthCheck{Path: "/health", Host: "localhost", IntervalMS: 2000, Rise: 2, Fall: 3},
		Stats:        &hostconfig.Stats{Port: 8404, Path: "/haproxy?stats", User: "admin", Password: "STATSPASSWORD"},
	}
}

// loadBalancers are the variants whose configuration differs in kind.
func loadBalancers() map[string]hostconfig.LoadBalancer {
	plain := exampleLoadBalancer()
	variants := map[string]hostconfig.LoadBalancer{"plain": plain}
	vary := func(name string, change func(*hostconfig.LoadBalancer)) {
		changed := plain
		change(&changed)
		variants[name] = changed
	}
	vary("pem", func(l *hostconfig.LoadBalancer) {
		l.TLS = &hostconfig.TLS{CertificatePEM: siteCertificate, PrivateKeyPEM: siteKey}
	})
	vary("acme", func(l *hostconfig.LoadBalancer) {
		l.TLS = &hostconfig.TLS{ACME: &hostconfig.ACME{
			Email:     "ops@example.com",
			Domains:   []string{"chat.example.com", "www.chat.example.com"},
			Directory: "https://acme-staging-v02.api.letsencrypt.org/directory",
		}}
	})
	vary("no-stats", func(l *hostconfig.LoadBalancer) { l.Stats = nil })
	vary("no-servers", func(l *hostconfig.LoadBalancer) { l.Servers = nil })
	vary("150-servers", func(l *hostconfig.LoadBalancer) {
		l.Servers = nil
		for n := range 150 {
			l.Servers = append(l.Servers, hostconfig.Server{
				Name:    fmt.Sprintf("chat-us-%d", n+1),
				Address: fmt.Sprintf("10.108.%d.%d", n/100, n%100+2),
				Port:    8080,
			})
		}
	})
	for _, algorithm := range hostconfig.Algorithms[1:] {
		vary(algorithm, func(l *hostconfig.LoadBalancer) { l.Algorithm = algorithm })
	}
	return variants
}

func exampleDatabase() hostconfig.Database {
	return hostconfig.Database{
		Base:           exampleBase(),
		ServerName:     "database.chat.internal",
		Name:           "chat",
		User:           "chat",
		Owner:          "chat_owner",
		UserVerifier:   "SCRAM-SHA-256$4096:VVNFUlNBTFQ=$VVNFUg==:VVNFUg==",
		OwnerVerifier:  "SCRAM-SHA-256$4096:T1dORVJTQUxU$T1dORVI=:T1dORVI=",
		ClientCIDRs:    []string{"10.108.0.0/20", "10.109.0.0/20"},
		VolumeName:     "chat-database",
		CertificatePEM: siteCertificate,
		PrivateKeyPEM:  siteKey,
	}
}

// hosts are all variants of every kind of host.
func hosts() map[string]renderer {
	all := map[string]renderer{}
	for name, l := range loadBalancers() {
		all["loadbalancer-"+name] = l
	}
	for name, n := range nodes() {
		all[name] = n
	}
	for name, n := range services() {
		all[name] = n
	}
	all["database"] = exampleDatabase()
	public := exampleDatabase()
	public.PublicNetwork = true
	all["database-public"] = public
	bare := exampleDatabase()
	bare.Base = hostconfig.Base{Cluster: "chat", User: "deploy", SSHPort: 2222, Locale: "C.UTF-8"}
	all["database-bare"] = bare
	maps.Copy(all, managedHosts())
	maps.Copy(all, broughtHosts())
	return all
}
