package plan

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
)

func TestBeamNodes(t *testing.T) {
	t.Parallel()
	spec := cluster.NodeSpec{Name: "worker", Cluster: "chat", Place: cluster.Place{Region: "nyc3", Size: "small"}}
	joined := made(chat(1)).Observed
	worker := cluster.Droplet{
		ID: 7, Name: "worker", Region: "nyc3", Size: "small", Status: cluster.StatusActive, Tags: append(spec.WantedTags(), spec.ToldTag()), CreatedAt: time.Unix(9, 0),
	}
	addressed(&worker)
	with := func(change func(*cluster.Droplet)) cluster.Observed {
		d := worker
		d.Tags = slices.Clone(d.Tags)
		change(&d)
		o := joined
		o.Droplets = append(slices.Clone(o.Droplets), d)
		return o
	}
	as := func(*cluster.Droplet) {}
	remembered := cluster.Memory{Hosts: map[int]cluster.HostRecord{7: {Name: "worker"}}}
	for _, tt := range []struct {
		name string
		in   NodeInput
		want string
	}{
		{"create", NodeInput{Observed: joined, Wanted: true}, "create node"},
		{"as it should be", NodeInput{Observed: with(as), Memory: remembered, Wanted: true}, ""},
		{"destroy", NodeInput{Observed: with(as), Memory: remembered}, "delete droplet 7"},
		{"destroy of one that is gone", NodeInput{Observed: joined, Memory: remembered}, ""},
		{"switched off", NodeInput{Observed: with(func(d *cluster.Droplet) { d.Status = cluster.StatusOff }), Memory: remembered, Wanted: true}, "power on 7, active worker"},
		{"renamed", NodeInput{Observed: with(func(d *cluster.Droplet) { d.Name = "pet" }), Memory: remembered, Wanted: true}, "rename 7"},
		{"tagged", NodeInput{Observed: with(func(d *cluster.Droplet) { d.Tags = append(d.Tags, "web") }), Memory: remembered, Wanted: true}, "untag hosts web"},
		{"of a create that died", NodeInput{Observed: with(func(d *cluster.Droplet) { d.Tags = append(d.Tags, spec.MakingTag()) }), Wanted: true}, "delete tag " + spec.MakingTag()},
	} {
		tt.in.Spec = spec
		p := DiffNode(tt.in)
		var keys []string
		for _, s := range p.Steps {
			keys = append(keys, s.Key())
		}
		if got := strings.Join(keys, ", "); got != tt.want || len(p.Refusals) > 0 {
			t.Errorf("%s: %q (refused: %v), want %q", tt.name, got, p.Refusals, tt.want)
		}
	}
	if p := DiffNode(NodeInput{Spec: spec, Observed: with(as), Wanted: true}); len(p.Refusals) != 1 {
		t.Errorf("a name that another node has is refused with %v", p.Refusals)
	}
	larger := func(d *cluster.Droplet) { d.Size = "large" }
	if p := DiffNode(NodeInput{Spec: spec, Observed: with(larger), Wanted: true}); len(p.Refusals) > 0 {
		t.Errorf("the successor of a node of another size is refused with %v", p.Refusals)
	}
}

// A node whose ports are not the cluster's could not mesh with it, as the rules of
// the cluster's firewall tell.
func TestBeamNodeOfOtherPorts(t *testing.T) {
	t.Parallel()
	observed := made(chat(1)).Observed
	for name, tt := range map[string]struct {
		change func(*cluster.Distribution)
		want   string
	}{
		"the cluster's": {func(*cluster.Distribution) {}, ""},
		"within":        {func(d *cluster.Distribution) { d.PortMin = d.PortMax }, ""},
		"epmd":          {func(d *cluster.Distribution) { d.EPMDPort++ }, "distribution.epmd_port"},
		"beyond":        {func(d *cluster.Distribution) { d.PortMax++ }, "distribution.port_max"},
		"before":        {func(d *cluster.Distribution) { d.PortMin-- }, "distribution.port_min"},
		"elsewhere":     {func(d *cluster.Distribution) { d.PortMin, d.PortMax = 10_000, 10_001 }, "distribution.port_min distribution.port_max"},
	} {
		spec := cluster.NodeSpec{Name: "worker", Cluster: "chat", Place: cluster.Place{Region: "nyc3", Size: "small"}, Distribution: chat(1).Distribution}
		tt.change(&spec.Distribution)
		var paths []string
		for _, refusal := range DiffNode(NodeInput{Spec: spec, Observed: observed, Wanted: true}).Refusals {
			paths = append(paths, strings.Join(refusal.Path, "."))
		}
		if got := strings.Join(paths, " "); got != tt.want {
			t.Errorf("%s: refused at %q, want %q", name, got, tt.want)
		}
	}
}

// Of two droplets that were both made as the node, one would be forgotten.
func TestABeamNodeThatWasMadeTwiceIsNotDone(t *testing.T) {
	t.Parallel()
	s := made(chat(1))
	spec := cluster.NodeSpec{Name: "worker", Cluster: "chat", Place: cluster.Place{Region: "nyc3", Size: "small", Image: "debian-13-x64"}, Distribution: chat(1).Distribution}
	twin := func(id int, tags ...string) cluster.Droplet {
		d := cluster.Droplet{ID: id, Name: "worker", Region: "nyc3", Size: "small", Image: "debian-13-x64", Status: cluster.StatusActive}
		d.Tags = slices.Concat(spec.WantedTags(), []string{spec.ToldTag()}, spec.NodeMarks(), tags)
		addressed(&d)
		return d
	}
	memory := cluster.Memory{Hosts: map[int]cluster.HostRecord{7: {Name: "worker"}}}
	for name, tt := range map[string]struct {
		other   cluster.Droplet
		refused bool
	}{
		"by the same request":      {twin(8, spec.MakingTag()), true},
		"before, and is its equal": {twin(8), false},
		"otherwise":                {cluster.Droplet{ID: 8, Name: "worker-2", Tags: twin(8, spec.MakingTag()).Tags}, false},
	} {
		observed := s.Observed
		observed.Droplets = append(slices.Clone(observed.Droplets), twin(7, spec.MakingTag()), tt.other)
		p := DiffNode(NodeInput{Spec: spec, Memory: memory, Observed: observed, Wanted: true})
		if refused := strings.Contains(fmt.Sprint(p.Refusals), "doctl compute droplet delete 8"); refused != tt.refused {
			t.Errorf("made %s: refused with %v", name, p.Refusals)
		}
	}
}

// A volume that somebody attached to another host is not taken from there, and what
// has to be done is told, also before a destroy that could not end.
func TestAVolumeThatAnotherHostHasIsNotTaken(t *testing.T) {
	t.Parallel()
	to := func(s *simulation, name string) {
		v := *s.Observed.Volume
		for _, d := range s.Observed.Droplets {
			if d.Name == name {
				v.DropletIDs = []int{d.ID}
			}
		}
		s.Observed.Volume = &v
	}
	elsewhere := func(s *simulation) {
		to(s, "nobody")
		s.Observed.Volume.DropletIDs, s.Observed.Holder = []int{99}, &cluster.Droplet{ID: 99, Name: "other"}
	}
	for name, tt := range map[string]struct {
		change  func(*simulation)
		refused bool
	}{
		"the database":             {func(s *simulation) { to(s, "chat-database") }, false},
		"a node":                   {func(s *simulation) { to(s, "chat-us-1") }, true},
		"a node, and all goes":     {func(s *simulation) { to(s, "chat-us-1"); s.Spec = cluster.Spec{Name: "chat"} }, false},
		"somebody's":               {elsewhere, true},
		"somebody's, and all goes": {func(s *simulation) { elsewhere(s); s.Spec = cluster.Spec{Name: "chat"} }, true},
	} {
		s := made(chat(2))
		tt.change(s)
		if p := Diff(s.Input); (len(p.Refusals) > 0) != tt.refused || tt.refused && p.Refusals[0].Summary != "Volume in use" {
			t.Errorf("the volume of %s: refused with %v", name, p.Refusals)
		}
	}
}

// A VPC that overlaps another one of the account cannot be made. One that is there,
// or that goes first, is none of that.
func TestRangesOfOtherVPCs(t *testing.T) {
	t.Parallel()
	spec := chat(1)
	spec.Network.IPRanges = map[string]string{"nyc3": "10.100.0.0/20"}
	other := cluster.VPC{ID: "other", Name: "office", Region: "lon1", IPRange: "10.100.15.0/24"}
	apart, own := other, other
	apart.IPRange = "10.100.16.0/24"
	own.Region, own.Own, own.IPRange = "nyc3", true, "10.100.0.0/20"
	cleared := cluster.Observed{Cluster: "chat", VPCs: []cluster.VPC{own}}
	for name, tt := range map[string]struct {
		observed cluster.Observed
		refused  bool
	}{
		"another's":              {cluster.Observed{VPCs: []cluster.VPC{other}}, true},
		"one beside it":          {cluster.Observed{VPCs: []cluster.VPC{apart}}, false},
		"the cluster's":          {cluster.Observed{VPCs: []cluster.VPC{own}}, false},
		"one that is cleared up": {cluster.Observed{VPCs: []cluster.VPC{other}, Others: []cluster.Observed{cleared}}, false},
	} {
		p := Diff(Input{Spec: spec, Now: now, Creating: true, Begun: true, Observed: tt.observed})
		if refused := len(p.Refusals) > 0; refused != tt.refused {
			t.Errorf("%s: refused with %v", name, p.Refusals)
		}
	}
}
