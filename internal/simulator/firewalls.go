package simulator

import (
	"net/http"
	"regexp"
	"slices"
	"time"

	"github.com/google/uuid"
)

// What one firewall may have.
const (
	maxFirewallDroplets = 10
	maxFirewallTags     = 5
	maxFirewallRules    = 50
	maxRuleEnds         = 1000 // sources or destinations
)

// firewall is the API description's schema "firewall".
type firewall struct {
	ID             string          `json:"id"`
	Name           string          `json:"name"`
	Status         string          `json:"status"` // waiting, succeeded or failed
	CreatedAt      time.Time       `json:"created_at"`
	PendingChanges []pendingChange `json:"pending_changes"`
	InboundRules   []inboundRule   `json:"inbound_rules"`
	OutboundRules  []outboundRule  `json:"outbound_rules"`
	DropletIDs     []int           `json:"droplet_ids"`
	Tags           []string        `json:"tags"`
}

// pendingChange is a droplet that the firewall has yet to reach.
type pendingChange struct {
	DropletID int    `json:"droplet_id"`
	Removing  bool   `json:"removing"`
	Status    string `json:"status"`
}

// firewallRequest is the body of a create and of an update, which replaces all.
type firewallRequest struct {
	Name          string         `json:"name"`
	InboundRules  []inboundRule  `json:"inbound_rules"`
	OutboundRules []outboundRule `json:"outbound_rules"`
	DropletIDs    []int          `json:"droplet_ids"`
	Tags          []string       `json:"tags"`
}

var firewallNamePattern = regexp.MustCompile(`^[a-zA-Z0-9][a-zA-Z0-9.-]+$`)

func (s *Simulator) firewallRoutes() {
	s.route("GET /v2/firewalls", http.StatusOK, func(r *http.Request) (any, error) {
		return paginated(r, "firewalls", s.firewalls.all())
	})
	s.route("POST /v2/firewalls", http.StatusAccepted, s.createFirewall)
	s.route("GET /v2/firewalls/{firewall_id}", http.StatusOK, func(r *http.Request) (any, error) {
		f, err := find(&s.firewalls, r.PathValue("firewall_id"))
		return object{"firewall": f}, err
	})
	s.route("PUT /v2/firewalls/{firewall_id}", http.StatusOK, s.replaceFirewall)
	s.route("DELETE /v2/firewalls/{firewall_id}", http.StatusNoContent, func(r *http.Request) (any, error) {
		f, err := find(&s.firewalls, r.PathValue("firewall_id"))
		if err != nil {
			return nil, err
		}
		s.firewalls.remove(f.ID)
		return nil, nil
	})
	s.firewallPart("droplets", addFirewallDroplets, removeFirewallDroplets)
	s.firewallPart("tags", addFirewallTags, removeFirewallTags)
	s.firewallPart("rules", addFirewallRules, removeFirewallRules)
}

func (s *Simulator) createFirewall(r *http.Request) (any, error) {
	wanted, err := decode[firewallRequest](r)
	if err != nil {
		return nil, err
	}
	if err := s.checkFirewall(&wanted, ""); err != nil {
		return nil, err
	}
	f := &firewall{ID: uuid.NewString(), CreatedAt: s.timestamp(), PendingChanges: []pendingChange{}}
	s.firewalls.add(f.ID, f)
	s.applyFirewall(f, wanted)
	return object{"firewall": f}, nil
}

// replaceFirewall serves PUT: what the body leaves out becomes empty.
func (s *Simulator) replaceFirewall(r *http.Request) (any, error) {
	f, err := find(&s.firewalls, r.PathValue("firewall_id"))
	if err != nil {
		return nil, err
	}
	wanted, err := decode[firewallRequest](r)
	if err != nil {
		return nil, err
	}
	if err := s.checkFirewall(&wanted, f.ID); err != nil {
		return nil, err
	}
	s.applyFirewall(f, wanted)
	return object{"firewall": f}, nil
}

// firewallPart registers the two calls that change one part of a firewall:
// both take what a firewall has under the name of the part.
func (s *Simulator) firewallPart(part string, add, remove func(have, change *firewallRequest)) {
	path := " /v2/firewalls/{firewall_id}/" + part
	s.route(http.MethodPost+path, http.StatusNoContent, s.changeFirewall(add))
	s.route(http.MethodDelete+path, http.StatusNoContent, s.changeFirewall(remove))
}

func (s *Simulator) changeFirewall(change func(have, change *firewallRequest)) handler {
	return func(r *http.Request) (any, error) {
		f, err := find(&s.firewalls, r.PathValue("firewall_id"))
		if err != nil {
			return nil, err
		}
		wanted, err := decode[firewallRequest](r)
		if err != nil {
			return nil, err
		}
		if err := normalizeRules(&wanted); err != nil {
			return nil, err
		}
		have := f.request()
		change(&have, &wanted)
		if err := s.checkFirewall(&have, f.ID); err != nil {
			return nil, err
		}
		s.applyFirewall(f, have)
		return nil, nil
	}
}

// request is a firewall as a body that would make it.
func (f *firewall) request() firewallRequest {
	return firewallRequest{
		Name: f.Name, InboundRules: slices.Clone(f.InboundRules), OutboundRules: slices.Clone(f.OutboundRules),
		DropletIDs: slices.Clone(f.DropletIDs), Tags: slices.Clone(f.Tags),
	}
}

func addFirewallDroplets(have, change *firewallRequest) {
	have.DropletIDs = append(have.DropletIDs, change.DropletIDs...)
}

func removeFirewallDroplets(have, change *firewallRequest) {
	have.DropletIDs = slices.DeleteFunc(have.DropletIDs, func(id int) bool {
		return slices.Contains(change.DropletIDs, id)
	})
}

func addFirewallTags(have, change *firewallRequest) {
	have.Tags = append(have.Tags, change.Tags...)
}

func removeFirewallTags(have, change *firewallRequest) {
	have.Tags = slices.DeleteFunc(have.Tags, func(name string) bool {
		return slices.Contains(change.Tags, name)
	})
}

// checkFirewall checks all of a firewall and puts it in the form that is
// shown; self is the id of the firewall that may have the name already.
func (s *Simulator) checkFirewall(wanted *firewallRequest, self string) error {
	if !firewallNamePattern.MatchString(wanted.Name) {
		return unprocessable("name is invalid: it must begin with a letter or number and contain only letters, numbers, periods and dashes")
	}
	for _, other := range s.firewalls.all() {
		if other.Name == wanted.Name && other.ID != self {
			return conflict("duplicate name")
		}
	}
	wanted.DropletIDs = unique(wanted.DropletIDs)
	wanted.Tags = unique(wanted.Tags)
	if len(wanted.DropletIDs) > maxFirewallDroplets {
		return unprocessable("A firewall can have at most %d Droplets", maxFirewallDroplets)
	}
	if len(wanted.Tags) > maxFirewallTags {
		return unprocessable("A firewall can have at most %d tags", maxFirewallTags)
	}
	if err := s.checkTargets(wanted.DropletIDs, wanted.Tags); err != nil {
		return err
	}
	return s.checkRules(wanted)
}

// checkTargets: unlike a droplet's create, a firewall makes no tags.
func (s *Simulator) checkTargets(dropletIDs []int, tags []string) error {
	for _, id := range dropletIDs {
		if _, ok := s.droplets.get(id); !ok {
			return unprocessable("Droplet %d does not exist", id)
		}
	}
	for _, name := range tags {
		if _, err := s.findTag(name); err != nil {
			return unprocessable("Tag %q does not exist", name)
		}
	}
	return nil
}

// applyFirewall takes over a checked request. The firewall is waiting until it
// has reached every droplet that it protects or no longer protects.
func (s *Simulator) applyFirewall(f *firewall, wanted firewallRequest) {
	before := s.protected(f)
	f.Name = wanted.Name
	f.InboundRules, f.OutboundRules = listOf(wanted.InboundRules), listOf(wanted.OutboundRules)
	f.DropletIDs, f.Tags = listOf(wanted.DropletIDs), listOf(wanted.Tags)
	after := s.protected(f)
	f.PendingChanges = []pendingChange{}
	for _, id := range after {
		f.PendingChanges = append(f.PendingChanges, pendingChange{id, false, "waiting"})
	}
	for _, id := range before {
		if !slices.Contains(after, id) {
			f.PendingChanges = append(f.PendingChanges, pendingChange{id, true, "waiting"})
		}
	}
	f.Status = "succeeded"
	if len(f.PendingChanges) > 0 {
		f.Status = "waiting"
		s.after(s.options.ActionTime, func() { f.Status, f.PendingChanges = "succeeded", []pendingChange{} })
	}
}

// protected lists the droplets that a firewall names or whose tags it names.
func (s *Simulator) protected(f *firewall) []int {
	ids := []int{}
	for _, d := range s.droplets.all() {
		if f.protects(d) {
			ids = append(ids, d.id)
		}
	}
	return ids
}

func (f *firewall) protects(d *droplet) bool {
	return slices.Contains(f.DropletIDs, d.id) ||
		slices.ContainsFunc(f.Tags, func(name string) bool { return hasTag(d.tags, name) })
}

func (s *Simulator) firewallsOf(d *droplet) []*firewall {
	return s.firewalls.where(func(f *firewall) bool { return f.protects(d) })
}

func unique[T comparable](items []T) []T {
	kept := []T{}
	for _, item := range items {
		if !slices.Contains(kept, item) {
			kept = append(kept, item)
		}
	}
	return kept
}
