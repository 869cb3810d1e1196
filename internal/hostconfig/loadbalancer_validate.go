package hostconfig

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// Algorithms are the values of LoadBalancer.Algorithm.
var Algorithms = []string{"roundrobin", "leastconn", "first", "source", "random"}

var (
	cookieName  = regexp.MustCompile(`^[A-Za-z0-9_.-]+$`)
	serverName  = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*$`)
	hostHeader  = regexp.MustCompile(`^[A-Za-z0-9._-]+(:[0-9]+)?$`)
	requestPath = regexp.MustCompile(`^/[!-~]*$`)
	// Basic authentication ends the user's name at the first colon (RFC 7617).
	basicAuthUser = regexp.MustCompile(`^[!-9;-~]+$`)
	basicAuthPass = regexp.MustCompile(`^[ -~]+$`)
	emailAddress  = regexp.MustCompile(`^[!-?A-~]+@[A-Za-z0-9.-]+$`)
	domainName    = regexp.MustCompile(`^([A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?\.)+[A-Za-z]([A-Za-z0-9-]*[A-Za-z0-9])?$`)
)

// Validate reports everything that HAProxy, or certbot, could not be told
// exactly. Errors name the setting and never show a secret.
func (l LoadBalancer) Validate() error {
	errs := []error{
		oneOf("algorithm", l.Algorithm, Algorithms),
		match("sticky_cookie", l.StickyCookie, cookieName, "letters, digits, dots, _ and -"),
		match("health_check.path", l.HealthCheck.Path, requestPath, "a / followed by printable ASCII without spaces"),
		match("health_check.host", l.HealthCheck.Host, hostHeader, "a host name, with or without a port"),
	}
	for _, s := range l.Servers {
		errs = append(errs, s.validate())
	}
	if s := l.Stats; s != nil {
		errs = append(errs,
			match("stats.path", s.Path, requestPath, "a / followed by printable ASCII without spaces"),
			match("stats.user", s.User, basicAuthUser, "printable ASCII without spaces and colons"))
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
	if err := match("server name", s.Name, serverName, "letters, digits, dots, _ and -"); err != nil {
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
	// The error of crypto/tls does not hold the key.
	if _, err := tls.X509KeyPair([]byte(t.CertificatePEM), []byte(t.PrivateKeyPEM)); err != nil {
		return fmt.Errorf("tls: certificate_pem and private_key_pem are not a pair that can be served (the key must be without a passphrase): %w", err)
	}
	return nil
}

func (a ACME) validate() error {
	errs := []error{match("tls.acme.email", a.Email, emailAddress, "an e-mail address")}
	if len(a.Domains) == 0 {
		errs = append(errs, errors.New("tls.acme.domains is empty; at least one domain is needed"))
	}
	for _, domain := range a.Domains {
		errs = append(errs, match("tls.acme.domains", domain, domainName, "a domain name without wildcards"))
	}
	if a.Directory != "" {
		directory, err := url.Parse(a.Directory)
		if err != nil || directory.Scheme != "https" || directory.Host == "" {
			errs = append(errs, fmt.Errorf("tls.acme.directory_url %q is not an https:// URL", a.Directory))
		}
	}
	return errors.Join(errs...)
}

func oneOf(name, value string, allowed []string) error {
	if slices.Contains(allowed, value) {
		return nil
	}
	return fmt.Errorf("%s is %q; allowed are %s", name, value, strings.Join(allowed, ", "))
}

func match(name, value string, form *regexp.Regexp, allowed string) error {
	if form.MatchString(value) {
		return nil
	}
	return fmt.Errorf("%s is %q; it must be %s", name, value, allowed)
}
