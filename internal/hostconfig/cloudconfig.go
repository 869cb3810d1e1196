package hostconfig

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"go.yaml.in/yaml/v3"
)

// File is one file of a host.
type File struct {
	Path    string
	Owner   string // "user:group"; empty is root:root
	Mode    string // octal, such as "0640"
	Content string
	// Deferred files are written after packages and users exist. It is
	// needed where Owner is the host's own user.
	Deferred bool
	// Part is what the file belongs to when it can be told to a running host;
	// empty for a file that only a new host gets.
	Part Part
	// Brought files are the user's, see Brought.
	Brought bool
}

// of marks the file as one of the part.
func (f File) of(part Part) File {
	f.Part = part
	return f
}

// Step is one part of setting a host up at its first boot. Its script is a
// program of its own, for a POSIX shell under `set -eu`: the first command that
// fails ends it. It may be cut off at any point, or fail, and is then carried
// out from its start once more.
type Step struct {
	Slug   string // tells it from others, for as long as hosts are told of it
	Name   string // what is done, for logs and /var/lib/beam/boot-step
	Script string
}

// PortRange is a range of TCP ports, both ends included.
type PortRange struct{ First, Last int }

// Document collects what one host needs before it becomes a #cloud-config.
// Packages are installed before the first step. Ports are opened in the host's
// own firewall for every source: the cloud firewall names the sources.
type Document struct {
	Files    []File
	Packages []string
	Ports    []PortRange
	Steps    []Step
}

// cloudConfig holds the keys of a #cloud-config that hosts need.
type cloudConfig struct {
	User           cloudUser   `yaml:"user"`
	DisableRoot    bool        `yaml:"disable_root"`
	SSHPasswords   bool        `yaml:"ssh_pwauth"`
	Locale         string      `yaml:"locale"`
	ManageEtcHosts string      `yaml:"manage_etc_hosts"`
	Users          []any       `yaml:"users,omitempty"`
	SSHKeys        *cloudKeys  `yaml:"ssh_keys,omitempty"`
	BootCmd        []string    `yaml:"bootcmd"`
	WriteFiles     []cloudFile `yaml:"write_files"`
	RunCmd         [][]string  `yaml:"runcmd"`
}

type cloudUser struct {
	Name         string   `yaml:"name"`
	Groups       []string `yaml:"groups,flow"`
	Sudo         string   `yaml:"sudo"`
	Shell        string   `yaml:"shell"`
	LockPassword bool     `yaml:"lock_passwd"`
}

type cloudFile struct {
	Path        string `yaml:"path"`
	Owner       string `yaml:"owner,omitempty"`
	Permissions string `yaml:"permissions"`
	Defer       bool   `yaml:"defer,omitempty"`
	Encoding    string `yaml:"encoding,omitempty"`
	Content     string `yaml:"content"`
}

// render turns the document of a host into user data.
//
// The host's user is cloud-init's default user, so that cloud-init itself
// gives it the account's SSH keys. cloud-init's own locale module fails where
// the package locales is missing; a step does its work. Of /etc/hosts only the
// host's own line is managed, because the others would be lost at each boot.
func (d Document) render(b Base) ([]byte, error) {
	if err := d.finish(b); err != nil {
		return nil, err
	}
	resume, err := renderTemplate("boot/resume.sh", b)
	if err != nil {
		return nil, err
	}
	config := cloudConfig{
		User: cloudUser{
			Name:         b.User,
			Groups:       []string{"sudo", "adm"},
			Sudo:         "ALL=(ALL) NOPASSWD:ALL",
			Shell:        "/bin/bash",
			LockPassword: true,
		},
		DisableRoot:    true,
		Locale:         "false",
		ManageEtcHosts: "localhost",
		BootCmd:        []string{resume},
		RunCmd:         [][]string{{beginProgram}},
	}
	config.addManagement(b.Management)
	if err := d.archive(); err != nil {
		return nil, err
	}
	for _, file := range d.Files {
		encoded, err := encode(file)
		if err != nil {
			return nil, err
		}
		config.WriteFiles = append(config.WriteFiles, encoded)
	}
	return config.marshal()
}

// marshal gives the document, or a *TooLargeError.
func (c cloudConfig) marshal() ([]byte, error) {
	text := bytes.NewBufferString("#cloud-config\n")
	encoder := yaml.NewEncoder(text)
	encoder.SetIndent(2)
	if err := encoder.Encode(c); err != nil {
		return nil, fmt.Errorf("encode cloud-config: %w", err)
	}
	if err := encoder.Close(); err != nil {
		return nil, fmt.Errorf("encode cloud-config: %w", err)
	}
	if text.Len() > MaxUserData {
		return nil, newTooLargeError(text.Len(), c.WriteFiles)
	}
	return text.Bytes(), nil
}

// fingerprint is the SHA-256, in hex, over the JSON of a host's description.
// It covers what a host is told and not the text made of it, so that a new
// version of the templates does not make every running host differ. For the
// same reason a field that is added to a description must be left out of the
// JSON while it is empty.
func fingerprint(description any) string {
	encoded, err := json.Marshal(description)
	if err != nil {
		// Descriptions hold only strings, numbers, booleans, lists and
		// maps of strings; encoding those cannot fail.
		panic(err)
	}
	sum := sha256.Sum256(encoded)
	return hex.EncodeToString(sum[:])
}
