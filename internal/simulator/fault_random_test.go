package simulator_test

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/digitalocean/godo"
	"pgregory.net/rapid"

	"github.com/beamcluster/terraform-provider-beam/internal/simulator"
)

// play makes calls by their numbers, and returns what each one met.
func play(t *testing.T, faults []simulator.Fault, calls []int) []string {
	t.Helper()
	sim := simulator.New(simulator.Options{DropletLimit: 1000, Faults: faults})
	client := clientOf(t, sim)
	for i, c := range calls {
		// What the calls met is in the record.
		switch c {
		case 0:
			client.Droplets.Create(t.Context(), dropletRequest(fmt.Sprintf("web-%d", i)))
		case 1:
			client.Droplets.List(t.Context(), nil)
		case 2:
			client.Tags.Create(t.Context(), &godo.TagCreateRequest{Name: fmt.Sprintf("tag-%d", i)})
		case 3:
			client.VPCs.Get(t.Context(), fmt.Sprintf("00000000-0000-4000-8000-%012d", i))
		}
	}
	var met []string
	for _, r := range sim.Requests() {
		met = append(met, fmt.Sprintf("%s %d %s", r.Method, r.Status, r.Fault))
	}
	return met
}

// audible leaves out the faults that let a client wait, which has no time limit
// here.
func audible(seed uint64, rate float64) []simulator.Fault {
	return slices.DeleteFunc(simulator.RandomFaults(seed, rate), func(f simulator.Fault) bool {
		return f.Kind == simulator.NoAnswer || f.Kind == simulator.Slow
	})
}

func TestASeedReplays(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		faults := audible(rapid.Uint64().Draw(rt, "seed"), rapid.Float64Range(0, 1).Draw(rt, "rate"))
		calls := rapid.SliceOfN(rapid.IntRange(0, 3), 0, 40).Draw(rt, "calls")
		first, second := play(t, faults, calls), play(t, faults, calls)
		if !slices.Equal(first, second) {
			rt.Errorf("the same calls met\n%q, and then\n%q", first, second)
		}
	})
}

func TestSeedsDiffer(t *testing.T) {
	t.Parallel()
	calls := slices.Repeat([]int{1, 2}, 50)
	if slices.Equal(play(t, audible(1, 0.5), calls), play(t, audible(2, 0.5), calls)) {
		t.Error("two seeds meant the same faults")
	}
}

// Calls of other shapes do not change what a call meets.
func TestShapesDoNotDisturbEachOther(t *testing.T) {
	t.Parallel()
	faults := audible(7, 0.5)
	alone := play(t, faults, slices.Repeat([]int{2}, 40))
	mixed := play(t, faults, slices.Repeat([]int{2, 1, 3}, 40))
	mixed = slices.DeleteFunc(mixed, func(met string) bool { return met[:4] != "POST" })
	if !slices.Equal(alone, mixed) {
		t.Errorf("alone the calls met\n%q, among others\n%q", alone, mixed)
	}
}

func TestRateIsAShareOfTheCalls(t *testing.T) {
	t.Parallel()
	const calls, rate = 1000, 0.2
	for seed := range uint64(5) {
		faults := simulator.RandomFaults(seed, rate, simulator.ServerError, simulator.Cut)
		struck := 0
		for _, met := range play(t, faults, slices.Repeat([]int{1}, calls)) {
			if met != "GET 200 " {
				struck++
			}
		}
		// Five standard deviations, and what two faults for one call take off.
		if off := math.Abs(float64(struck) - calls*rate*0.93); off > 62 {
			t.Errorf("seed %d struck %d of %d calls, want about %g", seed, struck, calls, calls*rate)
		}
	}
}
