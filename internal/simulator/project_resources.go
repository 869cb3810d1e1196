package simulator

import (
	"net/http"
	"strings"
	"time"
)

// resource is something in a project, as the API description's schema
// "resource" has it.
type resource struct {
	URN        string        `json:"urn"`
	AssignedAt time.Time     `json:"assigned_at"`
	Links      resourceLinks `json:"links"`
	Status     string        `json:"status"`
}

type resourceLinks struct {
	Self string `json:"self"`
}

// assignment puts something into a project of its own choice.
type assignment struct {
	project string
	at      time.Time
	urn     string // as it was asked for: reserved IPs have two names
}

// owned is something that belongs to a project.
type owned struct {
	urn     string
	created time.Time
}

// ownedResources lists everything that belongs to some project.
func (s *Simulator) ownedResources() []owned {
	var all []owned
	for _, d := range s.droplets.all() {
		all = append(all, owned{d.urn(), d.created})
	}
	for _, v := range s.volumes.all() {
		all = append(all, owned{"do:volume:" + v.ID, v.CreatedAt})
	}
	for _, ip := range s.reservedIPs.all() {
		all = append(all, owned{"do:floatingip:" + ip.IP, ip.created})
	}
	for _, d := range s.domains.all() {
		all = append(all, owned{d.urn(), d.created})
	}
	for _, lb := range s.loadBalancers.all() {
		all = append(all, owned{lb.urn(), lb.CreatedAt})
	}
	for _, db := range s.databases.all() {
		all = append(all, owned{db.urn(), db.CreatedAt})
	}
	return all
}

// canonicalURN gives things with two names one: the API description knows
// reserved IPs by their former name, floating IPs.
func canonicalURN(urn string) string {
	if ip, ok := strings.CutPrefix(urn, "do:reservedip:"); ok {
		return "do:floatingip:" + ip
	}
	return urn
}

// assign puts a resource into a project; an empty id leaves it in the default
// project.
func (s *Simulator) assign(urn, projectID string) error {
	if projectID == "" {
		return nil
	}
	if _, ok := s.projects.get(projectID); !ok {
		return unprocessable("project %s does not exist", projectID)
	}
	s.assignments[canonicalURN(urn)] = assignment{project: projectID, at: s.timestamp(), urn: urn}
	return nil
}

// projectOf is the id of the project that a resource is in.
func (s *Simulator) projectOf(urn string) string {
	if a, ok := s.assignments[canonicalURN(urn)]; ok {
		return a.project
	}
	return s.defaultProject().ID
}

// resourcesOf lists what is in a project.
func (s *Simulator) resourcesOf(p *project) []owned {
	var in []owned
	for _, o := range s.ownedResources() {
		if s.projectOf(o.urn) != p.ID {
			continue
		}
		if a, ok := s.assignments[o.urn]; ok {
			o = owned{a.urn, a.at}
		}
		in = append(in, o)
	}
	return in
}

func (s *Simulator) listProjectResources(r *http.Request) (any, error) {
	p, err := s.pathProject(r)
	if err != nil {
		return nil, err
	}
	return paginated(r, "resources", convert(s.resourcesOf(p), func(o owned) resource {
		return viewResource(r, o, "ok")
	}))
}

// assignProjectResources moves resources into the project and tells of each
// what became of it.
func (s *Simulator) assignProjectResources(r *http.Request) (any, error) {
	p, err := s.pathProject(r)
	if err != nil {
		return nil, err
	}
	request, err := decode[struct {
		Resources []string `json:"resources"`
	}](r)
	if err != nil {
		return nil, err
	}
	resources := []resource{}
	for _, urn := range request.Resources {
		if len(strings.SplitN(urn, ":", 3)) != 3 || !strings.HasPrefix(urn, "do:") {
			return nil, badRequest("%q is not a URN such as do:droplet:1", urn)
		}
		status := s.move(urn, p)
		resources = append(resources, viewResource(r, owned{urn, s.timestamp()}, status))
	}
	return object{"resources": resources}, nil
}

// move puts one resource into a project and returns the status to answer.
func (s *Simulator) move(urn string, p *project) string {
	switch {
	case !s.exists(canonicalURN(urn)):
		return "not_found"
	case s.projectOf(urn) == p.ID:
		return "already_assigned"
	default:
		s.assignments[canonicalURN(urn)] = assignment{project: p.ID, at: s.timestamp(), urn: urn}
		return "assigned"
	}
}

func (s *Simulator) exists(urn string) bool {
	for _, o := range s.ownedResources() {
		if o.urn == urn {
			return true
		}
	}
	return false
}

// resourcePaths are where the kinds of resources are found.
var resourcePaths = map[string]string{
	"droplet": "droplets", "volume": "volumes", "floatingip": "reserved_ips", "reservedip": "reserved_ips",
	"domain": "domains", "loadbalancer": "load_balancers", "dbaas": "databases",
}

func viewResource(r *http.Request, o owned, status string) resource {
	parts := strings.SplitN(o.urn, ":", 3)
	return resource{
		URN: o.urn, AssignedAt: o.created, Status: status,
		Links: resourceLinks{Self: baseURL(r) + "/v2/" + resourcePaths[parts[1]] + "/" + parts[2]},
	}
}
