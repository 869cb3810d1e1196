package hostconfig

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Form is what a text must look like for a host to be told it exactly. A plan
// asks the same forms before there is a host, so that what it lets pass is
// never refused when the host is made.
type Form struct {
	fits  func(string) bool
	rule  string            // what to do about a text that does not fit
	taken func(string) bool // texts that fit and mean something already; nil for none
	other string            // what to do about those

	secret bool // a text that does not fit may hold a password
}

// Fault is empty for a text of the form. For any other it says what to do, as a
// part of a sentence without its first capital and its end.
func (f Form) Fault(text string) string {
	switch {
	case !f.fits(text):
		return f.rule
	case f.taken != nil && f.taken(text):
		return f.other
	}
	return ""
}

// Show is the text as a message may hold it.
func (f Form) Show(text string) string {
	if f.secret {
		return withoutCredentials(text)
	}
	return text
}

// check is Fault as an error about the setting of that name.
func (f Form) check(name, text string) error {
	if fault := f.Fault(text); fault != "" {
		return fmt.Errorf("%s is %q; %s", name, f.Show(text), fault)
	}
	return nil
}

func shaped(pattern string) func(string) bool { return regexp.MustCompile(pattern).MatchString }

// Range is the numbers that a setting may have, both ends included.
type Range struct{ Min, Max int }

func (r Range) check(name string, number int) error {
	if number >= r.Min && number <= r.Max {
		return nil
	}
	return fmt.Errorf("%s is %d; use %d to %d", name, number, r.Min, r.Max)
}

// Numbers of every host.
var (
	SSHPorts = Range{1, 65535}
	SwapMiB  = Range{0, 64 * 1024}
)

// SystemMiB is how much of a disk the system takes with what is installed, some
// releases and logs: it is no room for swap.
const SystemMiB = 4 * 1024

// Texts of every host.
var (
	// UserName is what adduser of Debian and Ubuntu takes by default.
	UserName = Form{
		fits:  shaped(`^[a-z][a-z0-9_-]{0,31}$`),
		rule:  "use 1 to 32 of the characters a-z, 0-9, _ and -, beginning with a letter",
		taken: isSystemName,
		other: `it belongs to the system; use a name of its own, such as "deploy"`,
	}
	// Image is the slug of a distribution that hosts are set up on, or the id of a
	// snapshot: what that holds only its owner knows.
	Image = Form{
		fits: shaped(`^([0-9]+|debian-1[23]-x64|ubuntu-2[24]-04-x64)$`),
		rule: `use "debian-13-x64", "debian-12-x64", "ubuntu-24-04-x64" or "ubuntu-22-04-x64", or the id of a snapshot made from one`,
	}
	// PackageName is section 5.6.7 of Debian's policy, less the - at the end with
	// which apt takes a package off the host.
	PackageName = Form{
		fits:  shaped(`^[a-z0-9][a-z0-9+.-]*[a-z0-9+.]$`),
		rule:  `use the name of a Debian package, such as "htop" or "libvips42"`,
		taken: func(text string) bool { return slices.Contains(unbearable, text) },
		other: "it conflicts with what every host has, ufw, sudo or systemd, or would close the ports through which hosts reach each other; " +
			"leave it out: the firewalls of the cluster are at DigitalOcean",
	}
)

// unbearable are packages that hosts cannot have: firewalld closes what the firewalls
// of a cluster open, and the others break or conflict with ufw, sudo or systemd.
var unbearable = []string{
	"firewalld", "debian-edu-router-config", "freedombox", "iptables-persistent", "netfilter-persistent", "uruk",
	"sudo-ldap", "elogind", "finit-sysv", "libelogind0", "runit-init", "systemctl", "sysvinit-core",
}

// Tool is what Node.Toolchain may hold.
var Tool = Form{
	fits: func(text string) bool { return toolPackages[text] != nil },
	rule: `use "erlang", "elixir" or "nodejs"`,
}

// Migration is an expression that a shell and a file can hold.
var Migration = Form{
	fits: func(text string) bool { return !strings.ContainsRune(text, 0) },
	rule: "use an expression without NUL characters",
}

// UDPPort is one port, or a range of them, that a release without privileges can
// listen on.
var UDPPort = Form{
	fits: isPorts, rule: `use a port from 1024 to 65535, such as "5060", or a range of them, such as "10000-10099"`,
}

func isPorts(text string) bool {
	from, to, ranged := strings.Cut(text, "-")
	first, err := strconv.Atoi(from)
	last := first
	if ranged && err == nil {
		last, err = strconv.Atoi(to)
	}
	plain := from == strconv.Itoa(first) && (!ranged || to == strconv.Itoa(last)) // no signs, no zeros
	return err == nil && plain && 1024 <= first && first <= last && last <= 65535 && (!ranged || first < last)
}

// Algorithms are the values of LoadBalancer.Algorithm.
var Algorithms = []string{"roundrobin", "leastconn", "first", "source", "random"}

// Texts of a load balancer.
var (
	CookieName = Form{fits: shaped(`^[A-Za-z0-9_.-]+$`), rule: "use the characters A-Z, a-z, 0-9, _, . and -"}
	// StatsUser has no colon: basic authentication ends the user's name at the
	// first one (RFC 7617).
	StatsUser = CookieName
	// RequestPath is an absolute path with an optional query (RFC 3986, sections
	// 3.3 and 3.4), less the ' that HAProxy's configuration would have to quote.
	RequestPath = Form{
		fits: shaped(`^/[A-Za-z0-9._~!$&()*+,;=:@%/?-]*$`),
		rule: "it must begin with / and hold only characters that a URL may have",
	}
	// HostHeader is a name or an IPv4 address with an optional port.
	HostHeader = Form{
		fits: func(text string) bool {
			_, port, _ := strings.Cut(text, ":")
			return hostHeader(text) && IsPort(port)
		},
		rule: `use a host name with an optional port, such as "localhost"`,
	}
	// Email is an address of RFC 5321 without quotes. certbot would take one
	// that begins with - for an option, and sends no letters beyond ASCII.
	Email = Form{
		fits: func(text string) bool { return len(text) <= maxEmail && emailShape(text) },
		rule: `use an e-mail address of ASCII letters, such as "ops@example.com"; a domain with others has a form that begins with xn--`,
	}
	// DomainName is a name that a certificate authority can check over HTTP.
	DomainName = Form{
		fits: func(text string) bool { return len(text) <= maxDomain && domainShape(text) },
		rule: `use a name such as "chat.example.com", in small letters, without a dot at its end and without wildcards: the authority checks each over HTTP; ` +
			"one with letters beyond a-z has a form that begins with xn--",
	}
	// DirectoryURL is where a certificate authority is asked.
	DirectoryURL = Form{
		fits: isHTTPS, rule: "it must begin with https://; leave it out for Let's Encrypt",
		taken: hasCredentials, other: secretFree, secret: true,
	}
)

// Limits of RFC 5321, section 4.5.3.1, and of RFC 1035, section 2.3.4.
const (
	maxEmail  = 254
	maxDomain = 253
)

var (
	hostHeader  = shaped(`^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?(:[0-9]{1,5})?$`)
	emailShape  = shaped(`^` + emailAtom + `[A-Za-z0-9!#$%&'*+/=?^_{|}~-]*(\.[A-Za-z0-9!#$%&'*+/=?^_{|}~-]+)*@` + emailLabel + `(\.` + emailLabel + `)*$`)
	domainShape = shaped(`^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])$`)
)

const (
	emailAtom  = `[A-Za-z0-9!#$%&'*+/=?^_{|}~]`
	emailLabel = `[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?`
)

// OwnerSuffix is what the name of the owner's role has after the app's.
const OwnerSuffix = "_owner"

// maxIdentifier is Postgres' limit in bytes (NAMEDATALEN - 1); longer names
// would be cut silently.
const maxIdentifier = 63

// Texts of a database.
var (
	// DatabaseName leaves out the databases that exist, and words that
	// pg_hba.conf takes for something else.
	DatabaseName = identifier(maxIdentifier,
		"postgres", "template0", "template1", "all", "sameuser", "samerole", "samegroup", "replication")
	// DatabaseUser leaves room for the owner's role.
	DatabaseUser  = identifier(maxIdentifier-len(OwnerSuffix), takenRoles...)
	databaseOwner = identifier(maxIdentifier, takenRoles...)
)

var takenRoles = []string{"postgres", "all", "public", "none", "current_user", "current_role", "session_user"}

// identifier is one that Postgres takes without quotes. Names that begin with
// pg_ are Postgres' own (its manual, "CREATE ROLE").
func identifier(longest int, taken ...string) Form {
	shape := shaped(`^[a-z_][a-z0-9_]*$`)
	return Form{
		fits: func(text string) bool {
			return shape(text) && len(text) <= longest && !strings.HasPrefix(text, "pg_") && !slices.Contains(taken, text)
		},
		rule: fmt.Sprintf("use 1 to %d of the characters a-z, 0-9 and _, not beginning with a digit or with pg_, and none of %s",
			longest, quoted(taken)),
	}
}

// quoted lists values for a sentence: "a", "b" or "c".
func quoted(values []string) string {
	var out []string
	for _, v := range values {
		out = append(out, fmt.Sprintf("%q", v))
	}
	last := len(out) - 1
	return strings.Join(out[:last], ", ") + " or " + out[last]
}
