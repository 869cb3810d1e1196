package check

import (
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
	"github.com/beamcluster/terraform-provider-beam/internal/hostconfig"
)

// CatalogueWarnings returns what may go wrong with the spec, given the sizes that
// the account may use.
func CatalogueWarnings(c cluster.Catalogue, s cluster.Spec) []Problem {
	return slices.Concat(connectionWarnings(c, s), ownerWarnings(s), webServerWarnings(s))
}

// connectionWarnings compares the pools of all nodes with the connections that
// Postgres takes. An app that has another database is left alone.
func connectionWarnings(c cluster.Catalogue, s cluster.Spec) []Problem {
	if s.Database == nil || s.Environment["DATABASE_URL"] != "" {
		return nil
	}
	written, set := s.Environment["POOL_SIZE"]
	pool, valid := poolSize(written)
	if !set {
		pool, valid = hostconfig.DefaultPoolSize, true
	}
	if !valid {
		return []Problem{{
			Path: []string{"environment", "POOL_SIZE"}, Needs: [][]string{{"environment", "DATABASE_URL"}}, Summary: "Not a number of connections",
			Detail: "POOL_SIZE is no whole number of 1 or more, and an app that reads it, as those of Phoenix do, would not start. Correct it, or remove it for the default.",
		}}
	}
	size, known := c.Sizes[s.Database.Size]
	if !known || s.NodeCount() == 0 {
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

// poolSize reads how many connections each node keeps. More than a million are as
// good as a million.
func poolSize(written string) (size int, valid bool) {
	const most = 1_000_000
	number, err := strconv.ParseUint(written, 10, 64)
	if errors.Is(err, strconv.ErrRange) {
		return most, true
	}
	return int(min(number, most)), err == nil && number > 0
}
