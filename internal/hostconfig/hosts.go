// Package hostconfig turns the description of one host into the files it
// needs and those files into one #cloud-config document. It is pure: it reads
// no clock, no network and no disk, and the same description always gives the
// same bytes.
package hostconfig

// MaxUserData is the largest user data, in bytes of plain text, that
// DigitalOcean accepts for a droplet (API description, droplet_create.user_data).
const MaxUserData = 64 * 1024

// Base is what every kind of host has.
type Base struct {
	Cluster            string   // the cluster's name
	User               string   // login with sudo; on nodes it also runs the release
	SSHPort            int      // TCP port of sshd
	Locale             string   // such as "en_US.UTF-8"
	SwapMiB            int      // size of the swap file in MiB; 0 means none
	Packages           []string // extra Debian packages
	UnattendedUpgrades bool
	Fail2ban           bool
	Management         *Management `json:",omitempty"` // nil: nothing can be told the host once it runs
	SSHKeys            []string    `json:"-"`          // ids or fingerprints of the account's keys; not part of Fingerprint, since DigitalOcean gives them to a host
	Brought
}

// Management lets the provider ask a host how it is, and tell it the few things
// that may change while it runs. The keys are Ed25519 pairs of the cluster's.
type Management struct {
	AuthorizedKey string // line of authorized_keys: the key that may run beamctl
	HostKeyPEM    string // private key of sshd, in OpenSSH's form
	HostPublicKey string // its public half, as a line of ssh_host_ed25519_key.pub
}

// Node is a host that runs a BEAM node.
type Node struct {
	Base
	Basename             string            // the part of the node's name before the @
	Cookie               string            // the cluster's cookie
	PublicDistribution   bool              // the long name uses the public address instead of the private one
	EPMDPort             int               // TCP port of epmd
	PortMin, PortMax     int               // distribution ports, both included
	Sync                 string            // "optional", "mandatory" or "none"
	SyncTimeoutMS        int               // how long boot waits for the peers, in milliseconds
	Peers                []string          // long names of older nodes; not part of Fingerprint
	Release              *Release          // nil prepares the host for a later deploy
	App                  string            // name of the application's folder: the release's name, else made from the cluster's
	HTTPPort             int               // the port the release serves HTTP on
	Environment          map[string]string // the user's own; it wins over what is rendered
	PublicHost           string            `json:"-"` // PHX_HOST; not part of Fingerprint, since hosts of earlier versions run without it
	SecretKeyBase        string            // SECRET_KEY_BASE
	DatabaseURL          string            // DATABASE_URL of the app's role; empty without a database
	MigrationDatabaseURL string            // the same of the owner's role, for release.Migrate only
	DatabaseName         string            // database.<cluster>.internal; empty without a database
	DatabaseAddress      string            // the address DatabaseName stands for in /etc/hosts
	DatabaseCAPEM        string            // certificate of the cluster's CA, installed as a system CA
	Toolchain            []string          // of "erlang", "elixir", "nodejs"
	Triggers             map[string]string `json:",omitempty"` // values of the user's; a change restarts the release
	Service              *Service          `json:",omitempty"` // nil is DefaultService
	UDPPorts             []string          `json:",omitempty"` // see UDPPort
	PeersTold            bool              `json:",omitempty"` // the peers may become others while the node runs
}

// Release says what a node runs.
type Release struct {
	Name    string // OTP release name
	URL     string // URL of the tarball; empty when it is deployed later over SSH
	SHA256  string // hex digest of the tarball
	Kind    string // KindMix or KindRebar3
	Migrate string // expression for `bin/<name> eval`, run with the owner's database role before the release starts; may be empty
	// Headers are sent to the URL's own host only; they may hold a token.
	Headers map[string]string `json:",omitempty"`
	// Pushed says that the release comes over the channel or from other nodes
	// and not from a URL.
	Pushed   bool `json:",omitempty"`
	Keep     int  `json:",omitempty"` // how many releases a node keeps, the running one among them
	ReadOnly bool `json:",omitempty"` // the release must not write below its own folder
}

// LoadBalancer is a host that runs HAProxy.
type LoadBalancer struct {
	Base
	Servers      []Server
	Algorithm    string // HAProxy's balance keyword
	StickyCookie string // name of the cookie that binds a client to a node
	HealthCheck  HealthCheck
	Stats        *Stats // nil closes the stats page
	TLS          *TLS   // nil serves plain HTTP
}

// Server is one node behind the load balancer.
type Server struct {
	Name    string // host name of the node; also the cookie's value
	Address string
	Port    int
}

// HealthCheck is how HAProxy finds out whether a node can serve.
type HealthCheck struct {
	Path       string
	Host       string // value of the Host header
	IntervalMS int    // milliseconds between two checks
	Rise, Fall int    // good checks until up, bad checks until down
}

// Stats is HAProxy's own page.
type Stats struct {
	Port           int
	Path           string
	User, Password string
}

// TLS is where the load balancer's certificate comes from: either PEM or ACME.
type TLS struct {
	CertificatePEM, PrivateKeyPEM string
	ACME                          *ACME
}

// ACME asks a certificate authority for the certificate, answering its
// challenge on 127.0.0.1:54321 behind HAProxy.
type ACME struct {
	Email     string
	Domains   []string
	Directory string // URL of the authority's directory; empty is Let's Encrypt
}

// Database is a host that runs Postgres with its data on a volume.
type Database struct {
	Base
	ServerName                    string   // as in the certificate; the host is not told, but its fingerprint always had it
	Name                          string   // the database
	User, Owner                   string   // role of the app, role that owns the schema and migrates
	UserVerifier, OwnerVerifier   string   // SCRAM-SHA-256 verifiers; the host never sees the passwords
	ClientCIDRs                   []string // where the two roles may log in from
	PublicNetwork                 bool     // nodes reach it at its public address instead of the private one
	VolumeName                    string   // mounted from /dev/disk/by-id/scsi-0DO_Volume_<name>
	CertificatePEM, PrivateKeyPEM string   // server certificate and key
}

// DefaultKeep is how many releases a node keeps where nobody says otherwise.
const DefaultKeep = 3
