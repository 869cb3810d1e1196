package cluster

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
