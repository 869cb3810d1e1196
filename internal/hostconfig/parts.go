package hostconfig

import "maps"

// Part is a piece of what a host is told. Each has a fingerprint of its own, so
// that a change of one can be brought to a running host in the gentlest way.
type Part string

// Parts of hosts. A host has those that concern it.
const (
	// PartFixed is all that only a new host can be given.
	PartFixed Part = "fixed"
	// PartLogin is who may log in, where PartFixed never told it.
	PartLogin Part = "login"
	// PartKeys are the SSH keys that log in as the host's user, with Management.
	PartKeys Part = "keys"
	// PartHost are settings and packages of the system.
	PartHost Part = "host"
	// PartBalancing is HAProxy's configuration, less the nodes.
	PartBalancing Part = "balancing"
	// PartCertificate is the certificate that was given, with its key.
	PartCertificate Part = "certificate"
	// PartACME is whom a certificate is asked of, and for which names.
	PartACME Part = "acme"
	// PartEnvironment is what the release finds in its environment.
	PartEnvironment Part = "environment"
	// PartVM is how the VM is started.
	PartVM Part = "vm"
	// PartRelease is the release that runs, and how it is run.
	PartRelease Part = "release"
	// PartTriggers are values of the user's that say when to restart.
	PartTriggers Part = "triggers"
	// PartPeers are the nodes that a node dials, where PeersTold.
	PartPeers Part = "peers"
	// PartCookie is the cookie, which nodes change together.
	PartCookie Part = "cookie"
)

// Parts are fingerprints of a host's description by part.
type Parts map[Part]string

// Changed lists the parts of wanted that differ, in the order of the constants. A
// part that is not known is taken to be right.
func (p Parts) Changed(wanted Parts) []Part {
	var changed []Part
	for _, part := range []Part{
		PartFixed, PartLogin, PartKeys, PartHost, PartBalancing, PartCertificate, PartACME, PartEnvironment, PartVM, PartRelease, PartTriggers, PartPeers, PartCookie,
	} {
		have, known := p[part]
		want, asked := wanted[part]
		if known && asked && have != want {
			changed = append(changed, part)
		}
	}
	return changed
}

// With returns the parts with some of them as in wanted; none where none are known.
func (p Parts) With(wanted Parts, parts ...Part) Parts {
	if p == nil {
		return nil
	}
	next := maps.Clone(p)
	for _, part := range parts {
		next[part] = wanted[part]
	}
	return next
}

// withKeys adds the part of the SSH keys, of which only Management tells a host that
// runs.
func (b Base) withKeys(parts Parts) Parts {
	if b.Management != nil {
		parts[PartKeys] = keysPart(b.SSHKeys)
	}
	return parts
}

// hostPart are the settings of the system. The locale is also the release's, see
// the parts of a node.
func (b Base) hostPart() any {
	return []any{b.Locale, b.SwapMiB, b.Packages, b.UnattendedUpgrades, b.Fail2ban}
}

// fixed is what is left of a host's base when its parts are taken out.
func (b Base) fixed() Base {
	b.Locale, b.SwapMiB, b.Packages, b.UnattendedUpgrades, b.Fail2ban = "", 0, nil, false, false
	return b
}

// CookiePart is what PartCookie of a node with the cookie is.
func CookiePart(cookie string) string { return fingerprint(cookie) }

// Parts tells the parts of a node. What it can be told with commands of their own
// is in none: with Management, the database's address. Nor are peers that it is not
// told of, see PeersTold.
func (n Node) Parts() Parts {
	parts := Parts{
		PartHost:        fingerprint([]any{n.hostPart(), n.Toolchain}),
		PartEnvironment: fingerprint([]any{n.Environment, n.SecretKeyBase, n.DatabaseURL, n.MigrationDatabaseURL, n.Locale, n.publicHost()}),
		PartVM:          fingerprint([]any{n.Sync, n.SyncTimeoutMS}),
		PartCookie:      CookiePart(n.Cookie),
		PartTriggers:    fingerprint(n.Triggers),
	}
	if n.PeersTold {
		parts[PartPeers] = fingerprint(n.Peers)
	}
	rest := n
	if n.Release != nil {
		release, fixed := *n.Release, Release{Name: n.Release.Name, Kind: n.Release.Kind}
		release.URL, release.Headers = "", nil // where it is fetched from does not matter: its SHA-256 tells what it is
		parts[PartRelease] = fingerprint(release)
		rest.Release = &fixed
	}
	rest.Base = n.fixed()
	rest.Toolchain, rest.Environment, rest.SecretKeyBase, rest.DatabaseURL, rest.MigrationDatabaseURL = nil, nil, "", "", ""
	rest.Sync, rest.SyncTimeoutMS, rest.Cookie, rest.Triggers = "", 0, "", nil
	rest.PublicHost = ""
	rest.Peers = nil
	if n.Management != nil {
		rest.DatabaseAddress = ""
	}
	parts[PartFixed] = fingerprint(rest)
	return n.withKeys(parts)
}

// Parts tells the parts of a load balancer, its servers left out: it is told of
// those with a command of their own.
func (l LoadBalancer) Parts() Parts {
	parts := Parts{
		PartHost:      fingerprint(l.hostPart()),
		PartBalancing: fingerprint([]any{l.Algorithm, l.StickyCookie, l.HealthCheck, l.Stats}),
	}
	rest := l
	switch {
	case l.TLS == nil:
	case l.TLS.ACME != nil:
		parts[PartACME] = fingerprint(l.TLS.ACME)
		rest.TLS = &TLS{ACME: &ACME{}}
	default:
		parts[PartCertificate] = fingerprint([]string{l.TLS.CertificatePEM, l.TLS.PrivateKeyPEM})
		rest.TLS = &TLS{}
	}
	rest.Base = l.fixed()
	rest.Servers, rest.Algorithm, rest.StickyCookie, rest.HealthCheck = nil, "", "", HealthCheck{}
	if l.Stats != nil {
		rest.Stats = &Stats{Port: l.Stats.Port} // the host's firewall opens it at the first boot
	}
	parts[PartFixed] = fingerprint(rest)
	return l.withKeys(parts)
}

// Parts tells the parts of a database. The name of its role stands in the place of
// the host's user in PartFixed, and does in what hosts are remembered to be told.
func (db Database) Parts() Parts {
	rest := db
	rest.Base = db.fixed()
	return db.withKeys(Parts{PartHost: fingerprint(db.hostPart()), PartLogin: fingerprint(db.Base.User), PartFixed: fingerprint(rest)})
}
