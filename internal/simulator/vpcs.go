package simulator

import (
	"net/http"
	"net/netip"
	"regexp"
	"strings"
	"time"

	"github.com/google/uuid"
)

// vpc is a private network, as the API description's schema "vpc" has it.
type vpc struct {
	ID          string       `json:"id"`
	URN         string       `json:"urn"`
	Name        string       `json:"name"`
	Description string       `json:"description"`
	Region      string       `json:"region"`
	IPRange     netip.Prefix `json:"ip_range"`
	Default     bool         `json:"default"`
	CreatedAt   time.Time    `json:"created_at"`

	members table[string, vpcMember] // by URN; destroyed droplets linger here
}

type vpcMember struct {
	Name      string    `json:"name"`
	URN       string    `json:"urn"`
	CreatedAt time.Time `json:"created_at"`
}

var vpcNamePattern = regexp.MustCompile(`^[a-zA-Z0-9.-]+$`)

func (s *Simulator) vpcRoutes() {
	s.route("GET /v2/vpcs", http.StatusOK, func(r *http.Request) (any, error) {
		return paginated(r, "vpcs", s.vpcs.all())
	})
	s.route("POST /v2/vpcs", http.StatusCreated, s.createVPC)
	s.route("GET /v2/vpcs/{vpc_id}", http.StatusOK, func(r *http.Request) (any, error) {
		v, err := find(&s.vpcs, r.PathValue("vpc_id"))
		return object{"vpc": v}, err
	})
	s.route("PUT /v2/vpcs/{vpc_id}", http.StatusOK, s.updateVPC)
	s.route("PATCH /v2/vpcs/{vpc_id}", http.StatusOK, s.updateVPC)
	s.route("DELETE /v2/vpcs/{vpc_id}", http.StatusNoContent, s.deleteVPC)
	s.route("GET /v2/vpcs/{vpc_id}/members", http.StatusOK, s.listVPCMembers)
}

// openRegions gives every open region its default VPC, as an account has that
// was in use before VPCs were introduced.
func (s *Simulator) openRegions() {
	for _, region := range s.regions {
		if region.Available {
			s.addVPC("default-"+region.Slug, "", region.Slug, s.unusedRange())
		}
	}
}

func (s *Simulator) createVPC(r *http.Request) (any, error) {
	wanted, err := decode[struct {
		Name        string `json:"name"`
		Description string `json:"description"`
		Region      string `json:"region"`
		IPRange     string `json:"ip_range"`
	}](r)
	if err != nil {
		return nil, err
	}
	if err := s.checkVPCName(wanted.Name, wanted.Description, ""); err != nil {
		return nil, err
	}
	region := s.region(wanted.Region)
	if region == nil || !region.Available {
		return nil, unprocessable("Region is not available")
	}
	network := s.unusedRange()
	if wanted.IPRange != "" {
		if network, err = s.checkVPCRange(wanted.IPRange, wanted.Region); err != nil {
			return nil, err
		}
	}
	return object{"vpc": s.addVPC(wanted.Name, wanted.Description, wanted.Region, network)}, nil
}

// addVPC makes a VPC. The first in a region becomes its default.
func (s *Simulator) addVPC(name, description, region string, network netip.Prefix) *vpc {
	id := uuid.NewString()
	v := &vpc{
		ID: id, URN: "do:vpc:" + id, Name: name, Description: description,
		Region: region, IPRange: network, Default: s.defaultVPC(region) == nil, CreatedAt: s.timestamp(),
	}
	s.vpcs.add(id, v)
	return v
}

// checkVPCName checks what a create and an update have in common; self is the
// id of the VPC that may have the name already.
func (s *Simulator) checkVPCName(name, description, self string) error {
	if !vpcNamePattern.MatchString(name) {
		return unprocessable("name is invalid: only alphanumeric characters, dashes, and periods are allowed")
	}
	if len(description) > 255 {
		return unprocessable("description is too long (maximum is 255 characters)")
	}
	for _, other := range s.vpcs.all() {
		if other.Name == name && other.ID != self {
			return unprocessable("A VPC with the same name already exists in your account")
		}
	}
	return nil
}

// updateVPC serves PUT and PATCH: a PUT without a description empties it.
func (s *Simulator) updateVPC(r *http.Request) (any, error) {
	v, err := find(&s.vpcs, r.PathValue("vpc_id"))
	if err != nil {
		return nil, err
	}
	wanted, err := decode[struct {
		Name        *string `json:"name"`
		Description *string `json:"description"`
		Default     *bool   `json:"default"`
	}](r)
	if err != nil {
		return nil, err
	}
	name, description := v.Name, v.Description
	if r.Method == http.MethodPut {
		name, description = "", ""
	}
	if wanted.Name != nil {
		name = *wanted.Name
	}
	if wanted.Description != nil {
		description = *wanted.Description
	}
	if err := s.checkVPCName(name, description, v.ID); err != nil {
		return nil, err
	}
	if err := s.setDefaultVPC(v, wanted.Default); err != nil {
		return nil, err
	}
	v.Name, v.Description = name, description
	return object{"vpc": v}, nil
}

// setDefaultVPC makes a VPC its region's default, in place of another. A
// default can only be replaced, never unset.
func (s *Simulator) setDefaultVPC(v *vpc, isDefault *bool) error {
	if isDefault == nil || *isDefault == v.Default {
		return nil
	}
	if v.Default {
		return &apiError{http.StatusForbidden, "forbidden", "Can not unset default VPCs"}
	}
	if former := s.defaultVPC(v.Region); former != nil {
		former.Default = false
	}
	v.Default = true
	return nil
}

func (s *Simulator) deleteVPC(r *http.Request) (any, error) {
	v, err := find(&s.vpcs, r.PathValue("vpc_id"))
	if err != nil {
		return nil, err
	}
	if v.Default {
		return nil, &apiError{http.StatusForbidden, "forbidden", "Can not delete default VPCs"}
	}
	if v.members.len() > 0 {
		return nil, conflict("Can not delete VPC with members")
	}
	if len(s.peeringsOf(v.ID)) > 0 {
		return nil, conflict("Can not delete VPC with peerings")
	}
	s.vpcs.remove(v.ID)
	return nil, nil
}

func (s *Simulator) listVPCMembers(r *http.Request) (any, error) {
	v, err := find(&s.vpcs, r.PathValue("vpc_id"))
	if err != nil {
		return nil, err
	}
	kind := r.URL.Query().Get("resource_type")
	return paginated(r, "members", v.members.where(func(m vpcMember) bool {
		return kind == "" || strings.HasPrefix(m.URN, "do:"+kind+":")
	}))
}

// joinVPC makes a resource a member of a VPC that exists.
func (s *Simulator) joinVPC(vpcID, urn, name string) {
	if v, ok := s.vpcs.get(vpcID); ok {
		v.members.add(urn, vpcMember{Name: name, URN: urn, CreatedAt: s.timestamp()})
	}
}

// leaveVPC ends a membership after MemberLinger.
func (s *Simulator) leaveVPC(vpcID, urn string) {
	s.after(s.options.MemberLinger, func() {
		if v, ok := s.vpcs.get(vpcID); ok {
			v.members.remove(urn)
		}
	})
}

// defaultVPC is a region's default, nil when it has none.
func (s *Simulator) defaultVPC(region string) *vpc {
	for _, v := range s.vpcs.all() {
		if v.Region == region && v.Default {
			return v
		}
	}
	return nil
}
