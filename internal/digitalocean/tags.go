package digitalocean

import (
	"context"
	"net/http"
	"strconv"

	"github.com/digitalocean/godo"
)

// Tag is a tag and how many resources carry it.
type Tag struct {
	Name      string
	Resources int
}

// Tags lists the account's tags.
func (c *Client) Tags(ctx context.Context) ([]Tag, error) {
	tags, err := listAll(ctx, c.api.Tags.List)
	return convert(tags, func(t godo.Tag) Tag {
		if t.Resources == nil {
			return Tag{Name: t.Name}
		}
		return Tag{Name: t.Name, Resources: t.Resources.Count}
	}), failed(err, "list the account's tags")
}

// CreateTag creates the tag; one that exists is no error.
func (c *Client) CreateTag(ctx context.Context, name string) error {
	_, _, err := c.api.Tags.Create(repeatableCall(ctx), &godo.TagCreateRequest{Name: name})
	if err == nil || Status(err) == http.StatusUnprocessableEntity && c.tagExists(ctx, name) {
		return nil
	}
	return failed(err, "create the tag %s", name)
}

func (c *Client) tagExists(ctx context.Context, name string) bool {
	_, _, err := c.api.Tags.Get(ctx, name)
	return err == nil
}

// DeleteTag deletes the tag; what carries it stays.
func (c *Client) DeleteTag(ctx context.Context, name string) error {
	if _, err := c.api.Tags.Delete(ctx, name); err != nil && !gone(err) {
		return failed(err, "delete the tag %s", name)
	}
	return nil
}

// TagDroplets puts the tag, which need not exist, on the droplets.
func (c *Client) TagDroplets(ctx context.Context, tag string, ids []int) error {
	if err := c.CreateTag(ctx, tag); err != nil {
		return err
	}
	_, err := c.api.Tags.TagResources(repeatableCall(ctx), tag, &godo.TagResourcesRequest{Resources: dropletResources(ids)})
	return failed(err, "tag %d droplets with %s", len(ids), tag)
}

// UntagDroplets takes the tag off the droplets.
func (c *Client) UntagDroplets(ctx context.Context, tag string, ids []int) error {
	if _, err := c.api.Tags.UntagResources(ctx, tag, &godo.UntagResourcesRequest{Resources: dropletResources(ids)}); err != nil && !gone(err) {
		return failed(err, "take the tag %s off %d droplets", tag, len(ids))
	}
	return nil
}

func dropletResources(ids []int) []godo.Resource {
	return convert(ids, func(id int) godo.Resource {
		return godo.Resource{ID: strconv.Itoa(id), Type: godo.DropletResourceType}
	})
}
