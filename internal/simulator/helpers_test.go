package simulator_test

import (
	"testing"

	"github.com/digitalocean/godo"
)

// newDroplet creates a droplet and lets it become active.
func newDroplet(t *testing.T, client *godo.Client, name string, edits ...func(*godo.DropletCreateRequest)) *godo.Droplet {
	t.Helper()
	created := must[*godo.Droplet](t)(client.Droplets.Create(t.Context(), dropletRequest(name, edits...)))
	return must[*godo.Droplet](t)(client.Droplets.Get(t.Context(), created.ID))
}

func dropletRequest(name string, edits ...func(*godo.DropletCreateRequest)) *godo.DropletCreateRequest {
	request := &godo.DropletCreateRequest{
		Name: name, Region: "nyc3", Size: "s-1vcpu-1gb",
		Image: godo.DropletCreateImage{Slug: "debian-13-x64"}, SSHKeys: []godo.DropletCreateSSHKey{},
	}
	for _, edit := range edits {
		edit(request)
	}
	return request
}
