//go:build linux

package e2e_test

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
	"github.com/beamcluster/terraform-provider-beam/internal/e2e"
)

var (
	strikeSeed  = flag.Uint64("strikes.seed", 0, "seed of what strikes which change when; 0 draws one")
	strikesEach = flag.Int("strikes.each", 1, "how many strikes befall each change; 0 lets each kind befall it three times")
)

// strike is what befalls an apply.
type strike struct {
	name string
	// fall strikes the process of Terraform, or a host.
	fall func(t *testing.T, d *dayTwo, terraform int, random *rand.Rand)
}

var strikes = []strike{
	{"Ctrl-C", interrupt},
	{"SIGKILL of the provider", killProvider},
	{"a power cycle of a node", cyclePower},
}

// interrupted are the changes that are struck. The number, which grows, makes a
// change of each. Those that fail are taken back afterwards.
var interrupted = []struct {
	name  string
	edit  func(t *testing.T, d *dayTwo, number int)
	fails []string
}{
	{name: "environment", edit: func(_ *testing.T, d *dayTwo, number int) {
		d.chat["environment"] = map[string]any{"GREETING": fmt.Sprint(number)}
	}},
	{name: "release", edit: func(t *testing.T, d *dayTwo, number int) { releases(fmt.Sprintf("0.2.%d", number))(t, d) }},
	{name: "release that crashes at start", fails: []string{"told to crash"}, edit: func(t *testing.T, d *dayTwo, number int) {
		releases(fmt.Sprintf("0.3.%d-crashes", number))(t, d)
	}},
	{name: "number of nodes", edit: func(t *testing.T, d *dayTwo, number int) { scale(2+number%3)(t, d) }},
	{name: "cookie", edit: func(t *testing.T, d *dayTwo, _ int) { rotates(t, d) }},
	{name: "certificate", edit: func(t *testing.T, d *dayTwo, _ int) { renews(t, d) }},
	{name: "health check", edit: func(_ *testing.T, d *dayTwo, number int) {
		d.block("load_balancer")["health_check"] = map[string]any{"path": []string{"/health", "/version"}[number%2]}
	}},
	{name: "size of nodes", edit: func(t *testing.T, d *dayTwo, number int) { pools("size", sizes[number%2])(t, d) }},
	{name: "image of nodes", edit: func(t *testing.T, d *dayTwo, number int) {
		pools("image", []string{debian12, debian13}[number%2])(t, d)
	}},
	{name: "load balancer", edit: func(t *testing.T, d *dayTwo, number int) { balancerOf(sizes[number%2])(t, d) }},
}

// sizes of hosts, the usual one first.
var sizes = []string{"s-1vcpu-1gb", "s-1vcpu-2gb"}

// changesAreStruck lets strikes fall at moments that a seed decides. Then the
// configuration is applied again, and the cluster must be whole.
func changesAreStruck(t *testing.T, s *suite) {
	seed := *strikeSeed
	if seed == 0 {
		seed = rand.Uint64()
	}
	d := s.openDayTwo(t, "e2e-struck", 2)
	for i, one := range interrupted {
		random := rand.New(rand.NewPCG(seed, uint64(i)))
		number := 0
		c := change{name: one.name, fails: one.fails, edit: func(t *testing.T, d *dayTwo) { number++; one.edit(t, d, number) }}
		var whole time.Duration
		if !s.check(t, c.name+", undisturbed", func(t *testing.T) { whole = d.undisturbed(t, c) }) || whole == 0 {
			continue
		}
		for _, blow := range blows(random) {
			moment := time.Duration(random.Float64() * float64(whole))
			name := fmt.Sprintf("%s, %s after %.1f s of %.1f s (-strikes.seed=%d)", c.name, blow.name, moment.Seconds(), whole.Seconds(), seed)
			s.check(t, name, func(t *testing.T) {
				was := clone(t, d.chat)
				c.edit(t, d)
				d.struck(t, blow, moment, random)
				d.comesToRest(t, c, was)
				d.planIsEmpty(t)
			})
		}
	}
}

// blows are the strikes that befall a change: each kind before one comes again.
func blows(random *rand.Rand) []strike {
	if *strikesEach == 0 {
		return slices.Repeat(strikes, 3)
	}
	var drawn []strike
	first := random.IntN(len(strikes))
	for i := range *strikesEach {
		drawn = append(drawn, strikes[(first+i)%len(strikes)])
	}
	return drawn
}

// undisturbed is how long the change takes.
func (d *dayTwo) undisturbed(t *testing.T, c change) time.Duration {
	t.Helper()
	was := clone(t, d.chat)
	c.edit(t, d)
	start := time.Now()
	d.changes(t, c)
	took := time.Since(start)
	d.comesToRest(t, c, was)
	return took
}

// comesToRest applies the change again or, where it fails, what was before it.
func (d *dayTwo) comesToRest(t *testing.T, c change, was e2e.Cluster) {
	t.Helper()
	if len(c.fails) > 0 {
		d.chat = was
	}
	d.apply(t, d.chat)
	d.settled(t)
}

// struck applies, and lets the strike fall at the moment.
func (d *dayTwo) struck(t *testing.T, blow strike, moment time.Duration, random *rand.Rand) {
	t.Helper()
	must(t, d.Write(d.chat))
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	var said strings.Builder
	apply := d.Command(ctx, "apply", "-auto-approve", "-no-color", "-input=false")
	apply.Stdout, apply.Stderr = &said, &said
	apply.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // a group for the signals of a terminal
	apply.WaitDelay = time.Minute
	must(t, apply.Start())
	ended := make(chan error, 1)
	go func() { ended <- apply.Wait() }()
	select {
	case err := <-ended:
		t.Logf("the apply ends before, with %v", err)
		return
	case <-time.After(moment):
		blow.fall(t, d, apply.Process.Pid, random)
	}
	err := <-ended
	t.Logf("the apply that was struck ends with %v:\n%s", err, lastLines(said.String()))
}

// lastLines are those that say how something ended.
func lastLines(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(lines[max(0, len(lines)-12):], "\n")
}

// interrupt is what a terminal does at Ctrl-C: the provider gets it, too.
func interrupt(t *testing.T, _ *dayTwo, terraform int, _ *rand.Rand) {
	must(t, syscall.Kill(-terraform, syscall.SIGINT))
}

// killProvider kills what Terraform has started at the moment.
func killProvider(t *testing.T, d *dayTwo, terraform int, _ *rand.Rand) {
	within(t, patience, "there is a provider", func() bool {
		output, err := exec.CommandContext(t.Context(), "pgrep", "--parent", fmt.Sprint(terraform)).Output()
		if err != nil {
			return syscall.Kill(terraform, 0) != nil // where Terraform has ended there will be none
		}
		for line := range strings.Lines(string(output)) {
			var provider int
			if _, err := fmt.Sscan(line, &provider); err == nil && syscall.Kill(provider, syscall.SIGKILL) == nil {
				return true
			}
		}
		return false
	})
}

// cyclePower befalls any node, old or new. Where the change removes it meanwhile,
// nothing is left to be switched on.
func cyclePower(t *testing.T, d *dayTwo, _ int, random *rand.Rand) {
	var nodes []cluster.Droplet
	for _, droplet := range d.droplets(t) {
		if droplet.Role("chat") == cluster.RoleNode {
			nodes = append(nodes, droplet)
		}
	}
	struck := nodes[random.IntN(len(nodes))]
	t.Logf("%s is switched off and on", struck.Name)
	err := d.Hosts.Power(struck.ID, false)
	if err == nil {
		err = d.Hosts.Power(struck.ID, true)
	}
	exists := func(droplet cluster.Droplet) bool { return droplet.ID == struck.ID }
	if err != nil && slices.ContainsFunc(d.droplets(t), exists) {
		t.Error(err)
	}
}
