package simulator

import (
	"fmt"
	"net/http"
	"slices"
	"time"
)

// action is one piece of work, as the API description's schema "action" has it.
type action struct {
	ID           int        `json:"id"`
	Status       string     `json:"status"` // in-progress, completed or errored
	Type         string     `json:"type"`
	StartedAt    time.Time  `json:"started_at"`
	CompletedAt  *time.Time `json:"completed_at"`
	ResourceID   *int       `json:"resource_id"` // null for what has no numeric id
	ResourceType string     `json:"resource_type"`
	Region       *region    `json:"region"`
	RegionSlug   string     `json:"region_slug"`

	subject string // the URN of the resource
}

const (
	inProgress = "in-progress"
	completed  = "completed"
	errored    = "errored"
)

func (s *Simulator) actionRoutes() {
	s.route("GET /v2/actions", http.StatusOK, func(r *http.Request) (any, error) {
		return paginated(r, "actions", s.actionsOf(func(*action) bool { return true }))
	})
	s.route("GET /v2/actions/{action_id}", http.StatusOK, func(r *http.Request) (any, error) {
		return s.actionAnswer(r, func(*action) bool { return true })
	})
}

// startAction records work on a resource that takes the given time. At its end
// release frees what the work had locked, and done carries the work out; its
// error makes the action errored.
func (s *Simulator) startAction(kind string, on subject, takes time.Duration, release func(), done func() error) *action {
	s.lastID++
	work := &action{
		ID: s.lastID, Status: inProgress, Type: kind, StartedAt: s.timestamp(),
		ResourceID: on.id, ResourceType: on.kind,
		Region: s.region(on.region), RegionSlug: on.region, subject: on.urn,
	}
	s.actions.add(work.ID, work)
	fails := s.strikesObject(ActionErrored, "")
	s.after(takes, func() {
		work.Status = completed
		release()
		if fails || done() != nil {
			work.Status = errored
		}
		now := s.timestamp()
		work.CompletedAt = &now
	})
	return work
}

// subject is what an action works on.
type subject struct {
	urn    string
	kind   string // resource_type
	id     *int   // for resources with numeric ids
	region string // slug
}

// actionsOf lists actions, newest first as the API does.
func (s *Simulator) actionsOf(match func(*action) bool) []*action {
	actions := s.actions.where(match)
	slices.Reverse(actions)
	return actions
}

// actionAnswer is the action that the path names, if it matches.
func (s *Simulator) actionAnswer(r *http.Request, match func(*action) bool) (any, error) {
	id, err := pathID(r, "action_id")
	if err != nil {
		return nil, err
	}
	work, ok := s.actions.get(id)
	if !ok || !match(work) {
		return nil, notFound()
	}
	return object{"action": work}, nil
}

// actionsOn matches the actions of one resource.
func actionsOn(urn string) func(*action) bool {
	return func(a *action) bool { return a.subject == urn }
}

// link points to an action from the answer that started it.
type link struct {
	ID   int    `json:"id"`
	Rel  string `json:"rel"`
	HREF string `json:"href"`
}

func actionLink(r *http.Request, work *action) link {
	return link{work.ID, work.Type, fmt.Sprintf("%s/v2/actions/%d", baseURL(r), work.ID)}
}

// region is a data centre by its slug, nil when there is none.
func (s *Simulator) region(slug string) *region {
	i := slices.IndexFunc(s.regions, func(r *region) bool { return r.Slug == slug })
	if i < 0 {
		return nil
	}
	return s.regions[i]
}

// size is a size of droplets by its slug, nil when there is none.
func (s *Simulator) size(slug string) *size {
	i := slices.IndexFunc(s.sizes, func(c *size) bool { return c.Slug == slug })
	if i < 0 {
		return nil
	}
	return s.sizes[i]
}
