package check

import (
	"cmp"
	"fmt"
	"strconv"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
	"github.com/beamcluster/terraform-provider-beam/internal/hostconfig"
)

// CatalogueWarnings returns what may go wrong with the spec, given the sizes that
// the account may use.
func CatalogueWarnings(c cluster.Catalogue, s cluster.Spec) []Problem {
	return connectionWarnings(c, s)
}

// connectionWarnings compares the pools of all nodes with the connections that
// Postgres takes. An app that has another database is left alone.
func connectionWarnings(c cluster.Catalogue, s cluster.Spec) []Problem {
	if s.Database == nil || s.Environment["DATABASE_URL"] != "" {
		return nil
	}
	size, known := c.Sizes[s.Database.Size]
	pool, err := strconv.Atoi(cmp.Or(s.Environment["POOL_SIZE"], strconv.Itoa(hostconfig.DefaultPoolSize)))
	if !known || err != nil || s.NodeCount() == 0 {
		return nil
	}
	needed, allowed := s.NodeCount()*pool, hostconfig.MaxConnections(size.MemoryMiB)-hostconfig.ReservedConnections
	if needed <= allowed {
		return nil
	}
	return []Problem{{
		Path:    []string{"database"},
		Needs:   [][]string{{"environment"}, {"environment", "POOL_SIZE"}, {"environment", "DATABASE_URL"}},
		Summary: "More connections than the database takes",
		Detail: fmt.Sprintf("%d connections are needed by %s with a POOL_SIZE of %d each, and Postgres on size %q takes about %d. Nodes that find none left fail. "+
			"Set POOL_SIZE in environment to %d or less, or use a larger size for the database.",
			needed, plural(s.NodeCount(), "node"), pool, s.Database.Size, allowed, max(allowed/s.NodeCount(), 1)),
	}}
}
