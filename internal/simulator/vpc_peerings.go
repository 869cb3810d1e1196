package simulator

import (
	"net/http"
	"regexp"
	"slices"
	"time"

	"github.com/google/uuid"
)

// vpcPeering joins two VPCs, as the API description's schema "vpc_peering" has it.
type vpcPeering struct {
	ID        string    `json:"id"`
	Name      string    `json:"name"`
	VPCIDs    []string  `json:"vpc_ids"`
	Status    string    `json:"status"` // PROVISIONING, ACTIVE or DELETING
	CreatedAt time.Time `json:"created_at"`
}

const (
	peeringProvisioning = "PROVISIONING"
	peeringActive       = "ACTIVE"
	peeringDeleting     = "DELETING"
)

var peeringNamePattern = regexp.MustCompile(`^[a-zA-Z0-9-]+$`)

// underVPC answers calls below /v2/vpcs with the key that the API description
// has and with the one that godo reads.
func underVPC(p *vpcPeering) object { return object{"peering": p, "vpc_peering": p} }

// vpcPeeringRoutes registers both ways to reach a peering.
func (s *Simulator) vpcPeeringRoutes() {
	s.route("GET /v2/vpc_peerings", http.StatusOK, s.listPeerings)
	s.route("POST /v2/vpc_peerings", http.StatusAccepted, s.createPeering)
	s.route("GET /v2/vpc_peerings/{vpc_peering_id}", http.StatusOK, func(r *http.Request) (any, error) {
		p, err := find(&s.peerings, r.PathValue("vpc_peering_id"))
		return object{"vpc_peering": p}, err
	})
	s.route("PATCH /v2/vpc_peerings/{vpc_peering_id}", http.StatusOK, func(r *http.Request) (any, error) {
		p, err := s.renamePeering(r)
		return object{"vpc_peering": p}, err
	})
	s.route("DELETE /v2/vpc_peerings/{vpc_peering_id}", http.StatusAccepted, s.deletePeering)
	s.route("GET /v2/vpcs/{vpc_id}/peerings", http.StatusOK, s.listPeeringsOfVPC)
	s.route("POST /v2/vpcs/{vpc_id}/peerings", http.StatusAccepted, s.createPeeringOfVPC)
	s.route("PATCH /v2/vpcs/{vpc_id}/peerings/{vpc_peering_id}", http.StatusOK, func(r *http.Request) (any, error) {
		p, err := s.renamePeering(r)
		return underVPC(p), err
	})
}

func (s *Simulator) listPeerings(r *http.Request) (any, error) {
	region := r.URL.Query().Get("region")
	return paginated(r, "vpc_peerings", s.peerings.where(func(p *vpcPeering) bool {
		return region == "" || slices.ContainsFunc(p.VPCIDs, func(id string) bool {
			v, ok := s.vpcs.get(id)
			return ok && v.Region == region
		})
	}))
}

func (s *Simulator) listPeeringsOfVPC(r *http.Request) (any, error) {
	v, err := find(&s.vpcs, r.PathValue("vpc_id"))
	if err != nil {
		return nil, err
	}
	listed, err := paginated(r, "peerings", s.peeringsOf(v.ID))
	if err != nil {
		return nil, err
	}
	listed["vpc_peerings"] = listed["peerings"] // the key that godo reads
	return listed, nil
}

func (s *Simulator) peeringsOf(vpcID string) []*vpcPeering {
	return s.peerings.where(func(p *vpcPeering) bool { return slices.Contains(p.VPCIDs, vpcID) })
}

func (s *Simulator) createPeering(r *http.Request) (any, error) {
	wanted, err := decode[struct {
		Name   string   `json:"name"`
		VPCIDs []string `json:"vpc_ids"`
	}](r)
	if err != nil {
		return nil, err
	}
	p, err := s.addPeering(wanted.Name, wanted.VPCIDs)
	return object{"vpc_peering": p}, err
}

func (s *Simulator) createPeeringOfVPC(r *http.Request) (any, error) {
	v, err := find(&s.vpcs, r.PathValue("vpc_id"))
	if err != nil {
		return nil, err
	}
	wanted, err := decode[struct {
		Name  string `json:"name"`
		VPCID string `json:"vpc_id"`
	}](r)
	if err != nil {
		return nil, err
	}
	p, err := s.addPeering(wanted.Name, []string{v.ID, wanted.VPCID})
	return underVPC(p), err
}

// addPeering begins to join two VPCs.
func (s *Simulator) addPeering(name string, vpcIDs []string) (*vpcPeering, error) {
	if err := s.checkPeeringName(name, ""); err != nil {
		return nil, err
	}
	if len(vpcIDs) != 2 || vpcIDs[0] == vpcIDs[1] {
		return nil, unprocessable("vpc_ids must be exactly two different VPCs")
	}
	for _, id := range vpcIDs {
		if _, err := find(&s.vpcs, id); err != nil {
			return nil, err
		}
	}
	for _, other := range s.peeringsOf(vpcIDs[0]) {
		if slices.Contains(other.VPCIDs, vpcIDs[1]) {
			return nil, conflict("A VPC peering between these VPCs already exists")
		}
	}
	p := &vpcPeering{
		ID: uuid.NewString(), Name: name, VPCIDs: vpcIDs,
		Status: peeringProvisioning, CreatedAt: s.timestamp(),
	}
	s.peerings.add(p.ID, p)
	s.after(s.options.ActionTime, func() {
		if p.Status == peeringProvisioning {
			p.Status = peeringActive
		}
	})
	return p, nil
}

func (s *Simulator) checkPeeringName(name, self string) error {
	if !peeringNamePattern.MatchString(name) {
		return unprocessable("name is invalid: only alphanumeric characters and dashes are allowed")
	}
	for _, other := range s.peerings.all() {
		if other.Name == name && other.ID != self {
			return conflict("A VPC peering with the same name already exists in your account")
		}
	}
	return nil
}

func (s *Simulator) renamePeering(r *http.Request) (*vpcPeering, error) {
	p, err := find(&s.peerings, r.PathValue("vpc_peering_id"))
	if err != nil {
		return nil, err
	}
	if vpcID := r.PathValue("vpc_id"); vpcID != "" && !slices.Contains(p.VPCIDs, vpcID) {
		return nil, notFound()
	}
	wanted, err := decode[struct {
		Name string `json:"name"`
	}](r)
	if err != nil {
		return nil, err
	}
	if err := s.checkPeeringName(wanted.Name, p.ID); err != nil {
		return nil, err
	}
	p.Name = wanted.Name
	return p, nil
}

func (s *Simulator) deletePeering(r *http.Request) (any, error) {
	p, err := find(&s.peerings, r.PathValue("vpc_peering_id"))
	if err != nil {
		return nil, err
	}
	if p.Status == peeringDeleting {
		return nil, conflict("The VPC peering is already being deleted")
	}
	p.Status = peeringDeleting
	s.after(s.options.ActionTime, func() { s.peerings.remove(p.ID) })
	return object{"vpc_peering": p}, nil
}
