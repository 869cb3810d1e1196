package check

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
	"github.com/beamcluster/terraform-provider-beam/internal/hostconfig"
)

// volumeGiB is the size of a volume (API description, volume size).
var volumeGiB = hostconfig.Range{Min: 1, Max: 16 * 1024}

// maxNames is how many names a certificate of Let's Encrypt takes (its page "Rate
// Limits").
const maxNames = 100

// reservedNames are last parts of names that no DNS of the internet has (RFC 6761,
// RFC 6762, RFC 7686, RFC 9476 and ICANN's resolution on "internal").
var reservedNames = []string{"alt", "example", "internal", "invalid", "local", "localhost", "onion", "test"}

// Numbers of a health check.
var (
	intervalMS = hostconfig.Range{Min: 100, Max: 3_600_000}
	checks     = hostconfig.Range{Min: 1, Max: 100}
)

func loadBalancerProblems(lb *cluster.LoadBalancer) []Problem {
	if lb == nil {
		return nil
	}
	path := []string{"load_balancer"}
	check := at(path, "health_check")
	return slices.Concat(
		placeProblems(path, lb.Place),
		oneOf(at(path, "algorithm"), lb.Algorithm, hostconfig.Algorithms...),
		formed(at(path, "sticky_cookie"), lb.StickyCookie, hostconfig.CookieName),
		formed(at(check, "path"), lb.HealthCheck.Path, hostconfig.RequestPath),
		formed(at(check, "host"), lb.HealthCheck.Host, hostconfig.HostHeader),
		within(at(check, "interval_ms"), lb.HealthCheck.IntervalMS, intervalMS, " milliseconds"),
		within(at(check, "rise"), lb.HealthCheck.Rise, checks, ""),
		within(at(check, "fall"), lb.HealthCheck.Fall, checks, ""),
		statsProblems(at(path, "stats"), lb.Stats),
		tlsProblems(at(path, "tls"), lb.TLS),
	)
}

func statsProblems(path []string, s cluster.Stats) []Problem {
	if !s.Enabled {
		return nil
	}
	return slices.Concat(
		within(at(path, "port"), s.Port, ports, ""),
		formed(at(path, "path"), s.Path, hostconfig.RequestPath),
		formed(at(path, "user"), s.User, hostconfig.StatsUser),
	)
}

func tlsProblems(path []string, t *cluster.TLS) []Problem {
	if t == nil {
		return nil
	}
	certificate, key, acme := at(path, "certificate_pem"), at(path, "private_key_pem"), at(path, "acme")
	needs := [][]string{certificate, key, acme}
	report := func(at []string, detail string) []Problem {
		return []Problem{{Path: at, Needs: needs, Summary: "Invalid certificate", Detail: detail}}
	}
	given := t.CertificatePEM != "" || t.PrivateKeyPEM != ""
	switch {
	case given && t.ACME != nil:
		return report(path, "Both a certificate and acme are set. Set certificate_pem and private_key_pem for a certificate of your own, "+
			"or acme for one from a certificate authority.")
	case t.ACME != nil:
		return acmeProblems(acme, t.ACME)
	case !given:
		return report(path, "tls says nothing about the certificate. Set certificate_pem and private_key_pem, or acme; for plain HTTP leave tls out.")
	case t.CertificatePEM == "":
		return report(certificate, "private_key_pem is set and certificate_pem is not. Set both.")
	case t.PrivateKeyPEM == "":
		return report(key, "certificate_pem is set and private_key_pem is not. Set both.")
	}
	if err := hostconfig.CheckPrivateKey(t.PrivateKeyPEM); err != nil {
		return report(key, fmt.Sprintf("private_key_pem cannot be used: %s. Give the private key of the certificate, as PEM without a passphrase.", err))
	}
	if err := hostconfig.CheckKeyPair(t.CertificatePEM, t.PrivateKeyPEM); err != nil {
		return report(certificate, fmt.Sprintf("certificate_pem and private_key_pem cannot be used together: %s. "+
			"Give the certificate first, then those that signed it, and the key that belongs to the first, all as PEM.", err))
	}
	return nil
}

// CertificateWarnings returns why browsers would refuse the certificate at that time.
func CertificateWarnings(lb *cluster.LoadBalancer, now time.Time) []Problem {
	if lb == nil || lb.TLS == nil {
		return nil
	}
	var found []Problem
	for _, fault := range hostconfig.CertificateFaults(lb.TLS.CertificatePEM, now) {
		found = append(found, Problem{
			Path: []string{"load_balancer", "tls", "certificate_pem"}, Summary: "Certificate that browsers refuse",
			Detail: sentence(fault) + " Give one that counts today, followed by those that signed it.",
		})
	}
	return found
}

func acmeProblems(path []string, a *cluster.ACME) []Problem {
	found := formed(at(path, "email"), a.Email, hostconfig.Email)
	if len(a.Domains) == 0 {
		found = append(found, Problem{
			Path: at(path, "domains"), Needs: [][]string{at(path, "domains")}, Summary: "Missing domains",
			Detail: "domains is empty. List the names that the certificate is for, such as \"chat.example.com\".",
		})
	}
	if names := len(a.Domains); names > maxNames && a.Directory == "" {
		found = append(found, Problem{
			Path: at(path, "domains"), Needs: [][]string{at(path, "directory_url")}, Summary: "Too many domains",
			Detail: fmt.Sprintf("domains has %d names, and a certificate of Let's Encrypt takes at most %d. Use fewer, or directory_url for another authority.", names, maxNames),
		})
	}
	found = append(found, formedEach(at(path, "domains"), a.Domains, hostconfig.DomainName)...)
	for _, name := range a.Domains {
		if last := name[strings.LastIndex(name, ".")+1:]; a.Directory == "" && hostconfig.DomainName.Fault(name) == "" && slices.Contains(reservedNames, last) {
			found = append(found, Problem{
				Path: at(path, "domains"), Needs: [][]string{at(path, "directory_url")}, Summary: "Invalid domains",
				Detail: fmt.Sprintf("domains has %q. Let's Encrypt certifies only what everybody's DNS finds: use such a name, or directory_url for an authority of your own.", name),
			})
		}
	}
	if a.Directory != "" {
		found = append(found, formed(at(path, "directory_url"), a.Directory, hostconfig.DirectoryURL)...)
	}
	return found
}

func databaseProblems(d *cluster.Database) []Problem {
	if d == nil {
		return nil
	}
	path := []string{"database"}
	return slices.Concat(
		placeProblems(path, d.Place),
		formed(at(path, "name"), d.Name, hostconfig.DatabaseName),
		formed(at(path, "user"), d.User, hostconfig.DatabaseUser),
		within(at(path, "volume_gib"), d.VolumeGiB, volumeGiB, " GiB"),
	)
}
