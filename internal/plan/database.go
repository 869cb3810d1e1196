package plan

import (
	"fmt"
	"slices"
	"time"

	"github.com/beamcluster/terraform-provider-beam/internal/check"
	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
)

// databaseBoot is how long a database is away at least while its host is made
// anew, and databaseRestart while the host restarts.
const (
	databaseBoot    = 90 * time.Second
	databaseRestart = 20 * time.Second
)

// database keeps the volume and, on it, the Postgres host. The nodes are told
// its address.
func (d *differ) database() {
	if d.Spec.Database == nil {
		return
	}
	name := cluster.DatabaseHostName(d.Spec.Name)
	host, exists := d.Observed.Host(cluster.RoleDatabase, d.Memory)
	d.volume(name, host)
	change := d.databaseChange(host)
	current, why := exists && change.way < wayReplaced, change.why
	if !exists {
		host, exists = d.strayDatabase()
		why = describe(host.Name, host.ID) + " is not in the state, and there is one host of a database at a time"
	}
	if exists && !current {
		d.add(Step{
			Action: DeleteHost{Droplet: host, Name: name, Role: cluster.RoleDatabase}, Why: why,
			Interrupts: Interruption{Hosts: []string{name}, AtLeast: databaseBoot},
		})
	}
	if !current {
		after, why := []string{CreateVolume{}.Key(), AwaitVolume{}.Key(), vpcKey(d.Spec.Database.Region), firewallKey(d.Spec.Name, cluster.RoleDatabase)}, "the database's host is missing"
		if exists {
			after, why = append(after, DeleteHost{Droplet: host}.Key()), ""
		}
		d.do(CreateHosts{Label: cluster.RoleDatabase, Role: cluster.RoleDatabase, Place: d.Spec.Database.Place, Names: []string{name}}, why, after...)
		d.do(AwaitAddress{Host: name}, "", createKey(cluster.RoleDatabase))
		d.do(NoteDatabase{}, "", AwaitAddress{Host: name}.Key())
		return
	}
	d.attach(host)
	switch address := d.Spec.Address(host); {
	case address == "":
		d.do(AwaitAddress{Host: name}, "")
	case address != d.Memory.DatabaseAddress:
		d.do(NoteDatabase{Address: address}, "")
	}
}

// strayDatabase is a host of the database, or of its volume, that nobody remembers:
// the next host comes only once it is gone.
func (d *differ) strayDatabase() (cluster.Droplet, bool) {
	i := slices.IndexFunc(d.Observed.Droplets, func(host cluster.Droplet) bool {
		v := d.Observed.Volume
		holds := v != nil && slices.Contains(v.DropletIDs, host.ID)
		return d.stray(host) && (holds || host.Role(d.Spec.Name) == cluster.RoleDatabase)
	})
	if i < 0 {
		return cluster.Droplet{}, false
	}
	return d.Observed.Droplets[i], true
}

// volume makes the one that is missing. The host of the former one goes before, so
// that the new one is never attached to it.
func (d *differ) volume(name string, host cluster.Droplet) {
	v := d.Observed.Volume
	if v == nil {
		why := ""
		if d.Memory.VolumeID != "" {
			why = fmt.Sprintf("the volume %s is gone, and with it the database", name)
			if d.Memory.CanMakeDatabase() == nil {
				why += "; the next apply starts with an empty one"
			}
		}
		d.do(CreateVolume{Volume: cluster.Volume{
			Name: name, Region: d.Spec.Database.Region, SizeGiB: d.Spec.Database.VolumeGiB, Tags: volumeTags(d.Spec.Name, d.Memory.ID),
		}}, why, DeleteHost{Droplet: host}.Key())
		return
	}
	held := slices.ContainsFunc(v.DropletIDs, func(id int) bool {
		_, ours := d.Observed.Droplet(id)
		return !ours
	})
	if held {
		d.do(AwaitVolume{Name: v.Name}, "")
	}
}

// databaseOfImport refuses to make a database for an imported cluster: only its own
// host knows the passwords that nodes have, and an empty volume is no database.
func (d *differ) databaseOfImport() []check.Problem {
	makes := slices.ContainsFunc(d.steps, func(s Step) bool {
		a, hosts := s.Action.(CreateHosts)
		_, volume := s.Action.(CreateVolume)
		return volume || hosts && a.Role == cluster.RoleDatabase
	})
	if !makes || !d.Memory.Imported || d.Memory.CanMakeDatabase() == nil {
		return nil
	}
	found, first := "It has no database", "Leave database out and set DATABASE_URL in environment to that of another one"
	host, exists := d.Observed.Host(cluster.RoleDatabase, d.Memory)
	switch v := d.Observed.Volume; {
	case exists && v != nil:
		found, first = "Its "+describe(host.Name, host.ID)+" serves its database, and would be made anew", "Set back what asks for another droplet"
	case v != nil:
		found = fmt.Sprintf("The volume %s (%s) of its database is there, and no droplet of this cluster can serve it", v.Name, v.ID)
		first = fmt.Sprintf("Keep the data with `doctl compute volume snapshot %s --snapshot-name %s`", v.ID, v.Name)
	case exists:
		found = fmt.Sprintf("The volume %s of its database is gone; %s is there without the data", cluster.DatabaseHostName(d.Spec.Name), describe(host.Name, host.ID))
		first = "Look for a snapshot or a dump of the data"
	}
	return []check.Problem{{
		Path: []string{"database"}, Summary: "Database cannot be made",
		Detail: fmt.Sprintf("The cluster %s was imported. %s. A host made now would have other passwords than the nodes know: those of an imported cluster cannot be read from DigitalOcean. "+
			"%s. To have a database of this provider's, build a second cluster under another name beside this one, restore the data there, move, and destroy this one.", d.Spec.Name, found, first),
	}}
}

// attach brings a volume back that was detached by hand.
func (d *differ) attach(host cluster.Droplet) {
	v := d.Observed.Volume
	if v == nil || slices.Contains(v.DropletIDs, host.ID) || host.Status != cluster.StatusActive {
		return
	}
	name := d.Memory.Hosts[host.ID].Name
	d.add(Step{
		Action: AttachVolume{Volume: *v, Host: host}, After: []string{AwaitVolume{}.Key(), AwaitActive{Host: name}.Key()},
		Why:        fmt.Sprintf("the volume %s is not attached to %s", v.Name, name),
		Interrupts: Interruption{Hosts: []string{name}, AtLeast: databaseRestart},
	})
}

// databaseChange says what differs between what the database's host runs and what
// it should. A host prepares its volume once, in its first boot; that of an imported
// cluster stays, for nobody could make another one.
func (d *differ) databaseChange(host cluster.Droplet) change {
	switch {
	case d.Memory.Hosts[host.ID].SetUpFailed:
		return change{way: wayReplaced, why: d.failure(host)}
	case d.Observed.Volume == nil && d.Memory.CanMakeDatabase() == nil:
		return change{way: wayReplaced, why: describe(d.Memory.Hosts[host.ID].Name, host.ID) + " has lost its volume: it is made anew"}
	}
	told := d.once("database", func() description { return described(d.Spec.DatabaseHost(d.Memory)) })
	return d.changeOf(host, d.Spec.Database.Place, told)
}

func firewallKey(name, role string) string {
	return CreateFirewall{Firewall: cluster.Firewall{Name: cluster.FirewallName(name, role)}}.Key()
}

// createKey is the key of the step that makes the one host of the role.
func createKey(role string) string { return CreateHosts{Label: role}.Key() }

// failure says why a host is made anew that never got ready.
func (d *differ) failure(host cluster.Droplet) string {
	return describe(d.Memory.Hosts[host.ID].Name, host.ID) + ": its set-up failed"
}

func describe(name string, id int) string { return fmt.Sprintf("droplet %s (%d)", name, id) }
