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
	poolPort          = 25061
)

// The one engine that is simulated.
const (
	postgres     = "pg"
	postgresPort = 25060
)

var (
	postgresVersions = []string{"14", "15", "16", "17"} // oldest first
	postgresNodes    = []int{1, 2, 3}                   // how many a cluster may have
)

// databaseSizes can be had for every number of nodes.
var databaseSizes = []string{
	"db-s-1vcpu-1gb", "db-s-1vcpu-2gb", "db-s-2vcpu-2gb", "db-s-2vcpu-4gb", "db-s-4vcpu-8gb",
	"db-s-6vcpu-16gb", "db-s-8vcpu-32gb", "db-s-16vcpu-64gb",
	"gd-2vcpu-8gb", "gd-4vcpu-16gb", "gd-8vcpu-32gb",
}

// databaseOptions is what the API says can be had.
var databaseOptions = func() object {
	layouts := []object{}
	for _, nodes := range postgresNodes {
		layouts = append(layouts, object{"num_nodes": nodes, "sizes": databaseSizes})
	}
	return object{postgres: object{
		"regions": regionsExcept(nil), "versions": postgresVersions, "layouts": layouts,
		"default_version": defaultVersion(),
	}}
}()

func defaultVersion() string { return postgresVersions[len(postgresVersions)-1] }

func checkLayout(size string, nodes int) error {
	switch {
	case !slices.Contains(databaseSizes, size):
		return unprocessable("invalid size %q", size)
	case !slices.Contains(postgresNodes, nodes):
		return unprocessable("invalid num_nodes %d: choose one of %v", nodes, postgresNodes)
	}
	return nil
}

// connection tells how to reach the cluster's first database. The prefix makes
// the host another one, such as that of the private network.
func (d *database) connection(prefix string) *databaseConnection {
	return d.connect(prefix+d.Name, defaultDatabase, postgresPort)
}

// connect tells how to reach a database as the cluster's admin. The hosts are
// in a domain that is reserved for examples: nothing listens there.
func (d *database) connect(label, name string, port int) *databaseConnection {
	c := &databaseConnection{
		Protocol: "postgresql", Database: name, Host: label + "-do-user-1-0.db.example.com",
		Port: port, User: adminUser, Password: d.password, SSL: true,
	}
	uri := url.URL{
		Scheme: c.Protocol, User: url.UserPassword(c.User, c.Password),
		Host: fmt.Sprintf("%s:%d", c.Host, c.Port), Path: "/" + name, RawQuery: "sslmode=require",
	}
	c.URI = uri.String()
	return c
}

// newPassword looks like those DigitalOcean sets.
func newPassword() string { return "AVNS_" + rand.Text() }
