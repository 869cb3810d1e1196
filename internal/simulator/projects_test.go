package simulator_test

import (
	"net/http"
	"testing"

	"github.com/digitalocean/godo"

	"github.com/beamcluster/terraform-provider-beam/internal/simulator"
)

func newProject(t *testing.T, client *godo.Client, name string) *godo.Project {
	t.Helper()
	request := &godo.CreateProjectRequest{Name: name, Purpose: "Web Application"}
	return must[*godo.Project](t)(client.Projects.Create(t.Context(), request))
}

// urns lists what is in a project.
func urns(t *testing.T, client *godo.Client, project string) []string {
	t.Helper()
	var found []string
	for _, resource := range must[[]godo.ProjectResource](t)(client.Projects.ListResources(t.Context(), project, nil)) {
		found = append(found, resource.URN)
	}
	return found
}

func TestNewResourcesLandInTheDefaultProject(t *testing.T) {
	t.Parallel()
	client := checkedClient(t, simulator.Options{})
	must[*godo.Domain](t)(client.Domains.Create(t.Context(), &godo.DomainCreateRequest{Name: "example.com"}))
	project := must[*godo.Project](t)(client.Projects.GetDefault(t.Context()))
	if got := urns(t, client, project.ID); len(got) != 1 || got[0] != "do:domain:example.com" {
		t.Errorf("default project has %v, want the domain", got)
	}
}

func TestResourcesAreMovedOneByOne(t *testing.T) {
	t.Parallel()
	client := checkedClient(t, simulator.Options{})
	must[*godo.Domain](t)(client.Domains.Create(t.Context(), &godo.DomainCreateRequest{Name: "example.com"}))
	ip, _, err := client.ReservedIPs.Create(t.Context(), &godo.ReservedIPCreateRequest{Region: "nyc3"})
	if err != nil {
		t.Fatal(err)
	}
	project := newProject(t, client, "chat")

	wanted := []any{"do:domain:example.com", ip.URN(), "do:droplet:1"}
	moved := must[[]godo.ProjectResource](t)(client.Projects.AssignResources(t.Context(), project.ID, wanted...))
	again := must[[]godo.ProjectResource](t)(client.Projects.AssignResources(t.Context(), project.ID, wanted[0]))
	for i, want := range []string{"assigned", "assigned", "not_found", "already_assigned"} {
		if got := append(moved, again...)[i]; got.Status != want {
			t.Errorf("%s is %s, want %s", got.URN, got.Status, want)
		}
	}
	if got := urns(t, client, project.ID); len(got) != 2 {
		t.Errorf("project has %v, want the reserved IP and the domain", got)
	}
	if got := urns(t, client, godo.DefaultProject); len(got) != 0 {
		t.Errorf("default project still has %v", got)
	}
}

func TestOnlyAnEmptyProjectCanBeDeleted(t *testing.T) {
	t.Parallel()
	client := checkedClient(t, simulator.Options{})
	must[*godo.Domain](t)(client.Domains.Create(t.Context(), &godo.DomainCreateRequest{Name: "example.com"}))
	project := newProject(t, client, "chat")
	must[[]godo.ProjectResource](t)(client.Projects.AssignResources(t.Context(), project.ID, "do:domain:example.com"))
	_, err := client.Projects.Delete(t.Context(), project.ID)
	wantRefusal(t, err, http.StatusPreconditionFailed, "cannot delete a project with resources. move or remove the resources first")

	ok(t)(client.Domains.Delete(t.Context(), "example.com"))
	ok(t)(client.Projects.Delete(t.Context(), project.ID))
	must[*godo.Domain](t)(client.Domains.Create(t.Context(), &godo.DomainCreateRequest{Name: "example.com"}))
	if got := urns(t, client, godo.DefaultProject); len(got) != 1 {
		t.Errorf("default project has %v, want the domain that came back", got)
	}
	_, _, err = client.Projects.Get(t.Context(), project.ID)
	wantRefusal(t, err, http.StatusNotFound, "")
}

func TestProjectUpdateLeavesTheRest(t *testing.T) {
	t.Parallel()
	client := checkedClient(t, simulator.Options{})
	project := newProject(t, client, "chat")
	changed := must[*godo.Project](t)(client.Projects.Update(t.Context(), project.ID,
		&godo.UpdateProjectRequest{Environment: "Staging", IsDefault: true}))
	if changed.Name != "chat" || changed.Environment != "Staging" || !changed.IsDefault {
		t.Errorf("got %+v, want chat in Staging as the default", changed)
	}
	if now := must[*godo.Project](t)(client.Projects.GetDefault(t.Context())); now.ID != project.ID {
		t.Errorf("default project is %s", now.Name)
	}
	_, _, err := client.Projects.Create(t.Context(), &godo.CreateProjectRequest{Name: "chat", Purpose: "x"})
	wantRefusal(t, err, http.StatusConflict, "name is already in use")
	_, _, err = client.Projects.Update(t.Context(), project.ID, &godo.UpdateProjectRequest{Environment: "Moon"})
	wantRefusal(t, err, http.StatusBadRequest, "")
}
