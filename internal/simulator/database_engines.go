package simulator

import (
	"crypto/rand"
	"fmt"
	"net/url"
	"slices"
)

const (
	adminUser         = "doadmin"
	defaultDatabase   = "defaultdb"
	defaultStorageMiB = 10 * 1024
	defaultSQLMode    = "ANSI,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION,NO_ZERO_DATE,NO_ZERO_IN_DATE,STRICT_ALL_TABLES"
	poolPort          = 25061
)

// databaseEngine is one kind of managed database.
type databaseEngine struct {
	versions     []string // oldest first
	nodes        []int    // how many a cluster may have
	scheme       string   // of connection URIs
	port         int
	hasDatabases bool // named databases within a cluster
}

var databaseEngines = map[string]databaseEngine{
	"pg":         {[]string{"14", "15", "16", "17"}, []int{1, 2, 3}, "postgresql", 25060, true},
	"mysql":      {[]string{"8"}, []int{1, 2, 3}, "mysql", 25060, true},
	"redis":      {[]string{"7"}, []int{1, 2, 3}, "rediss", 25061, false},
	"valkey":     {[]string{"8"}, []int{1, 2, 3}, "rediss", 25061, false},
	"mongodb":    {[]string{"6.0", "7.0", "8.0"}, []int{1, 3}, "mongodb+srv", 27017, true},
	"kafka":      {[]string{"3.8"}, []int{3, 6, 9, 15}, "kafka+ssl", 25073, false},
	"opensearch": {[]string{"2.19"}, []int{1, 3, 6, 9, 15}, "https", 25060, false},
}

// databaseSizes can be had for every engine and every number of nodes.
var databaseSizes = []string{
	"db-s-1vcpu-1gb", "db-s-1vcpu-2gb", "db-s-2vcpu-2gb", "db-s-2vcpu-4gb", "db-s-4vcpu-8gb",
	"db-s-6vcpu-16gb", "db-s-8vcpu-32gb", "db-s-16vcpu-64gb",
	"gd-2vcpu-8gb", "gd-4vcpu-16gb", "gd-8vcpu-32gb",
}

// databaseOptions is what the API says can be had.
var databaseOptions = func() object {
	options := object{}
	for name, engine := range databaseEngines {
		layouts := []object{}
		for _, nodes := range engine.nodes {
			layouts = append(layouts, object{"num_nodes": nodes, "sizes": databaseSizes})
		}
		options[name] = object{
			"regions": regionsExcept(nil), "versions": engine.versions, "layouts": layouts,
			"default_version": engine.defaultVersion(),
		}
	}
	return options
}()

func (e databaseEngine) defaultVersion() string { return e.versions[len(e.versions)-1] }

func (e databaseEngine) hasVersion(version string) bool { return slices.Contains(e.versions, version) }

func (e databaseEngine) checkLayout(size string, nodes int) error {
	switch {
	case !slices.Contains(databaseSizes, size):
		return unprocessable("invalid size %q", size)
	case !slices.Contains(e.nodes, nodes):
		return unprocessable("invalid num_nodes %d: choose one of %v", nodes, e.nodes)
	}
	return nil
}

// connection tells how to reach the cluster's first database. The prefix makes
// the host another one, such as that of the private network.
func (d *database) connection(prefix string) *databaseConnection {
	return d.connect(prefix+d.Name, defaultDatabase, databaseEngines[d.Engine].port)
}

// connect tells how to reach a database as the cluster's admin. The hosts are
// in a domain that is reserved for examples: nothing listens there.
func (d *database) connect(label, name string, port int) *databaseConnection {
	engine := databaseEngines[d.Engine]
	if !engine.hasDatabases {
		name = ""
	}
	c := &databaseConnection{
		Protocol: engine.scheme, Database: name, Host: label + "-do-user-1-0.db.example.com",
		Port: port, User: adminUser, Password: d.password, SSL: true,
	}
	uri := url.URL{
		Scheme: c.Protocol, User: url.UserPassword(c.User, c.Password),
		Host: fmt.Sprintf("%s:%d", c.Host, c.Port), Path: "/" + name,
	}
	if d.Engine == "pg" {
		uri.RawQuery = "sslmode=require"
	}
	c.URI = uri.String()
	return c
}

// newPassword looks like those DigitalOcean sets.
func newPassword() string { return "AVNS_" + rand.Text() }
