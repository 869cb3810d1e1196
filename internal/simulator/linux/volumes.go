//go:build linux

package linux

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/beamcluster/terraform-provider-beam/internal/simulator"
)

// volume is a block device that outlives the hosts it is plugged into.
type volume struct {
	simulator.AttachedVolume
	file   string // what it stores
	device string // the loop device over it
}

// plug makes volumes as they have to be: it makes the new ones, removes those
// that are gone, and moves the others to their droplets.
func (h *Hosts) plug(wanted map[string]simulator.AttachedVolume) error {
	var errs []error
	for id, v := range maps.All(h.volumes) {
		if now, ok := wanted[id]; !ok {
			errs = append(errs, h.unplug(v), v.remove(h.run))
			delete(h.volumes, id)
		} else if now.DropletID != v.DropletID {
			errs = append(errs, h.unplug(v))
		}
	}
	for id, now := range wanted {
		v, exists := h.volumes[id]
		if !exists {
			v = &volume{file: filepath.Join(h.folder, "volumes", id)}
			h.volumes[id] = v
		}
		errs = append(errs, v.resize(h.run, now.SizeGiB))
		v.AttachedVolume = now
		errs = append(errs, h.plugInto(v))
	}
	return errors.Join(errs...)
}

// plugInto makes the volume's device appear in its host. A host that is not
// there yet gets it when it is created.
func (h *Hosts) plugInto(v *volume) error {
	m, ok := h.machines[v.DropletID]
	if !ok {
		return nil
	}
	var device unix.Stat_t
	if err := unix.Stat(v.device, &device); err != nil {
		return fmt.Errorf("look at the device of the volume %s: %w", v.Name, err)
	}
	//nolint:gosec // G115: the numbers of devices are small
	err := unix.Mknod(v.node(m), unix.S_IFBLK|0o660, int(device.Rdev))
	if err != nil && !errors.Is(err, unix.EEXIST) {
		return fmt.Errorf("plug the volume %s into the host %s: %w", v.Name, m.host.Name, err)
	}
	return nil
}

func (h *Hosts) unplug(v *volume) error {
	m, ok := h.machines[v.DropletID]
	if !ok {
		return nil
	}
	if err := os.Remove(v.node(m)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("unplug the volume %s: %w", v.Name, err)
	}
	return nil
}

// node is where the volume appears in a host, as DigitalOcean documents it.
func (v *volume) node(m *machine) string {
	return filepath.Join(m.disk.devices(), "by-id", "scsi-0DO_Volume_"+v.Name)
}

// resize makes the volume, or makes it larger. It takes no room until it is
// written to.
func (v *volume) resize(run runner, gib int) error {
	if gib == v.SizeGiB {
		return nil
	}
	file, err := os.OpenFile(v.file, os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("make a volume: %w", err)
	}
	defer file.Close()
	if err := file.Truncate(int64(gib) << 30); err != nil {
		return fmt.Errorf("resize a volume: %w", err)
	}
	if v.device != "" {
		_, err = run("", "losetup", "--set-capacity", v.device)
		return err
	}
	device, err := run("", "losetup", "--find", "--show", v.file)
	v.device = strings.TrimSpace(device)
	return err
}

func (v *volume) remove(run runner) error {
	_, err := run("", "losetup", "--detach", v.device)
	return errors.Join(err, os.Remove(v.file))
}
