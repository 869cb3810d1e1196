package engine_test

import (
	"bytes"
	"encoding/json"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
	"github.com/beamcluster/terraform-provider-beam/internal/hostconfig"
	"github.com/beamcluster/terraform-provider-beam/internal/simulator"
)

// beforeTelling looks at a command that a process is about to give a host.
func (s *safety) beforeTelling(p *process, id int, command string, stdin io.Reader) (io.Reader, error) {
	restarts := command == "stop" || strings.HasPrefix(command, "stop ")
	var bundle hostconfig.Bundle
	if command == hostconfig.CommandApply {
		input, err := readAll(stdin)
		if err != nil {
			return nil, err
		}
		if err := json.Unmarshal(input, &bundle); err != nil {
			return nil, err
		}
		restarts, stdin = bundle.Restart != nil, bytes.NewReader(input)
	}
	addresses := s.life.sim.Inventory().Of("reserved_ip")
	s.mu.Lock()
	defer s.mu.Unlock()
	if bundle.Release != nil && p.spec.Release.Migrate != "" && !s.life.fleet.migrated(bundle.Release.SHA256) {
		s.violate("a node is told to run %.8s, for which nobody migrated", bundle.Release.SHA256)
	}
	if strings.HasPrefix(command, "let-go ") && leadTo(addresses, id) && !s.life.disturbed {
		s.violate("the load balancer %d is told to part with clients that are led to it", id)
	}
	if restarts && p.spec.LoadBalancer != nil && p.spec.NodeCount() > 1 && p.spec.Update.Strategy == cluster.UpdateRolling && !s.life.disturbed {
		if name, alone := s.life.fleet.servesAlone(id, addresses); alone {
			s.violate("%s is told to %q, and clients are led to no other node that serves", name, command)
		}
	}
	return stdin, nil
}

// afterTelling looks at the nodes once a host has carried out a command.
func (s *safety) afterTelling(p *process, command string) {
	apart := s.life.fleet.apart(func(id int) bool {
		_, known := p.known[id]
		return known || s.madeBy(id) == p.number // others are of an apply that died, and go
	})
	s.mu.Lock()
	defer s.mu.Unlock()
	s.checkReach(s.life.sim.Inventory(), command)
	if len(apart) > 0 && !s.life.disturbed && p.id != "" && !s.life.rivals {
		s.violate("after %q these nodes do not connect: %q", command, apart)
	}
}

// checkReach looks whether those that serve are reached where they listen, after a
// call or a command: not once somebody has changed by hand what that takes.
func (s *safety) checkReach(now simulator.Inventory, after string) {
	if s.life.altered || s.life.rivals || s.process == nil || s.process.destroys || s.process.id == "" {
		return
	}
	own := func(id int) bool {
		return slices.ContainsFunc(now, func(o simulator.Object) bool {
			return o.Kind == "droplet" && dropletID(o) == id && idOf(o) == s.process.id
		})
	}
	if shut := s.life.fleet.shut(now, own); len(shut) > 0 {
		s.violate("after %q these are not reached: %q", after, shut)
	}
}

// madeBy is the number of the process that ran when the droplet was made.
func (s *safety) madeBy(id int) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.seen["droplet"+strconv.Itoa(id)]
}
