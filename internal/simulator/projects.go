package simulator

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
)

// project is the API description's schema "project".
type project struct {
	ID          string    `json:"id"`
	OwnerUUID   string    `json:"owner_uuid"`
	OwnerID     int       `json:"owner_id"`
	Name        string    `json:"name"`
	Description string    `json:"description"`
	Purpose     string    `json:"purpose"`
	Environment string    `json:"environment,omitempty"` // left out while it is not chosen
	IsDefault   bool      `json:"is_default"`
	CreatedAt   time.Time `json:"created_at"`
	UpdatedAt   time.Time `json:"updated_at"`
}

// projectRequest is the body of a create and of an update; null is as good as
// left out.
type projectRequest struct {
	Name        *string `json:"name"`
	Description *string `json:"description"`
	Purpose     *string `json:"purpose"`
	Environment *string `json:"environment"`
	IsDefault   *bool   `json:"is_default"`
}

// Limits of a project's texts, in characters.
const (
	maxProjectName = 175
	maxProjectText = 255
)

var environments = []string{"Development", "Staging", "Production"}

func (s *Simulator) projectRoutes() {
	s.route("GET /v2/projects", http.StatusOK, func(r *http.Request) (any, error) {
		return paginated(r, "projects", s.projects.all())
	})
	s.route("POST /v2/projects", http.StatusCreated, s.createProject)
	s.route("GET /v2/projects/{project_id}", http.StatusOK, func(r *http.Request) (any, error) {
		p, err := s.pathProject(r)
		return object{"project": p}, err
	})
	s.route("PUT /v2/projects/{project_id}", http.StatusOK, s.replaceProject)
	s.route("PATCH /v2/projects/{project_id}", http.StatusOK, s.updateProject)
	s.route("DELETE /v2/projects/{project_id}", http.StatusNoContent, s.deleteProject)
	s.route("GET /v2/projects/{project_id}/resources", http.StatusOK, s.listProjectResources)
	s.route("POST /v2/projects/{project_id}/resources", http.StatusOK, s.assignProjectResources)
}

// openDefaultProject makes the project that everything new lands in.
func (s *Simulator) openDefaultProject() {
	s.addProject(&project{
		Name: "My project", Description: "Update your project information under Settings",
		Purpose: "Just trying out DigitalOcean", IsDefault: true,
	})
}

func (s *Simulator) addProject(p *project) {
	p.ID = uuid.NewString()
	p.OwnerUUID = s.account.UUID
	p.OwnerID = 1
	p.CreatedAt, p.UpdatedAt = s.timestamp(), s.timestamp()
	s.projects.add(p.ID, p)
}

// pathProject is the project that the path names; "default" is a name, too.
func (s *Simulator) pathProject(r *http.Request) (*project, error) {
	id := r.PathValue("project_id")
	if id == "default" {
		return s.defaultProject(), nil
	}
	return find(&s.projects, id)
}

func (s *Simulator) defaultProject() *project {
	return s.projects.where(func(p *project) bool { return p.IsDefault })[0]
}

func (s *Simulator) createProject(r *http.Request) (any, error) {
	request, err := decode[projectRequest](r)
	if err != nil {
		return nil, err
	}
	if request.Name == nil || request.Purpose == nil {
		return nil, badRequest("name and purpose are required")
	}
	made := &project{}
	if err := s.changeProject(made, request); err != nil {
		return nil, err
	}
	s.addProject(made)
	return object{"project": made}, nil
}

func (s *Simulator) replaceProject(r *http.Request) (any, error) {
	p, err := s.pathProject(r)
	if err != nil {
		return nil, err
	}
	request, err := decode[projectRequest](r)
	if err != nil {
		return nil, err
	}
	if request.Name == nil || request.Description == nil || request.Purpose == nil ||
		request.Environment == nil || request.IsDefault == nil {
		return nil, badRequest("name, description, purpose, environment and is_default are required")
	}
	return object{"project": p}, s.changeProject(p, request)
}

func (s *Simulator) updateProject(r *http.Request) (any, error) {
	p, err := s.pathProject(r)
	if err != nil {
		return nil, err
	}
	request, err := decode[projectRequest](r)
	if err != nil {
		return nil, err
	}
	return object{"project": p}, s.changeProject(p, request)
}

// changeProject takes over what the request names, all or nothing.
func (s *Simulator) changeProject(p *project, request projectRequest) error {
	changed := *p
	setIfGiven(&changed.Name, request.Name)
	setIfGiven(&changed.Description, request.Description)
	setIfGiven(&changed.Purpose, request.Purpose)
	setIfGiven(&changed.Environment, request.Environment)
	changed.Environment = properCase(changed.Environment)
	if err := s.checkProject(changed); err != nil {
		return err
	}
	changed.UpdatedAt = s.timestamp()
	if request.IsDefault != nil && *request.IsDefault && !p.IsDefault {
		s.defaultProject().IsDefault = false
		changed.IsDefault = true
	}
	*p = changed
	return nil
}

// properCase writes an environment as the API shows it, however it was written.
func properCase(environment string) string {
	for _, known := range environments {
		if strings.EqualFold(environment, known) {
			return known
		}
	}
	return environment
}

// setIfGiven takes over a field of a request unless it was left out or null.
func setIfGiven[T any](field *T, value *T) {
	if value != nil {
		*field = *value
	}
}

func (s *Simulator) checkProject(p project) error {
	switch {
	case p.Name == "" || p.Purpose == "":
		return badRequest("name and purpose are required")
	case len([]rune(p.Name)) > maxProjectName:
		return badRequest("name may have at most %d characters", maxProjectName)
	case len([]rune(p.Description)) > maxProjectText || len([]rune(p.Purpose)) > maxProjectText:
		return badRequest("description and purpose may have at most %d characters", maxProjectText)
	case p.Environment != "" && !slices.Contains(environments, p.Environment):
		return badRequest("environment must be one of %v", environments)
	}
	for _, other := range s.projects.all() {
		if other.Name == p.Name && other.ID != p.ID {
			return conflict("name is already in use")
		}
	}
	return nil
}

// deleteProject deletes an empty project; the default one cannot go.
func (s *Simulator) deleteProject(r *http.Request) (any, error) {
	p, err := s.pathProject(r)
	if err != nil {
		return nil, err
	}
	if p.IsDefault {
		return nil, preconditionFailed("cannot delete the default project")
	}
	if len(s.resourcesOf(p)) > 0 {
		return nil, preconditionFailed("cannot delete a project with resources. move or remove the resources first")
	}
	s.projects.remove(p.ID)
	return nil, nil
}

func preconditionFailed(message string) *apiError {
	return &apiError{http.StatusPreconditionFailed, "precondition_failed", message}
}
