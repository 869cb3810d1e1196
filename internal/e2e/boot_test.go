//go:build linux

package e2e_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
	"github.com/beamcluster/terraform-provider-beam/internal/e2e"
)

// cutWithin is how long after its creation, or after its first step began, each
// host loses its power, at most.
const cutWithin = 12 * time.Second

// cutBoots are clusters of five hosts, all of which lose their power once
// during their first boot: twenty hosts.
var cutBoots = []string{debian12, debian13, debian12, debian13}

func bootsAreCutOff(t *testing.T, s *suite) {
	w := s.open(t, "e2e-cut-boots", debian12, debian13)
	seed := uint64(time.Now().UnixNano())
	t.Logf("the seed of the moments is %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	for i, image := range cutBoots {
		name := fmt.Sprintf("%d: five power cycles amid first boots of %s, and the cluster forms", i+1, image)
		s.check(t, name, func(t *testing.T) {
			w.cutOffAll(t, e2e.Chat(image, s.releases["mix"]), i, random)
			// A host may have lost its power when all had formed already.
			within(t, healTime, "full mesh", func() bool { return w.meshed(t) })
		})
		w.destroy(t)
	}
}

// cutOffAll applies, and cuts each host's first boot off at a random moment: in
// one round while cloud-init lays out the host, in the next amid its steps, for
// as fast as this machine is.
func (w *world) cutOffAll(t *testing.T, c e2e.Cluster, round int, random *rand.Rand) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	var cuts sync.WaitGroup
	defer cuts.Wait()
	defer stop() // an apply that fails early makes no more hosts
	for i, host := range []string{"chat-us-1", "chat-us-2", "chat-us-3", "chat-lb-1", "chat-database"} {
		after := time.Duration(random.Int64N(int64(cutWithin)))
		amidSteps := (round+i)%2 == 0
		cuts.Go(func() { w.cutOff(ctx, t, host, after, amidSteps) })
	}
	w.apply(t, c)
	cuts.Wait()
}

// cutOff takes a host's power away for a moment, so long after its creation or
// after its first step began.
func (w *world) cutOff(ctx context.Context, t *testing.T, host string, after time.Duration, amidSteps bool) {
	id := w.awaitDroplet(ctx, t, host)
	for amidSteps && w.bootStep(ctx, id) == unbegun && pause(ctx, pollTime) {
	}
	if !pause(ctx, after) {
		return
	}
	amid := w.bootStep(ctx, id)
	// While the droplet is being created it takes no other action.
	for w.powerCycle(ctx, t, id) == http.StatusUnprocessableEntity && pause(ctx, pollTime) {
	}
	t.Logf("%s lost its power: %s", host, amid)
}

// awaitDroplet returns a droplet's id as soon as there is one of the name.
func (w *world) awaitDroplet(ctx context.Context, t *testing.T, name string) int {
	for {
		droplets, err := w.API.DropletsByTag(ctx, cluster.ClusterTag("chat"))
		if err != nil && ctx.Err() == nil {
			t.Errorf("list droplets: %v", err)
		}
		for _, d := range droplets {
			if d.Name == name {
				return d.ID
			}
		}
		if !pause(ctx, pollTime) {
			return 0
		}
	}
}

const pollTime = 200 * time.Millisecond

// pause waits, and says whether to go on.
func pause(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}

// unbegun is a boot step, too.
const unbegun = "before the first step"

// bootStep is how far the host has come, in its own words.
func (w *world) bootStep(ctx context.Context, id int) string {
	step, err := w.Hosts.Exec(ctx, id, "cat", "/var/lib/beam/boot-step")
	if err != nil {
		return unbegun
	}
	return strings.TrimSpace(step)
}

// powerCycle asks the API as its control panel would, and returns the status.
func (w *world) powerCycle(ctx context.Context, t *testing.T, id int) int {
	t.Helper()
	url := fmt.Sprintf("%s/v2/droplets/%d/actions", w.URL, id)
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url, strings.NewReader(`{"type":"power_cycle"}`))
	if err != nil {
		t.Error(err)
		return 0
	}
	request.Header.Set("Authorization", "Bearer e2e")
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		if ctx.Err() == nil {
			t.Error(err)
		}
		return 0
	}
	defer response.Body.Close()
	return response.StatusCode
}
