//go:build linux

package e2e_test

import (
	"context"
	"fmt"
	"io"
	"iter"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
	"github.com/beamcluster/terraform-provider-beam/internal/e2e"
)

// world is an open world in the hands of a test.
type world struct {
	*e2e.World
	suite *suite
	state e2e.State
}

// apply makes the cluster so, and the nodes beside it, and reads what came of
// it. It returns the time from the last droplet's being active to the end of the
// apply.
func (w *world) apply(t *testing.T, c e2e.Cluster, beside ...e2e.Node) time.Duration {
	t.Helper()
	must(t, w.Write(c, beside...))
	var progress strings.Builder
	w.Terraform.SetStdout(&progress)
	defer w.Terraform.SetStdout(io.Discard)
	if err := w.Terraform.Apply(t.Context()); err != nil {
		t.Fatalf("apply: %v\n%s", err, w.look(t))
	}
	end := time.Now()
	var err error
	w.state, err = w.State(t.Context())
	must(t, err)
	return end.Sub(w.active())
}

// fails applies, and returns what Terraform says about it. What is given to be
// done meanwhile is done at once.
func (w *world) fails(t *testing.T, c e2e.Cluster, meanwhile ...func()) string {
	t.Helper()
	must(t, w.Write(c))
	ended := make(chan error, 1)
	go func() { ended <- w.Terraform.Apply(t.Context()) }()
	for _, do := range meanwhile {
		do()
	}
	err := <-ended
	if exitCode(err) != 1 {
		t.Fatalf("the apply ends with %v, want exit code 1", err)
	}
	return err.Error()
}

// active is when the API first called the youngest droplet active.
func (w *world) active() time.Time {
	var created time.Time
	for _, request := range w.Simulator.Requests() {
		if request.Route == "POST /v2/droplets" && request.Status == http.StatusAccepted {
			created = request.Time
		}
	}
	return created.Add(e2e.BootTime)
}

func (w *world) destroy(t *testing.T) {
	t.Helper()
	must(t, w.Terraform.Destroy(t.Context()))
}

// look is the end of each host's console, for a person.
func (w *world) look(t *testing.T) string {
	t.Helper()
	var text strings.Builder
	for _, d := range w.droplets(t) {
		output, _ := w.Hosts.Exec(t.Context(), d.ID, "tail", "-n", "8", "/var/log/cloud-init-output.log")
		fmt.Fprintf(&text, "== %s\n%s", d.Name, output)
	}
	return text.String()
}

func (w *world) droplets(t *testing.T) []cluster.Droplet {
	t.Helper()
	droplets, err := w.API.DropletsByTag(t.Context(), cluster.ClusterTag("chat"))
	must(t, err)
	return droplets
}

// droplet finds one by its name.
func (w *world) droplet(t *testing.T, name string) cluster.Droplet {
	t.Helper()
	for _, d := range w.droplets(t) {
		if d.Name == name {
			return d
		}
	}
	t.Fatalf("there is no droplet %s", name)
	return cluster.Droplet{}
}

// nodeNames are the names of the nodes' hosts.
func (w *world) nodeNames() iter.Seq[string] { return maps.Keys(w.state.Nodes) }

// on runs a script on a droplet as root, which must succeed.
func (w *world) on(t *testing.T, name, script string) string {
	t.Helper()
	output, err := w.Hosts.Exec(t.Context(), w.droplet(t, name).ID, "sh", "-ec", script)
	if err != nil {
		t.Fatalf("%s: %v\n%s", name, err, output)
	}
	return strings.TrimSpace(output)
}

// get asks the load balancer, and returns the answer's body and headers.
func (w *world) get(t *testing.T, path string, headers ...string) (string, http.Header) {
	t.Helper()
	body, header, err := w.tryGet(t.Context(), w.state.URL+path, headers...)
	must(t, err)
	return body, header
}

func (w *world) tryGet(ctx context.Context, url string, headers ...string) (string, http.Header, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return "", nil, err
	}
	for i := 0; i+1 < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	response, err := w.HTTP.Do(request)
	if err != nil {
		return "", nil, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode >= http.StatusMultipleChoices {
		err = fmt.Errorf("GET %s: %s %s", url, response.Status, body)
	}
	return string(body), response.Header, err
}

// mesh is whom each node sees, itself included, asked of the nodes themselves.
// What does not answer sees nobody.
func (w *world) mesh(t *testing.T) map[string][]string {
	t.Helper()
	mesh := map[string][]string{}
	for name, node := range w.state.Nodes {
		script := "cat /run/beam/nodes && sed -n 's/^RELEASE_NODE=//p' /etc/beam/node.env"
		output, _ := w.Hosts.Exec(t.Context(), node.DropletID, "sh", "-c", script)
		seen := strings.Fields(output)
		slices.Sort(seen)
		mesh[name] = seen
	}
	return mesh
}

// meshed says whether every node sees every node, those apart that are off. A
// node that was destroyed may be among them for a minute: nobody told the others
// (net_ticktime).
func (w *world) meshed(t *testing.T, off ...string) bool {
	t.Helper()
	mesh := w.mesh(t)
	for _, name := range off {
		delete(mesh, name)
	}
	for _, seen := range mesh {
		for name := range mesh {
			if !slices.Contains(seen, w.state.Nodes[name].NodeName) {
				return false
			}
		}
	}
	return true
}

// within waits until a condition holds, and returns how long that took.
func within(t *testing.T, patience time.Duration, what string, holds func() bool) time.Duration {
	t.Helper()
	start := time.Now()
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		if time.Since(start) > patience {
			t.Fatalf("%s: not within %s", what, patience)
		}
		select {
		case <-t.Context().Done():
			t.Fatalf("%s: the test ended before", what)
		case <-tick.C:
		}
	}
	return time.Since(start)
}
