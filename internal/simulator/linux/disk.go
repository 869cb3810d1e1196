//go:build linux

package linux

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"github.com/beamcluster/terraform-provider-beam/internal/simulator"
)

// seedFolder is where cloud-init looks for a config drive that needs no drive.
const seedFolder = "/var/lib/cloud/seed/config_drive/openstack/latest"

// memoryFile is what the image mounts over the host's /proc/meminfo.
const memoryFile = "/usr/lib/droplet/meminfo"

// disk is a host's file system: what the host writes lies over a base image
// that it shares with other hosts.
type disk struct{ folder string }

// root is where the host's file system is mounted.
func (d disk) root() string { return filepath.Join(d.folder, "root") }

// devices is the host's /dev/disk; volumes appear in its folder by-id.
func (d disk) devices() string { return filepath.Join(d.folder, "devices") }

// console is where what the host prints on its console is kept.
func (d disk) console() string { return filepath.Join(d.folder, "console.log") }

// create makes the file system of a host that has never booted, and that
// believes an authority, if one is given.
func (d disk) create(image string, host simulator.Host, authority string) error {
	upper, work := filepath.Join(d.folder, "upper"), filepath.Join(d.folder, "work")
	for _, folder := range []string{upper, work, d.root(), filepath.Join(d.devices(), "by-id")} {
		if err := os.MkdirAll(folder, 0o755); err != nil { //nolint:gosec // G301: a host's root is open to its users
			return fmt.Errorf("make a host's folders: %w", err)
		}
	}
	layers := fmt.Sprintf("lowerdir=%s,upperdir=%s,workdir=%s", image, upper, work)
	if err := unix.Mount("overlay", d.root(), "overlay", 0, layers); err != nil {
		return fmt.Errorf("mount a host's file system: %w", err)
	}
	if err := d.trust(authority); err != nil {
		return err
	}
	return d.seed(host)
}

// trust does what update-ca-certificates would: the certificate is there for the
// next run of it, and is believed already.
func (d disk) trust(authority string) error {
	if authority == "" {
		return nil
	}
	own := filepath.Join(d.root(), "/usr/local/share/ca-certificates/internet.crt")
	if err := os.WriteFile(own, []byte(authority), 0o644); err != nil { //nolint:gosec // G306: as in Debian
		return fmt.Errorf("write an authority's certificate: %w", err)
	}
	all, err := os.OpenFile(filepath.Join(d.root(), "/etc/ssl/certs/ca-certificates.crt"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return fmt.Errorf("open the certificates of authorities: %w", err)
	}
	_, err = all.WriteString(authority)
	return errors.Join(err, all.Close())
}

// remove removes the file system with all that the host wrote.
func (d disk) remove() error {
	return errors.Join(unmount(d.root()), os.RemoveAll(d.folder))
}

// seed lays what makes the host this one: its identity and its user data.
func (d disk) seed(host simulator.Host) error {
	metadata, err := configDrive(host)
	if err != nil {
		return err
	}
	files := []struct {
		path, content string
		mode          os.FileMode
	}{
		{"/etc/machine-id", machineID(host) + "\n", 0o444},
		{"/etc/hostname", host.Name + "\n", 0o644},
		{filepath.Join(seedFolder, "meta_data.json"), metadata, 0o600},
		{filepath.Join(seedFolder, "user_data"), host.UserData, 0o600},
	}
	for _, file := range files {
		path := filepath.Join(d.root(), file.path)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil { //nolint:gosec // G301: as in Debian
			return fmt.Errorf("make a folder of a host: %w", err)
		}
		if err := os.WriteFile(path, []byte(file.content), file.mode); err != nil {
			return fmt.Errorf("write a file of a host: %w", err)
		}
	}
	return d.setMemory(host.MemoryMiB)
}

// setMemory takes effect at the next boot.
func (d disk) setMemory(mebibytes int) error {
	path := filepath.Join(d.root(), memoryFile)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil { //nolint:gosec // G301: as in Debian
		return fmt.Errorf("make a folder of a host: %w", err)
	}
	//nolint:gosec // G306: as in Linux
	if err := os.WriteFile(path, []byte(meminfo(mebibytes)), 0o644); err != nil {
		return fmt.Errorf("write the size of a host's memory: %w", err)
	}
	return nil
}

// configDrive is the meta_data.json that cloud-init reads from a config drive.
func configDrive(host simulator.Host) (string, error) {
	keys := map[string]string{}
	for i, key := range host.PublicKeys {
		keys[fmt.Sprintf("key-%d", i)] = key
	}
	encoded, err := json.Marshal(map[string]any{
		"uuid": fmt.Sprint(host.DropletID), "name": host.Name, "hostname": host.Name, "public_keys": keys,
	})
	if err != nil {
		return "", fmt.Errorf("encode a host's metadata: %w", err)
	}
	return string(encoded), nil
}

// machineID is what systemd tells machines apart by. With one there from the
// start, the boot is not taken for the installation of a system.
func machineID(host simulator.Host) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "droplet %d", host.DropletID))
	return fmt.Sprintf("%x", sum[:16])
}

// meminfo is a /proc/meminfo of a host whose memory is free. Without it, a host
// would see the memory of the whole machine and claim its share of that.
func meminfo(mebibytes int) string {
	total := mebibytes << 10
	text := ""
	for _, line := range []struct {
		name  string
		value int
	}{
		{"MemTotal", total}, {"MemFree", total * 3 / 4}, {"MemAvailable", total * 3 / 4},
		{"Buffers", 0}, {"Cached", total / 8}, {"SwapCached", 0}, {"SwapTotal", 0}, {"SwapFree", 0},
		{"Shmem", 0}, {"SReclaimable", 0},
	} {
		text += fmt.Sprintf("%-15s %8d kB\n", line.name+":", line.value)
	}
	return text
}
