package simulator_test

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/digitalocean/godo"

	"github.com/beamcluster/terraform-provider-beam/internal/simulator"
	"github.com/beamcluster/terraform-provider-beam/internal/simulator/contract"
)

func newVPC(t *testing.T, client *godo.Client, name, ipRange string) *godo.VPC {
	t.Helper()
	return must[*godo.VPC](t)(client.VPCs.Create(t.Context(), &godo.VPCCreateRequest{
		Name: name, RegionSlug: "nyc3", IPRange: ipRange,
	}))
}

func TestVPCRefusals(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		request godo.VPCCreateRequest
		message string
	}{
		{"duplicate name", godo.VPCCreateRequest{Name: "taken", RegionSlug: "lon1"},
			"A VPC with the same name already exists in your account"},
		{"space in the name", godo.VPCCreateRequest{Name: "my net", RegionSlug: "lon1"},
			"name is invalid: only alphanumeric characters, dashes, and periods are allowed"},
		{"unknown region", godo.VPCCreateRequest{Name: "new", RegionSlug: "mars1"}, "Region is not available"},
		{"no network", godo.VPCCreateRequest{Name: "new", RegionSlug: "lon1", IPRange: "10.1.1.1/24"},
			`ip_range "10.1.1.1/24" is not a valid network in CIDR notation`},
		{"too large", godo.VPCCreateRequest{Name: "new", RegionSlug: "lon1", IPRange: "10.0.0.0/15"},
			"This range/size is not supported. The range must be between /28 and /16"},
		{"too small", godo.VPCCreateRequest{Name: "new", RegionSlug: "lon1", IPRange: "10.0.0.0/29"},
			"This range/size is not supported. The range must be between /28 and /16"},
		{"public", godo.VPCCreateRequest{Name: "new", RegionSlug: "lon1", IPRange: "8.8.8.0/24"},
			"This range/size is not supported. Only private ranges as defined in RFC1918 are allowed"},
		{"kept by DigitalOcean", godo.VPCCreateRequest{Name: "new", RegionSlug: "nyc1", IPRange: "10.10.1.0/24"},
			"This range/size is reserved: 10.10.0.0/16 may not be used in nyc1"},
		{"overlap", godo.VPCCreateRequest{Name: "new", RegionSlug: "lon1", IPRange: "10.200.0.128/25"},
			"This range/size overlaps with another VPC network in your account: 10.200.0.0/24"},
	}
	client := checkedClient(t, simulator.Options{})
	newVPC(t, client, "taken", "10.200.0.0/24")
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, _, err := client.VPCs.Create(t.Context(), &test.request)
			wantRefusal(t, err, http.StatusUnprocessableEntity, test.message)
		})
	}
}

func TestDefaultVPC(t *testing.T) {
	t.Parallel()
	client := checkedClient(t, simulator.Options{})
	d := newDroplet(t, client, "web-1")
	former := must[*godo.VPC](t)(client.VPCs.Get(t.Context(), d.VPCUUID))
	if !former.Default || former.RegionSlug != "nyc3" {
		t.Errorf("a droplet went into the VPC %+v, want the default of nyc3", former)
	}
	_, err := client.VPCs.Delete(t.Context(), former.ID)
	wantRefusal(t, err, http.StatusForbidden, "Can not delete default VPCs")

	own := newVPC(t, client, "own", "")
	if own.Default || own.IPRange == "" {
		t.Errorf("own VPC is %+v, want a range and not the default", own)
	}
	own = must[*godo.VPC](t)(client.VPCs.Set(t.Context(), own.ID, godo.VPCSetDefault()))
	former = must[*godo.VPC](t)(client.VPCs.Get(t.Context(), former.ID))
	if !own.Default || former.Default {
		t.Errorf("default: own %t, former %t", own.Default, former.Default)
	}
	_, _, err = client.VPCs.Update(t.Context(), own.ID, &godo.VPCUpdateRequest{Name: "own", Default: godo.PtrTo(false)})
	wantRefusal(t, err, http.StatusForbidden, "Can not unset default VPCs")
}

func TestVPCUpdates(t *testing.T) {
	t.Parallel()
	client := checkedClient(t, simulator.Options{})
	v := newVPC(t, client, "own", "10.200.0.0/24")
	patched := must[*godo.VPC](t)(client.VPCs.Set(t.Context(), v.ID, godo.VPCSetDescription("for tests")))
	if patched.Name != "own" || patched.Description != "for tests" {
		t.Errorf("a PATCH left %+v", patched)
	}
	put := must[*godo.VPC](t)(client.VPCs.Update(t.Context(), v.ID, &godo.VPCUpdateRequest{Name: "mine"}))
	if put.Name != "mine" || put.Description != "" {
		t.Errorf("a PUT left %+v", put)
	}
}

func TestVPCIsDeletedAfterItsMembersHaveGone(t *testing.T) {
	t.Parallel()
	contract.Shared(t)
	synctest.Test(t, func(t *testing.T) {
		client := checkedClient(t, simulator.Options{MemberLinger: 20 * time.Second})
		v := newVPC(t, client, "own", "10.200.0.0/28")
		d := newDroplet(t, client, "web-1", func(r *godo.DropletCreateRequest) { r.VPCUUID = v.ID })
		members := must[[]*godo.VPCMember](t)(client.VPCs.ListMembers(t.Context(), v.ID, nil, nil))
		if len(members) != 1 || members[0].URN != d.URN() || members[0].Name != "web-1" {
			t.Errorf("members are %v", members)
		}
		ok(t)(client.Droplets.Delete(t.Context(), d.ID))
		pass(20*time.Second - 1)
		_, err := client.VPCs.Delete(t.Context(), v.ID)
		wantRefusal(t, err, http.StatusConflict, "Can not delete VPC with members")
		pass(1)
		ok(t)(client.VPCs.Delete(t.Context(), v.ID))
	})
}

func TestSmallVPCFillsUp(t *testing.T) {
	t.Parallel()
	client := checkedClient(t, simulator.Options{DropletLimit: 20})
	v := newVPC(t, client, "own", "10.200.0.0/28")
	into := func(r *godo.DropletCreateRequest) { r.VPCUUID = v.ID }
	for range 11 { // 16 addresses less four at the start and the broadcast address
		newDroplet(t, client, "web", into)
	}
	_, _, err := client.Droplets.Create(t.Context(), dropletRequest("web", into))
	wantRefusal(t, err, http.StatusUnprocessableEntity, "There are no available IP addresses in the VPC.")
}

func TestCreateOfSeveralIsRefusedAsAWhole(t *testing.T) {
	t.Parallel()
	client := checkedClient(t, simulator.Options{DropletLimit: 20})
	v := newVPC(t, client, "own", "10.200.0.0/28")
	for range 10 {
		newDroplet(t, client, "web", func(r *godo.DropletCreateRequest) { r.VPCUUID = v.ID })
	}
	_, _, err := client.Droplets.CreateMultiple(t.Context(), &godo.DropletMultiCreateRequest{
		Names: []string{"a", "b"}, Region: "nyc3", Size: "s-1vcpu-1gb", VPCUUID: v.ID,
		Image: godo.DropletCreateImage{Slug: "debian-13-x64"}, SSHKeys: []godo.DropletCreateSSHKey{}, Tags: []string{},
	})
	wantRefusal(t, err, http.StatusUnprocessableEntity, "There are no available IP addresses in the VPC.")
	if left := must[[]godo.Droplet](t)(client.Droplets.List(t.Context(), nil)); len(left) != 10 {
		t.Errorf("%d droplets, want the ten from before", len(left))
	}
}

func TestPeering(t *testing.T) {
	t.Parallel()
	contract.Shared(t)
	synctest.Test(t, func(t *testing.T) {
		client := checkedClient(t, simulator.Options{ActionTime: 15 * time.Second})
		a, b := newVPC(t, client, "a", "10.200.0.0/24"), newVPC(t, client, "b", "10.201.0.0/24")
		request := &godo.VPCPeeringCreateRequest{Name: "a-b", VPCIDs: []string{a.ID, b.ID}}
		peering := must[*godo.VPCPeering](t)(client.VPCs.CreateVPCPeering(t.Context(), request))
		status := func() string {
			return must[*godo.VPCPeering](t)(client.VPCs.GetVPCPeering(t.Context(), peering.ID)).Status
		}
		if peering.Status != "PROVISIONING" {
			t.Errorf("a new peering is %s", peering.Status)
		}
		pass(15 * time.Second)
		if got := status(); got != "ACTIVE" {
			t.Errorf("peering is %s, want ACTIVE", got)
		}
		_, _, err := client.VPCs.CreateVPCPeering(t.Context(), &godo.VPCPeeringCreateRequest{Name: "again", VPCIDs: []string{b.ID, a.ID}})
		wantRefusal(t, err, http.StatusConflict, "A VPC peering between these VPCs already exists")
		_, err = client.VPCs.Delete(t.Context(), a.ID)
		wantRefusal(t, err, http.StatusConflict, "Can not delete VPC with peerings")

		ok(t)(client.VPCs.DeleteVPCPeering(t.Context(), peering.ID))
		if got := status(); got != "DELETING" {
			t.Errorf("peering is %s, want DELETING", got)
		}
		pass(15 * time.Second)
		_, _, err = client.VPCs.GetVPCPeering(t.Context(), peering.ID)
		wantRefusal(t, err, http.StatusNotFound, "The resource you were accessing could not be found.")
		ok(t)(client.VPCs.Delete(t.Context(), a.ID))
	})
}

func TestPeeringSeenFromItsVPCs(t *testing.T) {
	t.Parallel()
	client := checkedClient(t, simulator.Options{})
	a, b := newVPC(t, client, "a", "10.200.0.0/24"), newVPC(t, client, "b", "10.201.0.0/24")
	request := &godo.VPCPeeringCreateRequestByVPCID{Name: "a-b", VPCID: b.ID}
	peering := must[*godo.VPCPeering](t)(client.VPCs.CreateVPCPeeringByVPCID(t.Context(), a.ID, request))
	for _, id := range []string{a.ID, b.ID} {
		listed := must[[]*godo.VPCPeering](t)(client.VPCs.ListVPCPeeringsByVPCID(t.Context(), id, nil))
		if len(listed) != 1 || listed[0].ID != peering.ID {
			t.Errorf("peerings of %s: %v", id, listed)
		}
	}
	renamed := must[*godo.VPCPeering](t)(client.VPCs.UpdateVPCPeeringByVPCID(t.Context(), b.ID, peering.ID,
		&godo.VPCPeeringUpdateRequest{Name: "b-a"}))
	if renamed.Name != "b-a" {
		t.Errorf("renamed to %q", renamed.Name)
	}
	if listed := must[[]*godo.VPCPeering](t)(client.VPCs.ListVPCPeerings(t.Context(), nil)); len(listed) != 1 {
		t.Errorf("account has %d peerings, want 1", len(listed))
	}
}
