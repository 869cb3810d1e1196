package hostconfig

import "errors"

// certificateFile holds HAProxy's certificate followed by its key. HAProxy
// loads the whole folder, which with ACME is empty at first.
const certificateFile = "/etc/haproxy/certs/site.pem"

// serverStateFile tells a HAProxy that starts what is known of its servers. It
// holds the version of its form alone, except while a reload hands that over.
const serverStateFile = "/etc/haproxy/beam/server-state"

// Render gives the load balancer's #cloud-config. The error is a
// *TooLargeError, or what Validate found.
func (l LoadBalancer) Render() ([]byte, error) {
	d, err := l.document()
	if err != nil {
		return nil, err
	}
	return d.render(l.Base)
}

// Fingerprint identifies what the load balancer is told. With Management its
// servers are left out, because they can be told later.
func (l LoadBalancer) Fingerprint() string {
	if l.Management != nil {
		l.Servers = nil
	}
	return fingerprint(l)
}

func (l LoadBalancer) document() (Document, error) {
	if err := l.validate(); err != nil {
		return Document{}, err
	}
	d, err := newDocument(l.Base, l.ports()...)
	if err != nil {
		return Document{}, err
	}
	d.Files = append(d.Files, File{Path: serverStateFile, Mode: "0644", Content: "1\n"})
	// The folder of certificates must exist when HAProxy's package starts it.
	files := []templateFile{
		{File{Path: "/etc/haproxy/haproxy.cfg", Mode: "0600", Part: PartBalancing}, "loadbalancer/haproxy.cfg"},
		{File{Path: "/etc/haproxy/beam/nodes.cfg", Mode: "0644", Part: PartBalancing}, "loadbalancer/nodes.cfg"},
		{File{Path: "/etc/systemd/system/haproxy.service.d/beam.conf", Mode: "0644"}, "loadbalancer/haproxy.service.conf"},
	}
	steps := []templateStep{{"haproxy", "start HAProxy", "loadbalancer/haproxy.sh"}}
	if l.TLS != nil && l.TLS.ACME != nil {
		files = append(files, acmeFiles()...)
		steps = append(steps, templateStep{"acme", "ask for a certificate", "loadbalancer/acme.sh"})
	} else if l.TLS != nil {
		d.Files = append(d.Files, File{Path: certificateFile, Mode: "0600", Content: l.TLS.bundle(), Part: PartCertificate})
	}
	if err := d.addFiles(l, files); err != nil {
		return Document{}, err
	}
	if err := errors.Join(d.addSteps(l, steps), d.addBroughtSteps(l.Brought)); err != nil {
		return Document{}, err
	}
	d.listPackages()
	settings := loadBalancerSettings{Role: "load-balancer", User: l.User, Parts: d.manifest(l.Parts())}
	return d, d.addManagement(l.Base, []string{"balancer.py", "acme.py"}, settings)
}

func (l LoadBalancer) ports() []PortRange {
	ports := []PortRange{{80, 80}}
	if l.TLS != nil {
		ports = append(ports, PortRange{443, 443})
	}
	if l.Stats != nil {
		ports = append(ports, PortRange{l.Stats.Port, l.Stats.Port})
	}
	return ports
}

func acmeFiles() []templateFile {
	return []templateFile{
		{File{Path: "/usr/local/sbin/beam-certificate", Mode: "0700"}, "loadbalancer/beam-certificate.sh"},
		{File{Path: "/usr/local/sbin/beam-deploy-certificate", Mode: "0700"}, "loadbalancer/beam-deploy-certificate.sh"},
		{File{Path: "/etc/systemd/system/beam-certificate.service", Mode: "0644"}, "loadbalancer/beam-certificate.service"},
	}
}

// bundle is the form HAProxy reads: the chain, then the key.
func (t TLS) bundle() string {
	return Armored(t.CertificatePEM) + "\n" + Armored(t.PrivateKeyPEM) + "\n"
}
