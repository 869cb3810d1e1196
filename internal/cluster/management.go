package cluster

import "github.com/beamcluster/terraform-provider-beam/internal/hostconfig"

// Manages says whether the provider can reach the cluster's hosts. The keys of
// an imported cluster are not known.
func (s Spec) Manages(m Memory) bool {
	return s.Management.Enabled && m.Secrets.Management != ManagementKeys{}
}

// WaitsForHosts says whether an apply ends only when the hosts say that they are
// what the spec waits for.
func (s Spec) WaitsForHosts(m Memory) bool {
	return s.WaitFor != WaitActive && s.Manages(m)
}

// KeepsKeys says that the host cannot be told of other SSH keys than those that it was
// made with: it has no channel, or an earlier version made it.
func (h HostRecord) KeepsKeys() bool {
	_, told := h.Parts[hostconfig.PartKeys]
	return h.Unmanaged || !told
}
