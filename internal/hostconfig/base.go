package hostconfig

import (
	"fmt"
	"strings"
)

// basePackages are what the steps of every host call. Images of DigitalOcean
// have most of them; a snapshot of one's own may not.
var basePackages = []string{"ca-certificates", "curl", "locales", "nftables", "openssh-server", "sudo", "ufw"}

// newDocument starts the document of a host with what every kind of host gets.
// Ports are those its role serves; SSH is opened besides.
func newDocument(b Base, ports ...PortRange) (Document, error) {
	if err := b.validate(); err != nil {
		return Document{}, err
	}
	d := Document{
		Packages: append([]string{}, basePackages...),
		Ports:    append([]PortRange{{b.SSHPort, b.SSHPort}}, ports...),
	}
	if b.UnattendedUpgrades {
		d.Packages = append(d.Packages, "unattended-upgrades")
	}
	if b.Fail2ban {
		// Debian 12 has no log file of sshd: fail2ban reads the journal.
		d.Packages = append(d.Packages, "fail2ban", "python3-systemd")
	}
	d.Packages = append(d.Packages, b.Packages...)
	if err := d.addFiles(b, baseFiles(b)); err != nil {
		return Document{}, err
	}
	return d, d.addSteps(struct {
		Base
		Ports []PortRange
	}{b, d.Ports}, baseSteps(b))
}

// baseFiles lists the files of every host. Their contents are templates.
func baseFiles(b Base) []templateFile {
	files := []templateFile{
		{File{Path: "/etc/beam/metadata.nft", Mode: "0644"}, "base/metadata.nft"},
		{File{Path: "/etc/systemd/system/beam-metadata.service", Mode: "0644"}, "base/beam-metadata.service"},
		{File{Path: "/etc/sysctl.d/60-beam.conf", Mode: "0644"}, "base/sysctl.conf"},
		// sshd takes the first value it reads, and reads the drop-ins in
		// the order of their names: this one precedes cloud-init's.
		{File{Path: "/etc/ssh/sshd_config.d/10-beam.conf", Mode: "0644"}, "base/sshd.conf"},
		// apt takes the last value, and images ship 20auto-upgrades.
		{File{Path: "/etc/apt/apt.conf.d/52beam", Mode: "0644"}, "base/apt.conf"},
	}
	if b.SwapMiB > 0 {
		files = append(files, templateFile{File{Path: "/etc/beam/swap-mib", Mode: "0644"}, "base/swap-mib"})
	}
	if b.Fail2ban {
		files = append(files, templateFile{File{Path: "/etc/fail2ban/jail.d/beam.local", Mode: "0644"}, "base/fail2ban.conf"})
	}
	return files
}

func baseSteps(b Base) []templateStep {
	steps := []templateStep{
		{"packages", "install packages", "base/packages.sh"},
		{"metadata", "close the metadata service", "base/metadata.sh"},
		{"locale", "set the locale", "base/locale.sh"},
		{"memory", "set how memory is used", "base/sysctl.sh"},
		{"ssh", "configure SSH", "base/ssh.sh"},
		{"firewall", "close the firewall", "base/firewall.sh"},
	}
	if b.SwapMiB > 0 {
		steps = append(steps, templateStep{"swap", "add swap", "base/swap.sh"})
	}
	if b.Fail2ban {
		steps = append(steps, templateStep{"fail2ban", "start fail2ban", "base/fail2ban.sh"})
	}
	return steps
}

// finish adds what comes after all other steps of a host, and what carries them
// out.
func (d *Document) finish(b Base) error {
	if b.UnattendedUpgrades {
		if err := d.addSteps(b, []templateStep{{"upgrades", "start pending updates", "base/upgrade.sh"}}); err != nil {
			return err
		}
	}
	return d.addBoot()
}

// templateFile is a file whose content is the template of that name.
type templateFile struct {
	File
	template string
}

// program is a file whose content is the one of that name among the templates,
// as it stands.
type program struct{ name, path, mode string }

// templateStep is a step whose script is the template of that name.
type templateStep struct{ slug, name, template string }

func (d *Document) addFiles(data any, files []templateFile) error {
	for _, f := range files {
		content, err := renderTemplate(f.template, data)
		if err != nil {
			return fmt.Errorf("render %s: %w", f.Path, err)
		}
		f.Content = content
		d.Files = append(d.Files, f.File)
	}
	return nil
}

func (d *Document) addPrograms(programs []program) error {
	for _, p := range programs {
		content, err := templateFiles.ReadFile("templates/" + p.name)
		if err != nil {
			return fmt.Errorf("read %s: %w", p.path, err)
		}
		d.Files = append(d.Files, File{Path: p.path, Mode: p.mode, Content: string(content)})
	}
	return nil
}

func (d *Document) addSteps(data any, steps []templateStep) error {
	for _, s := range steps {
		script, err := renderTemplate(s.template, data)
		if err != nil {
			return fmt.Errorf("render the step %q: %w", s.name, err)
		}
		d.Steps = append(d.Steps, Step{Slug: s.slug, Name: s.name, Script: strings.TrimSuffix(script, "\n")})
	}
	return nil
}
