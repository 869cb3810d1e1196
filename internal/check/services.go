package check

import (
	"crypto/tls"
	"fmt"
	"net/mail"
	"regexp"
	"slices"
	"strings"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
)

var (
	// urlPath is an absolute path with an optional query (RFC 3986, sections
	// 3.3 and 3.4), less the ' that HAProxy's configuration would have to quote.
	urlPath = regexp.MustCompile(`^/[A-Za-z0-9._~!$&()*+,;=:@%/?-]*$`)
	// hostHeader is a name or an IPv4 address with an optional port.
	hostHeader = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?(:[0-9]{1,5})?$`)
	cookieName = regexp.MustCompile(`^[A-Za-z0-9_.-]+$`)
	statsUser  = regexp.MustCompile(`^[A-Za-z0-9_.-]+$`)
	domain     = regexp.MustCompile(`^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])$`)
	// identifier is one that Postgres takes without quotes.
	identifier = regexp.MustCompile(`^[a-z_][a-z0-9_]*$`)
)

// Limits of the database.
const (
	// NAMEDATALEN is 64 in Debian's Postgres, its last byte a NUL.
	maxIdentifier = 63
	maxVolumeGiB  = 16 * 1024 // API description, volume size
)

func loadBalancerProblems(lb *cluster.LoadBalancer) []Problem {
	if lb == nil {
		return nil
	}
	path := []string{"load_balancer"}
	check := at(path, "health_check")
	return slices.Concat(
		placeProblems(path, lb.Place),
		oneOf(at(path, "algorithm"), lb.Algorithm, "roundrobin", "leastconn", "first", "source", "random"),
		matches(at(path, "sticky_cookie"), lb.StickyCookie, cookieName, "Use the characters A-Z, a-z, 0-9, _, . and -."),
		matches(at(check, "path"), lb.HealthCheck.Path, urlPath, "It must begin with / and hold only characters that a URL may have."),
		matches(at(check, "host"), lb.HealthCheck.Host, hostHeader, "Use a host name with an optional port, such as \"localhost\"."),
		within(at(check, "interval_ms"), lb.HealthCheck.IntervalMS, 100, 3_600_000, " milliseconds"),
		within(at(check, "rise"), lb.HealthCheck.Rise, 1, 100, ""),
		within(at(check, "fall"), lb.HealthCheck.Fall, 1, 100, ""),
		statsProblems(at(path, "stats"), lb.Stats),
		tlsProblems(at(path, "tls"), lb.TLS),
	)
}

func statsProblems(path []string, s cluster.Stats) []Problem {
	if !s.Enabled {
		return nil
	}
	return slices.Concat(
		within(at(path, "port"), s.Port, minPort, maxPort, ""),
		matches(at(path, "path"), s.Path, urlPath, "It must begin with / and hold only characters that a URL may have."),
		matches(at(path, "user"), s.User, statsUser, "Use the characters A-Z, a-z, 0-9, _, . and -."),
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
	if _, err := tls.X509KeyPair([]byte(t.CertificatePEM), []byte(t.PrivateKeyPEM)); err != nil {
		return report(certificate, fmt.Sprintf("certificate_pem and private_key_pem cannot be used together: %s. "+
			"Give the certificate first, then those that signed it, and the key that belongs to the first, all as PEM.",
			strings.TrimPrefix(err.Error(), "tls: ")))
	}
	return nil
}

func acmeProblems(path []string, a *cluster.ACME) []Problem {
	var found []Problem
	if addr, err := mail.ParseAddress(a.Email); err != nil || addr.Address != a.Email {
		found = append(found, Problem{
			Path:    at(path, "email"),
			Summary: "Invalid email",
			Detail:  fmt.Sprintf("%q is not an email address. The certificate authority writes there before a certificate expires.", a.Email),
		})
	}
	if len(a.Domains) == 0 {
		found = append(found, Problem{
			Path:    at(path, "domains"),
			Summary: "Missing domains",
			Detail:  "domains is empty. List the names that the certificate is for, such as \"chat.example.com\".",
		})
	}
	for _, name := range a.Domains {
		if !domain.MatchString(name) {
			found = append(found, Problem{
				Path:    at(path, "domains"),
				Summary: "Invalid domain",
				Detail: fmt.Sprintf("%q is not a domain such as \"chat.example.com\". Wildcards are not possible: "+
					"the authority checks each name over HTTP.", name),
			})
		}
	}
	if a.Directory != "" && (!fetchable(a.Directory) || !strings.HasPrefix(a.Directory, "https://")) {
		found = append(found, Problem{
			Path:    at(path, "directory_url"),
			Summary: "Invalid directory_url",
			Detail:  fmt.Sprintf("directory_url is %q. It must begin with https://; leave it out for Let's Encrypt.", a.Directory),
		})
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
		identifierProblems(at(path, "name"), d.Name, maxIdentifier,
			// postgres and the templates exist; the others are words of pg_hba.conf.
			"postgres", "template0", "template1", "all", "sameuser", "samerole", "samegroup", "replication"),
		identifierProblems(at(path, "user"), d.User, maxIdentifier-len(cluster.Database{}.Owner()),
			"postgres", "all", "public", "none", "current_user", "current_role", "session_user"),
		within(at(path, "volume_gib"), d.VolumeGiB, 1, maxVolumeGiB, " GiB"),
	)
}

// identifierProblems checks the name of a database or role. Names that begin
// with pg_ are Postgres' own (its manual, "CREATE ROLE").
func identifierProblems(path []string, name string, longest int, taken ...string) []Problem {
	if identifier.MatchString(name) && len(name) <= longest && !strings.HasPrefix(name, "pg_") && !slices.Contains(taken, name) {
		return nil
	}
	last := path[len(path)-1]
	return []Problem{{
		Path:    path,
		Summary: "Invalid database " + last,
		Detail: fmt.Sprintf("%s is %q. Use 1 to %d of the characters a-z, 0-9 and _, not beginning with a digit or with pg_, and none of %s.",
			last, name, longest, quoted(taken)),
	}}
}
