package hostconfig

// newDocument starts the document of a host with what every kind of host gets.
// Ports are those its role serves; SSH is opened besides.
func newDocument(b Base, ports ...PortRange) (Document, error) {
	return Document{Packages: b.Packages, Ports: ports}, nil
}
