package digitalocean

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/digitalocean/godo"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
)

// Tag is a tag and how many resources carry it.
type Tag struct {
	Name      string
	Resources int
}

// Tags lists the account's tags.
func (c *Client) Tags(ctx context.Context) ([]Tag, error) {
	tags, err := listAll(ctx, "tags", func(r godo.Tag) any { return r.Name }, c.api.Tags.List)
	return convert(tags, tagFromAPI), failed(err, "list the account's tags")
}

// tagExists says whether the account has the tag.
func (c *Client) tagExists(ctx context.Context, name string) (bool, error) {
	found, err := read(ctx, "tag", func(ctx context.Context) (*godo.Tag, *godo.Response, error) {
		return c.api.Tags.Get(ctx, name)
	}, tagFromAPI)
	return found != nil, failed(err, "read the tag %s", name)
}

// CreateTag creates the tag; one that exists is no error.
func (c *Client) CreateTag(ctx context.Context, name string) error {
	_, err := c.ensureTag(ctx, name)
	return err
}

// ensureTag creates the tag unless it exists, and returns how the account spells
// it: names that differ in case only are one tag, and only its own spelling can
// be put on anything.
func (c *Client) ensureTag(ctx context.Context, name string) (spelled string, err error) {
	tag, err := object(repeatableCall(ctx), "tag", func(ctx context.Context) (*godo.Tag, *godo.Response, error) {
		return c.api.Tags.Create(ctx, &godo.TagCreateRequest{Name: name})
	})
	if status := Status(err); status == http.StatusUnprocessableEntity || status == http.StatusConflict {
		if exists, lookErr := c.tagExists(ctx, name); exists && lookErr == nil {
			return name, nil
		}
	}
	return cmp.Or(tag.Name, name), failed(err, "create the tag %s", name)
}

// DeleteTag deletes the tag; what carries it stays.
func (c *Client) DeleteTag(ctx context.Context, name string) error {
	return deleteWhenFree(ctx, "the tag "+name, func(ctx context.Context) error {
		return answered(c.api.Tags.Delete(ctx, name))
	})
}

// TagDroplets puts the tag, which need not exist, on the droplets.
func (c *Client) TagDroplets(ctx context.Context, tag string, on []cluster.Droplet) error {
	return failed(c.tag(ctx, tag, dropletResources(dropletIDs(on))), "put the tag %s on %s", tag, namedDroplets(on...))
}

// TagVolume puts the tag, which need not exist, on the volume.
func (c *Client) TagVolume(ctx context.Context, tag string, v cluster.Volume) error {
	resources := []godo.Resource{{ID: v.ID, Type: godo.VolumeResourceType}}
	return failed(c.tag(ctx, tag, resources), "put the tag %s on %s", tag, namedVolume(v))
}

// tag puts the tag on resources. It or they may be too young for the API to
// know of them everywhere.
func (c *Client) tag(ctx context.Context, tag string, resources []godo.Resource) error {
	tag, err := c.ensureTag(ctx, tag)
	if err != nil {
		return err
	}
	begun := time.Now()
	return poll(ctx, "what is to be tagged to be known", func(ctx context.Context) (bool, string, error) {
		err := answered(c.api.Tags.TagResources(repeatableCall(ctx), tag, &godo.TagResourcesRequest{Resources: resources}))
		if Gone(err) && time.Since(begun) < appearTime {
			return false, err.Error(), nil
		}
		return err == nil, "", err
	})
}

// UntagDroplets takes the tag off the droplets. Where one of them is gone the API
// leaves the tag on all others: those that still carry it are asked for then.
func (c *Client) UntagDroplets(ctx context.Context, tag string, off []cluster.Droplet) error {
	left := dropletIDs(off)
	err := poll(ctx, "the tag to be off", func(ctx context.Context) (bool, string, error) {
		err := answered(c.api.Tags.UntagResources(ctx, tag, &godo.UntagResourcesRequest{Resources: dropletResources(left)}))
		if !Gone(err) {
			return err == nil, "", err
		}
		tagged, lookErr := c.DropletsByTag(ctx, tag)
		if lookErr != nil {
			return false, "", lookErr
		}
		carry := dropletIDs(tagged)
		left = slices.DeleteFunc(slices.Clone(left), func(id int) bool { return !slices.Contains(carry, id) })
		return len(left) == 0, err.Error(), nil
	})
	return failed(err, "take the tag %s off %s", tag, namedDroplets(off...))
}

func dropletIDs(of []cluster.Droplet) []int {
	return convert(of, func(d cluster.Droplet) int { return d.ID })
}

func dropletResources(ids []int) []godo.Resource {
	return convert(ids, func(id int) godo.Resource {
		return godo.Resource{ID: strconv.Itoa(id), Type: godo.DropletResourceType}
	})
}

func tagFromAPI(t godo.Tag) Tag {
	if t.Resources == nil {
		return Tag{Name: t.Name}
	}
	return Tag{Name: t.Name, Resources: t.Resources.Count}
}
