package hostconfig

import (
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"regexp"
	"slices"
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
		{File{Path: "/usr/local/lib/beam/postgres-version", Mode: "0700"}, "database/postgres-version.sh"},
		{File{Path: "/etc/systemd/system/postgresql@.service.d/beam.conf", Mode: "0644"}, "database/postgresql.service.conf"},
	})
	if err != nil {
		return Document{}, err
	}
	err = errors.Join(d.addSteps(db, []templateStep{
		{"volume", "mount the data volume", "database/volume.sh"},
		{"postgres", "install Postgres", "database/install.sh"},
	}), d.addOwners(db.Brought), d.addSteps(db, []templateStep{ // Postgres reads settings of the user's when it starts
		{"postgres-settings", "configure Postgres", "database/configure.sh"},
		{"roles", "set up the database and its roles", "database/roles.sh"},
	}), d.addScripts(db.Scripts))
	if err != nil {
		return Document{}, err
	}
	d.listPackages()
	settings := databaseSettings{Role: "database", User: db.Base.User, Name: db.Name, Roles: []string{db.User, db.Owner}, Parts: d.manifest(db.Parts())}
	return d, d.addManagement(db.Base, []string{"database.py"}, settings)
}

// SettingsFiles are those that users bring for Postgres.
func (db Database) SettingsFiles() []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(db.Files)), func(at string) bool { return !liesIn(at, settingsFolder) })
}

// settingsFolder has the settings of Postgres by version.
const settingsFolder = "/etc/postgresql"

// DatabaseFile is a place for a file of the user's on the database's host: the first
// boot makes all of Postgres' settings but those of files of their own, and mounts the
// volume over what lies there.
var DatabaseFile = Form{
	fits: func(text string) bool {
		return !slices.ContainsFunc(postgresPaths, func(own string) bool { return matches(own, text) })
	},
	rule: `the first boot makes it, or mounts the data's volume there; bring settings of Postgres in a file of their own, such as "` +
		settingsFolder + `/17/main/conf.d/tuning.conf"`,
}

var postgresPaths = []string{
	"/srv/postgresql",
	mainSettings + "conf.d/beam*.conf", mainSettings + "environment", mainSettings + "log", mainSettings + "pg_*.conf",
	mainSettings + "postgresql.conf", mainSettings + "start.conf",
}

const mainSettings = settingsFolder + "/[0-9]*/main/"

// postgresVersions are those that the package postgresql brings on each image.
var postgresVersions = map[string]string{"debian-12-x64": "15", "debian-13-x64": "17", "ubuntu-22-04-x64": "14", "ubuntu-24-04-x64": "16"}

var versionFolder = regexp.MustCompile(`^` + settingsFolder + `/([0-9]+)/`)

// OtherVersion is the version of Postgres that a host of the image has, where the
// file holds settings of another one, which nothing would read. It is empty where
// that is not so, or not known, as with other sources of packages.
func (b Brought) OtherVersion(file, image string) string {
	of, version := versionFolder.FindStringSubmatch(file), postgresVersions[image]
	if of == nil || of[1] == version || len(b.Apt) > 0 {
		return ""
	}
	return version
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
	for _, at := range slices.Sorted(maps.Keys(db.Files)) {
		errs = append(errs, DatabaseFile.check("host.files", at))
	}
	for _, cidr := range db.ClientCIDRs {
		if prefix, err := netip.ParsePrefix(cidr); err != nil || prefix != prefix.Masked() {
			errs = append(errs, fmt.Errorf("client network %q is not a CIDR such as 10.20.0.0/16", cidr))
		}
	}
	return errors.Join(errs...)
}
