package beam

import (
	"fmt"
	"strings"
)

// SysConfig is the system configuration that is merged over the release's own.
//
// The peers decide how long boot waits (lib/kernel/src/kernel_config.erl):
// without a timeout sync_nodes_* does nothing, and after boot it never dials
// again. The dialer does that.
func (n Node) SysConfig() string {
	parameters := []string{
		fmt.Sprintf("{inet_dist_listen_min, %d}", n.PortMin),
		fmt.Sprintf("{inet_dist_listen_max, %d}", n.PortMax),
		fmt.Sprintf("{inet_dist_use_interface, %s}", AddressTupleToken),
	}
	parameters = append(parameters, n.syncParameters()...)
	return "[{kernel, [\n  " + strings.Join(parameters, ",\n  ") + "\n]}].\n"
}

func (n Node) syncParameters() []string {
	if len(n.Peers) == 0 || n.Sync == SyncNone {
		return nil
	}
	return []string{
		fmt.Sprintf("{sync_nodes_%s, [%s]}", n.Sync, strings.Join(quoteAtoms(n.Peers), ", ")),
		fmt.Sprintf("{sync_nodes_timeout, %d}", n.SyncTimeoutMS),
	}
}

func quoteAtoms(names []string) []string {
	atoms := make([]string, 0, len(names))
	for _, name := range names {
		atoms = append(atoms, quoteAtom(name))
	}
	return atoms
}
