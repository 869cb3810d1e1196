package simulator

import (
	"net/http"
	"slices"
)

// dropletActionRequest is the body of an action; each type uses few members.
type dropletActionRequest struct {
	Type         string        `json:"type"`
	Name         string        `json:"name"`
	Size         string        `json:"size"`
	Disk         bool          `json:"disk"`
	Image        reference     `json:"image"`
	BackupPolicy *backupPolicy `json:"backup_policy"`
}

// dropletWork is what one type of action does: check refuses it before it
// starts, and the function that check returns is carried out at its end.
type dropletWork func(d *droplet, wanted dropletActionRequest) (done func() error, err error)

func (s *Simulator) dropletActionRoutes() {
	s.route("GET /v2/droplets/{droplet_id}/actions", http.StatusOK, func(r *http.Request) (any, error) {
		d, err := s.pathDroplet(r)
		if err != nil {
			return nil, err
		}
		return paginated(r, "actions", s.actionsOf(actionsOn(d.urn())))
	})
	s.route("GET /v2/droplets/{droplet_id}/actions/{action_id}", http.StatusOK, func(r *http.Request) (any, error) {
		id, err := pathID(r, "droplet_id")
		if err != nil {
			return nil, err
		}
		return s.actionAnswer(r, actionsOn((&droplet{id: id}).urn()))
	})
	s.route("POST /v2/droplets/{droplet_id}/actions", http.StatusCreated, s.postDropletAction)
	s.route("POST /v2/droplets/actions", http.StatusCreated, s.postDropletActionsByTag)
}

func (s *Simulator) postDropletAction(r *http.Request) (any, error) {
	d, err := s.pathDroplet(r)
	if err != nil {
		return nil, err
	}
	wanted, err := decode[dropletActionRequest](r)
	if err != nil {
		return nil, err
	}
	work, err := s.startDropletAction(d, wanted)
	return object{"action": work}, err
}

// postDropletActionsByTag starts one action on each droplet with a tag.
// Droplets that refuse it are left out.
func (s *Simulator) postDropletActionsByTag(r *http.Request) (any, error) {
	wanted, err := decode[dropletActionRequest](r)
	if err != nil {
		return nil, err
	}
	if !slices.Contains(actionsByTag, wanted.Type) {
		return nil, unprocessable("The action %q cannot be performed by tag.", wanted.Type)
	}
	actions := []*action{}
	for _, d := range s.dropletsTagged(r.URL.Query().Get("tag_name")) {
		if work, err := s.startDropletAction(d, wanted); err == nil {
			actions = append(actions, work)
		}
	}
	return object{"actions": actions}, nil
}

// actionsByTag are the types that the API takes for a tag.
var actionsByTag = []string{
	"power_cycle", "power_on", "power_off", "shutdown",
	"enable_ipv6", "enable_backups", "disable_backups", "snapshot",
}

// startDropletAction checks an action and locks its droplet until it is done.
func (s *Simulator) startDropletAction(d *droplet, wanted dropletActionRequest) (*action, error) {
	prepare, ok := s.dropletWork()[wanted.Type]
	if !ok {
		return nil, unprocessable("The action type %q is not supported.", wanted.Type)
	}
	if d.pending {
		return nil, errPendingEvent()
	}
	done, err := prepare(d, wanted)
	if err != nil {
		return nil, err
	}
	d.pending, d.locked = true, true
	return s.startAction(wanted.Type, d.subject(), s.options.ActionTime, d.unlock, func() error {
		if _, exists := s.droplets.get(d.id); !exists {
			return notFound()
		}
		return done()
	}), nil
}

// unlock lets the droplet take other work.
func (d *droplet) unlock() { d.pending, d.locked = false, false }

// dropletWork has every type of action.
func (s *Simulator) dropletWork() map[string]dropletWork {
	return map[string]dropletWork{
		"power_on":             s.preparePowerOn,
		"power_off":            s.preparePowerOff,
		"shutdown":             s.prepareShutdown,
		"power_cycle":          s.restart(),
		"reboot":               s.prepareReboot,
		"password_reset":       s.restart(),
		"resize":               s.prepareResize,
		"rebuild":              s.prepareRebuild,
		"restore":              s.prepareRebuild,
		"rename":               s.prepareRename,
		"snapshot":             s.prepareSnapshot,
		"enable_ipv6":          s.prepareIPv6,
		"enable_backups":       s.prepareEnableBackups,
		"change_backup_policy": s.prepareChangeBackups,
		"disable_backups":      s.prepareDisableBackups,
		"change_kernel":        refuseKernel,
	}
}

func (s *Simulator) preparePowerOn(d *droplet, _ dropletActionRequest) (func() error, error) {
	if s.options.Hosts.Running(d.id) {
		return nil, unprocessable("Droplet is already powered on.")
	}
	return func() error { return s.options.Hosts.Power(d.id, true) }, nil
}

func (s *Simulator) preparePowerOff(d *droplet, _ dropletActionRequest) (func() error, error) {
	if !s.options.Hosts.Running(d.id) {
		return nil, unprocessable("Droplet is already powered off.")
	}
	return func() error { return s.options.Hosts.Power(d.id, false) }, nil
}

// prepareShutdown asks a host that runs to go off by itself; a record is off at
// once. It is no error for a droplet that is off.
func (s *Simulator) prepareShutdown(d *droplet, _ dropletActionRequest) (func() error, error) {
	if machines, ok := s.options.Hosts.(Machines); ok {
		return func() error { return machines.Shutdown(d.id) }, nil
	}
	return func() error { return s.options.Hosts.Power(d.id, false) }, nil
}

func (s *Simulator) restart() dropletWork {
	return func(d *droplet, _ dropletActionRequest) (func() error, error) {
		return func() error {
			if err := s.options.Hosts.Power(d.id, false); err != nil {
				return err
			}
			return s.options.Hosts.Power(d.id, true)
		}, nil
	}
}

// prepareReboot asks a host that runs to start anew by itself.
func (s *Simulator) prepareReboot(d *droplet, wanted dropletActionRequest) (func() error, error) {
	if machines, ok := s.options.Hosts.(Machines); ok {
		return func() error { return machines.Reboot(d.id) }, nil
	}
	return s.restart()(d, wanted)
}

func refuseKernel(*droplet, dropletActionRequest) (func() error, error) {
	return nil, unprocessable("The Droplet manages its own kernel.")
}

// prepareResize: the droplet must be off, and a disk never shrinks.
func (s *Simulator) prepareResize(d *droplet, wanted dropletActionRequest) (func() error, error) {
	size := s.size(wanted.Size)
	switch {
	case size == nil || !slices.Contains(d.region.Sizes, wanted.Size):
		return nil, unprocessable("You specified an invalid size.")
	case size.Slug == d.size.Slug:
		return nil, unprocessable("This Droplet is already of size %s.", size.Slug)
	case s.options.Hosts.Running(d.id):
		return nil, unprocessable("You must power off the Droplet before resizing.")
	case size.Disk < d.disk:
		return nil, unprocessable("This size is not available because it has a smaller disk.")
	}
	return func() error {
		d.size = size
		if wanted.Disk {
			d.disk = size.Disk
		}
		if machines, ok := s.options.Hosts.(Machines); ok {
			return machines.Resize(d.id, size.Memory)
		}
		return nil
	}, nil
}

// prepareRebuild starts the host anew from an image.
func (s *Simulator) prepareRebuild(d *droplet, wanted dropletActionRequest) (func() error, error) {
	image := d.image
	if wanted.Image != "" || wanted.Type == "restore" {
		image = s.imageBy(wanted.Image)
	}
	switch {
	case image == nil:
		return nil, unprocessable("You specified an invalid image for Droplet %s.", wanted.Type)
	case image.MinDiskSize > d.disk:
		return nil, unprocessable("The image requires a disk of at least %d GB.", image.MinDiskSize)
	}
	if err := s.checkHostImage(image); err != nil {
		return nil, err
	}
	return func() error {
		d.image = image
		if err := s.options.Hosts.Destroy(d.id); err != nil {
			return err
		}
		return s.options.Hosts.Create(s.host(d, s.volumesOn(d.id)))
	}, nil
}

func (s *Simulator) prepareRename(d *droplet, wanted dropletActionRequest) (func() error, error) {
	if err := checkHostname(wanted.Name); err != nil {
		return nil, err
	}
	return func() error { d.name = wanted.Name; return nil }, nil
}

func (s *Simulator) prepareIPv6(d *droplet, _ dropletActionRequest) (func() error, error) {
	if d.ipv6.IsValid() {
		return nil, unprocessable("IPv6 is already enabled for this Droplet.")
	}
	if !d.publicIPv4.IsValid() {
		return nil, unprocessable("The Droplet has no public network.")
	}
	return func() error { d.ipv6 = ipv6Of(d.publicIPv4); return nil }, nil
}

func (s *Simulator) prepareSnapshot(d *droplet, wanted dropletActionRequest) (func() error, error) {
	return func() error { s.addSnapshotOf(d, wanted.Name); return nil }, nil
}
