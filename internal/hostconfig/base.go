package hostconfig

import (
	"errors"
	"fmt"
	"strconv"
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
	d.Files = append(d.Files, append(hostSettings(b), b.broughtFiles()...)...)
	if err := d.addFiles(b, baseFiles()); err != nil {
		return Document{}, err
	}
	return d, errors.Join(d.addSteps(struct {
		Base
		Ports []PortRange
	}{b, d.Ports}, baseSteps()), d.addKeys(b))
}

// baseFiles lists the files of every host. Their contents are templates.
func baseFiles() []templateFile {
	return []templateFile{
		{File{Path: "/etc/beam/metadata.nft", Mode: "0644"}, "base/metadata.nft"},
		{File{Path: "/etc/systemd/system/beam-metadata.service", Mode: "0644"}, "base/beam-metadata.service"},
		{File{Path: "/etc/sysctl.d/60-beam.conf", Mode: "0644"}, "base/sysctl.conf"},
		// sshd takes the first value it reads, and reads the drop-ins in
		// the order of their names: this one precedes cloud-init's.
		{File{Path: "/etc/ssh/sshd_config.d/10-beam.conf", Mode: "0644"}, "base/sshd.conf"},
		{File{Path: "/etc/needrestart/conf.d/beam.conf", Mode: "0644"}, "base/needrestart.conf"},
		// It is there before fail2ban is, which may be switched on later.
		{File{Path: "/etc/fail2ban/jail.d/beam.local", Mode: "0644"}, "base/fail2ban.conf"},
	}
}

// hostSettings are the settings of every host that it can be told while it runs,
// in files of their own: the step that makes one count reads it there, at the
// first boot as well as later.
func hostSettings(b Base) []File {
	return []File{
		hostSetting("locale", b.Locale),
		hostSetting("swap-mib", strconv.Itoa(b.SwapMiB)),
		hostSetting("unattended-upgrades", onOff(b.UnattendedUpgrades)),
		hostSetting("fail2ban", onOff(b.Fail2ban)),
	}
}

func hostSetting(name, value string) File {
	return File{Path: "/etc/beam/" + name, Mode: "0644", Content: value + "\n", Part: PartHost}
}

func onOff(on bool) string {
	if on {
		return "on"
	}
	return "off"
}

func baseSteps() []templateStep {
	return []templateStep{
		{"packages", "install packages", "base/packages.sh"},
		{"metadata", "close the metadata service", "base/metadata.sh"},
		{"unattended-upgrades", "set unattended upgrades", "base/unattended-upgrades.sh"},
		{"locale", "set the locale", "base/locale.sh"},
		{"memory", "set how memory is used", "base/sysctl.sh"},
		{"ssh", "configure SSH", "base/ssh.sh"},
		{"firewall", "close the firewall", "base/firewall.sh"},
		{"swap", "set the swap file", "base/swap.sh"},
		{"fail2ban", "set fail2ban", "base/fail2ban.sh"},
	}
}

// listPackages gives the host the list of its packages, once it is complete.
func (d *Document) listPackages() {
	d.Files = append(d.Files, hostSetting("packages", strings.Join(d.Packages, "\n")))
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

// program is a file whose content is the one of that name among the templates, with
// nothing filled in.
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
		content, err := readProgram(p.name)
		if err != nil {
			return fmt.Errorf("read %s: %w", p.path, err)
		}
		d.Files = append(d.Files, File{Path: p.path, Mode: p.mode, Content: content})
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
