package hostconfig

import (
	"errors"
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"
)

var (
	serverName    = Form{fits: shaped(`^[A-Za-z0-9][A-Za-z0-9._-]*$`), rule: "use letters, digits, dots, _ and -"}
	basicAuthPass = regexp.MustCompile(`^[ -~]+$`)
)

// validate reports everything that HAProxy, or certbot, could not be told
// exactly. Errors name the setting and never show a secret.
func (l LoadBalancer) validate() error {
	errs := []error{
		oneOf("algorithm", l.Algorithm, Algorithms),
		CookieName.check("sticky_cookie", l.StickyCookie),
		RequestPath.check("health_check.path", l.HealthCheck.Path),
		HostHeader.check("health_check.host", l.HealthCheck.Host),
	}
	for _, s := range l.Servers {
		errs = append(errs, s.validate())
	}
	if s := l.Stats; s != nil {
		errs = append(errs, RequestPath.check("stats.path", s.Path), StatsUser.check("stats.user", s.User))
		if !basicAuthPass.MatchString(s.Password) {
			errs = append(errs, errors.New("the password of the stats page must be printable ASCII and not empty"))
		}
	}
	if l.TLS != nil {
		errs = append(errs, l.TLS.validate())
	}
	return errors.Join(errs...)
}

func (s Server) validate() error {
	if err := serverName.check("server name", s.Name); err != nil {
		return err
	}
	if address, err := netip.ParseAddr(s.Address); err != nil || !address.Is4() {
		return fmt.Errorf("server %s: address %q is not an IPv4 address", s.Name, s.Address)
	}
	return nil
}

func (t TLS) validate() error {
	if t.ACME != nil {
		return t.ACME.validate()
	}
	if err := CheckKeyPair(t.CertificatePEM, t.PrivateKeyPEM); err != nil {
		return fmt.Errorf("tls: certificate_pem and private_key_pem are not a pair that can be served (the key must be without a passphrase): %w", err)
	}
	return nil
}

func (a ACME) validate() error {
	errs := []error{Email.check("tls.acme.email", a.Email)}
	if len(a.Domains) == 0 {
		errs = append(errs, errors.New("tls.acme.domains is empty; at least one domain is needed"))
	}
	for _, domain := range a.Domains {
		errs = append(errs, DomainName.check("tls.acme.domains", domain))
	}
	if a.Directory != "" {
		errs = append(errs, DirectoryURL.check("tls.acme.directory_url", a.Directory))
	}
	return errors.Join(errs...)
}

func oneOf(name, value string, allowed []string) error {
	if slices.Contains(allowed, value) {
		return nil
	}
	return fmt.Errorf("%s is %q; allowed are %s", name, value, strings.Join(allowed, ", "))
}
