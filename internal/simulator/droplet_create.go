package simulator

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/netip"
)

// dropletCreate is the body of a create, of one droplet or of several.
type dropletCreate struct {
	Name             string          `json:"name"`
	Names            []string        `json:"names"`
	Region           string          `json:"region"`
	Size             string          `json:"size"`
	Image            reference       `json:"image"`
	SSHKeys          []reference     `json:"ssh_keys"`
	Backups          bool            `json:"backups"`
	BackupPolicy     *backupPolicy   `json:"backup_policy"`
	IPv6             bool            `json:"ipv6"`
	Monitoring       bool            `json:"monitoring"`
	Tags             []string        `json:"tags"`
	UserData         string          `json:"user_data"`
	Volumes          []volumeRequest `json:"volumes"`
	VPCUUID          string          `json:"vpc_uuid"`
	WithDropletAgent *bool           `json:"with_droplet_agent"`
	PublicNetworking *bool           `json:"public_networking"`
}

// reference names an object by its id or by a slug or fingerprint; numbers
// may come as JSON numbers or strings.
type reference string

func (ref *reference) UnmarshalJSON(data []byte) error {
	var value any
	if err := json.Unmarshal(data, &value); err != nil {
		return fmt.Errorf("decode a reference: %w", err)
	}
	switch value := value.(type) {
	case string:
		*ref = reference(value)
	case float64:
		*ref = reference(fmt.Sprintf("%.0f", value))
	}
	return nil
}

// volumeRequest names a volume by its id, by itself or, as godo does, in an object.
type volumeRequest struct{ id string }

func (v *volumeRequest) UnmarshalJSON(data []byte) error {
	if err := json.Unmarshal(data, &v.id); err == nil {
		return nil
	}
	var named struct {
		ID string `json:"id"`
	}
	if err := json.Unmarshal(data, &named); err != nil {
		return fmt.Errorf("decode a volume: %w", err)
	}
	v.id = named.ID
	return nil
}

func (s *Simulator) createDroplets(r *http.Request) (any, error) {
	wanted, err := decode[dropletCreate](r)
	if err != nil {
		return nil, err
	}
	plan, err := s.planDroplets(wanted)
	if err != nil {
		return nil, err
	}
	var droplets []dropletView
	var links []link
	for i, name := range plan.names {
		d, work, err := s.addDroplet(plan, name, plan.private[i])
		if err != nil {
			return nil, err
		}
		droplets = append(droplets, s.viewDroplet(d))
		links = append(links, actionLink(r, work))
	}
	if len(wanted.Names) == 0 {
		return object{"droplet": droplets[0], "links": object{"actions": links}}, nil
	}
	return object{"droplets": droplets, "links": object{"actions": links}}, nil
}

// addDroplet makes one droplet of a plan, and the action that creates it.
func (s *Simulator) addDroplet(plan *dropletPlan, name string, private netip.Addr) (*droplet, *action, error) {
	s.lastDroplet++
	d := &droplet{
		id: s.lastDroplet, name: name, created: s.timestamp(), region: plan.region,
		size: plan.size, disk: plan.size.Disk, image: plan.image,
		pending: true, privateIPv4: private, vpcID: plan.vpc.ID,
		monitoring: plan.Monitoring, agent: plan.WithDropletAgent == nil || *plan.WithDropletAgent,
		backupPolicy: plan.BackupPolicy, userData: plan.UserData, keys: plan.keys,
	}
	public, gateway := s.nextPublicIPv4()
	if plan.PublicNetworking == nil || *plan.PublicNetworking {
		d.publicIPv4, d.gateway = public, gateway
	}
	if plan.IPv6 {
		d.ipv6 = ipv6Of(public)
	}
	if err := s.options.Hosts.Create(s.host(d, plan.volumes)); err != nil {
		return nil, nil, fmt.Errorf("create the host of droplet %d: %w", d.id, err)
	}
	s.droplets.add(d.id, d)
	s.addTags(&d.tags, plan.Tags)
	s.joinVPC(d.vpcID, d.urn(), d.name)
	for _, v := range plan.volumes {
		v.DropletIDs = []int{d.id}
	}
	return d, s.bootDroplet(d), nil
}

// bootDroplet starts the create action. The addresses come on their own time.
func (s *Simulator) bootDroplet(d *droplet) *action {
	fate := s.fateOf(d)
	if !fate.neverAddressed {
		s.after(s.options.AddressLag, func() { d.addressed = true })
	}
	takes := s.options.BootTime
	if fate.neverActive {
		takes = never
	}
	return s.startAction("create", d.subject(), takes, d.unlock, func() error {
		d.booted = true
		return nil
	})
}

// host is what a droplet's host is told.
func (s *Simulator) host(d *droplet, volumes []*volume) Host {
	host := Host{
		DropletID: d.id, Name: d.name, Image: d.image.label(), UserData: d.userData,
		PublicKeys:  convert(d.keys, func(key *sshKey) string { return key.PublicKey }),
		PublicIPv4:  d.publicIPv4,
		PrivateIPv4: netip.PrefixFrom(d.privateIPv4, s.vpcRange(d.vpcID).Bits()), VPC: d.vpcID,
		Volumes:   convert(volumes, func(v *volume) string { return v.Name }),
		MemoryMiB: d.size.Memory,
	}
	if d.gateway.IsValid() {
		host.Gateway = netip.PrefixFrom(d.gateway, publicBits)
	}
	return host
}
