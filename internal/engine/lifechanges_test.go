package engine_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
	"github.com/beamcluster/terraform-provider-beam/internal/simulator"
)

// changeWithin asks for something else on the hosts that there are.
func (l *life) changeWithin(spec *cluster.Spec, pool int) {
	switch l.random.IntN(14) {
	case 0:
		spec.Environment = map[string]string{"GREETING": pick(l, []string{"hello", "hi"})}
		l.tell("the environment shall be %v", spec.Environment)
	case 1, 2:
		spec.Release = l.otherRelease(*spec.Release)
	case 3:
		spec.Pools[pool].Image = pick(l, []string{"debian-12-x64", "debian-13-x64"})
		l.tell("pool %s shall have the image %s", spec.Pools[pool].Name, spec.Pools[pool].Image)
	case 4:
		if l.rotates {
			spec.Cookie = pick(l, []string{"secret-of-chat", "another-secret"})
			l.tell("the cookie shall be %s", spec.Cookie)
		}
	case 5:
		spec.Host.Locale = pick(l, []string{"en_US.UTF-8", "C.UTF-8"})
		l.tell("the locale shall be %s", spec.Host.Locale)
	case 6:
		spec.Update = l.drawUpdate()
		l.tell("updates shall be %+v", spec.Update)
	case 7:
		if spec.Database == nil {
			spec.Database = chat(1).Database
			l.tell("a database shall come")
		}
	case 8:
		l.otherManagement(spec)
	case 9:
		spec.Distribution.EPMDPort = pick(l, []int{4369, 4370})
		l.tell("epmd shall be at port %d", spec.Distribution.EPMDPort)
	case 10:
		l.otherNetwork(spec)
	case 11:
		spec.SSHKeys = pick(l, [][]string{nil, {annsFingerprint}})
		l.tell("the SSH keys shall be %v", spec.SSHKeys)
	case 12, 13:
		l.otherPorts(spec)
	}
}

// otherPorts has hosts listen elsewhere.
func (l *life) otherPorts(spec *cluster.Spec) {
	release := *spec.Release
	switch l.random.IntN(5) {
	case 0, 1:
		spec.Distribution.PortMin = pick(l, []int{9100, 9200, 9150})
		spec.Distribution.PortMax = spec.Distribution.PortMin + pick(l, []int{0, 55})
		l.tell("nodes shall connect at the ports %d to %d", spec.Distribution.PortMin, spec.Distribution.PortMax)
	case 2:
		release.Port = pick(l, []int{8080, 4000})
		l.tell("the release shall be at port %d", release.Port)
	case 3:
		release.UDPPorts = pick(l, [][]string{nil, {"5060"}, {"5060", "7000-7010"}})
		l.tell("the release shall have the UDP ports %v", release.UDPPorts)
	case 4:
		spec.Host.SSHPort = pick(l, []int{22, 2222})
		spec.Management.Port = spec.Host.SSHPort
		l.tell("SSH shall be at port %d", spec.Host.SSHPort)
	}
	spec.Release = &release
}

// otherNetwork brings a cluster without a database to another network: one of its
// own, a VPC that others have hosts in, or none.
func (l *life) otherNetwork(spec *cluster.Spec) {
	if !l.moves || spec.Database != nil {
		return
	}
	theirs := l.sim.Inventory().Of("vpc")
	i := slices.IndexFunc(theirs, func(o simulator.Object) bool { return o.Name == "chatter-nyc3" })
	spec.Network = pick(l, []cluster.Network{{Mode: cluster.NetworkAuto}, {Mode: cluster.NetworkPublic}, {Mode: cluster.NetworkAuto, VPCUUID: theirs[i].ID}})
	l.tell("the network shall be %+v", spec.Network)
}

func (l *life) drawUpdate() cluster.Update {
	return cluster.Update{
		Strategy: pick(l, []string{cluster.UpdateRolling, cluster.UpdateRolling, cluster.UpdateBlueGreen, cluster.UpdateAllAtOnce}),
		MaxSurge: 1 + l.random.IntN(3), MaxUnavailable: l.random.IntN(3),
		OnFailure: pick(l, []string{cluster.OnFailureRollback, cluster.OnFailureStop}),
	}
}

// otherRelease asks for a release that there was not before. Some crash.
func (l *life) otherRelease(release cluster.Release) *cluster.Release {
	l.deploys++
	name := fmt.Sprint("release-", l.deploys)
	release.URL, release.Path = "https://example.com/"+name, ""
	if l.rotates && l.chance(40) {
		release.URL = ""
		release.Path, release.SHA256 = archive(l.T, name)
	} else {
		sum := sha256.Sum256([]byte(name))
		release.SHA256 = hex.EncodeToString(sum[:])
	}
	release.Migrate = pick(l, []string{"", "Chat.migrate()"})
	crashes := l.chance(20)
	l.fleet.crashes[release.SHA256] = crashes
	l.tell("the release shall be %s, %.8s (by path %t, migrates %t, crashes %t)", name, release.SHA256, release.Path != "", release.Migrate != "", crashes)
	return &release
}

// goodRelease asks for one that does not crash.
func (l *life) goodRelease() *cluster.Release {
	release := l.otherRelease(*l.spec.Release)
	l.fleet.crashes[release.SHA256] = false
	return release
}

func (l *life) otherManagement(spec *cluster.Spec) {
	if l.rotates {
		return
	}
	spec.Management, spec.WaitFor = cluster.Management{Enabled: !spec.Management.Enabled, Port: spec.Host.SSHPort}, cluster.WaitActive
	if spec.Management.Enabled {
		spec.WaitFor = cluster.WaitFormed
	}
	l.tell("management shall be on: %t", spec.Management.Enabled)
}
