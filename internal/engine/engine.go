// Package engine makes the account match the spec. One converge serves create,
// update and the resumption of a create that was interrupted.
package engine

import (
	"context"
	"errors"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
	"github.com/beamcluster/terraform-provider-beam/internal/digitalocean"
)

// Engine converges clusters and single nodes.
type Engine struct {
	api *digitalocean.Client
}

// New returns an engine that works through the client.
func New(api *digitalocean.Client) *Engine {
	return &Engine{api: api}
}

var errLater = errors.New("not built yet")

// Converge brings the cluster to the spec, starting from what the memory and
// the account say. Memory is filled with what was reached even when it fails.
func (e *Engine) Converge(ctx context.Context, spec cluster.Spec, mem *cluster.Memory) (cluster.Observed, error) {
	return cluster.Observed{}, errLater
}

// Observe looks at everything of the cluster. Nothing left is an Observed whose
// Empty method says true.
func (e *Engine) Observe(ctx context.Context, name, projectID string, mem cluster.Memory) (cluster.Observed, error) {
	return cluster.Observed{}, errLater
}

// Destroy removes everything that was made for the cluster and nothing else.
func (e *Engine) Destroy(ctx context.Context, name string, mem *cluster.Memory) error {
	return errLater
}

// Catalogue reads what the account may use, as far as the spec needs it.
func (e *Engine) Catalogue(ctx context.Context, spec cluster.Spec) (cluster.Catalogue, error) {
	return cluster.Catalogue{}, errLater
}

// ConvergeNode creates or repairs the droplet of a beam_node; id 0 is none yet.
// It returns the droplet that exists even when it fails.
func (e *Engine) ConvergeNode(ctx context.Context, spec cluster.NodeSpec, dropletID int) (cluster.Droplet, error) {
	return cluster.Droplet{}, errLater
}

// ObserveNode looks at the droplet; nil when it is gone.
func (e *Engine) ObserveNode(ctx context.Context, dropletID int) (*cluster.Droplet, error) {
	return nil, errLater
}

// FindNode finds a droplet by its id or by its name.
func (e *Engine) FindNode(ctx context.Context, nameOrID string) (cluster.Droplet, error) {
	return cluster.Droplet{}, errLater
}

// DestroyNode deletes the droplet; one that is gone is no error.
func (e *Engine) DestroyNode(ctx context.Context, dropletID int) error {
	return errLater
}
