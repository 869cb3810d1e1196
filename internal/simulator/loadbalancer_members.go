package simulator

import (
	"net/http"
	"slices"
)

// changeLoadBalancer adds something to a load balancer or removes it, as the
// request names it; all or nothing.
func (s *Simulator) changeLoadBalancer(change func(lb *loadBalancer, named loadBalancerSettings)) handler {
	return func(r *http.Request) (any, error) {
		lb, err := s.pathLoadBalancer(r)
		if err != nil {
			return nil, err
		}
		named, err := decode[loadBalancerSettings](r)
		if err != nil {
			return nil, err
		}
		changed := *lb
		changed.DropletIDs = s.living(lb.DropletIDs)
		change(&changed, named)
		if err := s.checkLoadBalancer(&changed); err != nil {
			return nil, err
		}
		*lb = changed
		return nil, nil
	}
}

// living drops the droplets that are gone: a load balancer forgets them.
func (s *Simulator) living(ids []int) []int {
	return slices.DeleteFunc(slices.Clone(ids), func(id int) bool {
		_, exists := s.droplets.get(id)
		return !exists
	})
}

func addDroplets(lb *loadBalancer, named loadBalancerSettings) {
	removeDroplets(lb, named)
	lb.DropletIDs = append(lb.DropletIDs, named.DropletIDs...)
}

func removeDroplets(lb *loadBalancer, named loadBalancerSettings) {
	lb.DropletIDs = slices.DeleteFunc(slices.Clone(lb.DropletIDs), func(id int) bool {
		return slices.Contains(named.DropletIDs, id)
	})
}

// addRules replaces the rules for the same entry.
func addRules(lb *loadBalancer, named loadBalancerSettings) {
	removeRules(lb, named)
	lb.ForwardingRules = append(lb.ForwardingRules, named.ForwardingRules...)
}

func removeRules(lb *loadBalancer, named loadBalancerSettings) {
	lb.ForwardingRules = slices.DeleteFunc(slices.Clone(lb.ForwardingRules), func(rule forwardingRule) bool {
		return slices.ContainsFunc(named.ForwardingRules, func(other forwardingRule) bool {
			return rule.EntryPort == other.EntryPort && rule.EntryProtocol == other.EntryProtocol
		})
	})
}
