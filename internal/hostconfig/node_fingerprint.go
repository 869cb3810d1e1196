package hostconfig

// Fingerprint identifies what the host is told, peers left out.
func (n Node) Fingerprint() string {
	n.Peers = nil
	return fingerprint(n)
}
