package hostconfig

import (
	"errors"
	"fmt"
	"net/netip"
	"regexp"
)

// postgresPort is where Postgres listens.
const postgresPort = 5432

// ReservedConnections are those that Postgres keeps for its administrator
// (superuser_reserved_connections).
const ReservedConnections = 3

// MaxConnections is what the host sets, as database/configure.sh reckons it from
// the memory that the kernel leaves of a size's: some fifteen sixteenths.
func MaxConnections(memoryMiB int) int {
	return min(max(memoryMiB*15/16/8, 100), 1000)
}

// Render gives the database's #cloud-config. The error is a *TooLargeError,
// or what Validate found.
func (db Database) Render() ([]byte, error) {
	d, err := db.document()
	if err != nil {
		return nil, err
	}
	return d.render(db.Base)
}

// Fingerprint identifies what the database's host is told.
func (db Database) Fingerprint() string { return fingerprint(db) }

func (db Database) document() (Document, error) {
	if err := db.validate(); err != nil {
		return Document{}, err
	}
	d, err := newDocument(db.Base, PortRange{postgresPort, postgresPort})
	if err != nil {
		return Document{}, err
	}
	d.Files = append(d.Files,
		File{Path: "/etc/beam/postgresql/server.crt", Mode: "0644", Content: db.CertificatePEM},
		File{Path: "/etc/beam/postgresql/server.key", Mode: "0600", Content: db.PrivateKeyPEM})
	err = d.addFiles(db, []templateFile{
		{File{Path: "/etc/beam/postgresql/postgresql.conf", Mode: "0644"}, "database/postgresql.conf"},
		{File{Path: "/etc/beam/postgresql/pg_hba.conf", Mode: "0644"}, "database/pg_hba.conf"},
		{File{Path: "/etc/beam/postgresql/roles.sql", Mode: "0644"}, "database/roles.sql"},
		{File{Path: "/etc/beam/postgresql/roles.env", Mode: "0600"}, "database/roles.env"},
		{File{Path: "/etc/postgresql-common/createcluster.d/beam.conf", Mode: "0644"}, "database/createcluster.conf"},
		{File{Path: "/etc/systemd/system/postgresql@.service.d/beam.conf", Mode: "0644"}, "database/postgresql.service.conf"},
	})
	if err != nil {
		return Document{}, err
	}
	err = errors.Join(d.addSteps(db, []templateStep{
		{"volume", "mount the data volume", "database/volume.sh"},
		{"postgres", "install Postgres", "database/install.sh"},
		{"postgres-settings", "configure Postgres", "database/configure.sh"},
		{"roles", "set up the database and its roles", "database/roles.sh"},
	}), d.addBroughtSteps(db.Brought))
	if err != nil {
		return Document{}, err
	}
	d.listPackages()
	settings := databaseSettings{Role: "database", User: db.Base.User, Name: db.Name, Roles: []string{db.User, db.Owner}, Parts: d.manifest(db.Parts())}
	return d, d.addManagement(db.Base, []string{"database.py"}, settings)
}

var (
	verifier   = regexp.MustCompile(`^SCRAM-SHA-256\$[0-9]+:[A-Za-z0-9+/=]+\$[A-Za-z0-9+/=]+:[A-Za-z0-9+/=]+$`)
	volumeName = Form{fits: shaped(`^[a-z][a-z0-9-]*$`), rule: "use lower-case letters, digits and -"}
)

// validate reports everything that Postgres could not be told exactly. Errors
// name the setting and never show a secret.
func (db Database) validate() error {
	errs := []error{
		DatabaseName.check("name", db.Name),
		DatabaseUser.check("user", db.User),
		databaseOwner.check("owner", db.Owner),
		volumeName.check("volume name", db.VolumeName),
	}
	if db.User == db.Owner {
		errs = append(errs, fmt.Errorf("user and owner are both %q; the app's role must not own the schema", db.User))
	}
	if !verifier.MatchString(db.UserVerifier) || !verifier.MatchString(db.OwnerVerifier) {
		errs = append(errs, errors.New("the roles' passwords must be given as SCRAM-SHA-256 verifiers"))
	}
	for _, cidr := range db.ClientCIDRs {
		if prefix, err := netip.ParsePrefix(cidr); err != nil || prefix != prefix.Masked() {
			errs = append(errs, fmt.Errorf("client network %q is not a CIDR such as 10.20.0.0/16", cidr))
		}
	}
	return errors.Join(errs...)
}
