package engine_test

import (
	"flag"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/cryptotest"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
	"github.com/beamcluster/terraform-provider-beam/internal/plan"
	"github.com/beamcluster/terraform-provider-beam/internal/testtool"
)

var (
	lives     = flag.Int("lives", 60, "how many lives TestManyLives lets pass")
	firstLife = flag.Uint64("life", 1, "seed of the first of them")
)

// Whatever happens to a cluster, nothing unsafe does; and once nothing goes wrong
// any more it becomes what it shall be, and goes without a trace.
func TestManyLives(t *testing.T) {
	calls, years := 0, time.Duration(0)
	for seed := *firstLife; seed < *firstLife+uint64(*lives); seed++ {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			c, y := live(t, seed)
			calls, years = calls+len(c), years+y
		})
	}
	testtool.Figures(t, "Lives of clusters", fmt.Sprintf("seeds %d, API calls %d, virtual hours %.0f", *lives, calls, years.Hours()))
}

// A seed is as good as a recording.
func TestALifeIsReplayedByItsSeed(t *testing.T) {
	for seed := uint64(1); seed <= 3; seed++ {
		first, _ := live(t, seed)
		second, _ := live(t, seed)
		if diff := cmp.Diff(first, second); diff != "" {
			t.Errorf("seed %d gives two lives:\n%s", seed, diff)
		}
	}
}

// live lets one life pass and returns its calls.
func live(t *testing.T, seed uint64) (calls []string, took time.Duration) {
	t.Helper()
	cryptotest.SetGlobalRandom(t, seed)
	synctest.Test(t, func(t *testing.T) {
		l := newLife(t, seed)
		l.pass()
		l.end()
		if len(l.safety.found) > 0 || t.Failed() {
			l.failure(seed)
		}
		calls, took = l.calls, time.Since(l.begun)
	})
	return calls, took
}

// pass is a life from its first create to its last destroy.
func (l *life) pass() {
	l.spec = l.draw()
	l.tell("%s", describeSpec(l))
	for range 1 + l.random.IntN(5) {
		l.chapter()
		if len(l.safety.found) > 0 {
			return
		}
	}
	l.sim.SetFaults(nil)
	l.line.rate, l.disturbed = 0, false
	if l.fleet.crashes[l.spec.Release.SHA256] {
		l.spec.Release = l.goodRelease()
	}
	l.tell("nothing goes wrong any more")
	l.wait(10 * time.Minute)
	l.giveWay()
	l.settle()
	l.farewell()
}

func describeSpec(l *life) string {
	var pools []string
	for _, p := range l.spec.Pools {
		pools = append(pools, fmt.Sprintf("%s %d in %s", p.Name, p.Count, p.Region))
	}
	return fmt.Sprintf("%s; load balancer %t, database %t, network %s, waits until it is %s",
		strings.Join(pools, ", "), l.spec.LoadBalancer != nil, l.spec.Database != nil, l.spec.Network.Mode, l.spec.WaitFor)
}

// chapter is an apply and what comes before it.
func (l *life) chapter() {
	if l.state != "" {
		for range l.random.IntN(3) {
			l.change()
		}
	}
	for range l.random.IntN(3) {
		if l.chance(40) {
			l.drift()
		}
	}
	if l.chance(15) {
		l.restore()
	}
	l.sim.SetFaults(nil)
	l.line.rate, l.disturbed = 0, false
	if l.chance(50) {
		l.faults()
	}
	a := l.accident()
	if l.chance(20) {
		a.at[1+l.random.IntN(40)] = l.rival
	}
	if l.state != "" && l.chance(7) {
		_ = l.destroy(a) // what went wrong is in the story
	} else {
		_ = l.apply(a)
	}
	l.atWork.Wait()
	l.wait(time.Duration(l.random.IntN(1000)) * time.Second)
}

func (l *life) wait(d time.Duration) { time.Sleep(d) }

// rival lets another folder create a cluster of the same name.
func (l *life) rival() {
	l.rivals = true
	p, eng, ctx := l.process(cluster.Memory{}, accident{})
	l.tell("another folder creates a cluster of the name, as apply %d", p.number)
	l.atWork.Go(func() {
		mem := cluster.Memory{}
		o, err := eng.Converge(ctx, p.spec, &mem)
		p.cancel()
		l.tell("apply %d of the other folder: %v", p.number, brief(err))
		if err == nil || !refused(err) && (!o.Empty() || mem.Holds()) {
			l.rivalStates = append(l.rivalStates, mem)
		}
	})
}

// giveWay lets the other folder destroy what it has.
func (l *life) giveWay() {
	for _, mem := range l.rivalStates {
		p, eng, ctx := l.process(mem, accident{})
		p.destroys = true
		err := eng.Destroy(ctx, lifeName, &mem)
		p.cancel()
		l.tell("the other folder destroys its cluster %s: %v", mem.ID, brief(err))
		if err != nil {
			l.Errorf("destroy of the other folder: %v", err)
		}
	}
	l.rivalStates = nil
}

// settle applies until nothing is left to do.
func (l *life) settle() {
	const most = 8
	for range most {
		err := l.apply(accident{})
		if len(l.safety.found) > 0 {
			return
		}
		if err == nil {
			l.checkSettled()
			return
		}
		if refused(err) && l.state == "" {
			l.makeRoom(err)
		}
	}
	l.Errorf("the cluster is not what it shall be after %d applies without a fault", most)
	l.leftToDo()
}

// makeRoom does what a refused create asks for.
func (l *life) makeRoom(err error) {
	if !strings.Contains(err.Error(), "terraform import") {
		l.wait(6 * time.Minute)
		return
	}
	if err := l.importIt(); err != nil {
		l.Error(err)
		return
	}
	if err := l.destroy(accident{}); err != nil {
		l.Errorf("the imported cluster cannot be destroyed: %v", err)
	}
}

// leftToDo puts what a plan holds now into the story.
func (l *life) leftToDo() (left plan.Plan, o cluster.Observed) {
	p, eng, ctx := l.process(l.memory(), accident{})
	defer p.cancel()
	left, o, err := eng.Diff(ctx, l.spec, l.memory())
	if err != nil {
		l.Errorf("plan: %v", err)
	}
	for _, s := range left.Steps {
		l.tell("left to do: %s (%s), after %s", s.Key(), s.Why, strings.Join(s.After, ", "))
	}
	return left, o
}

func (l *life) checkSettled() {
	l.wait(2 * time.Minute)
	left, o := l.leftToDo()
	if left.Changes() {
		l.Errorf("after a successful apply the plan holds %v", left.Drift())
	}
	want := l.spec.NodeCount()
	if l.spec.LoadBalancer != nil {
		want++
	}
	if l.spec.Database != nil {
		want++
	}
	if len(o.Hosts()) != want || len(l.hosts()) != want {
		l.Errorf("%d hosts exist, the engine sees %v, want %d", len(l.hosts()), names(o), want)
	}
	for _, problem := range l.fleet.differs(l.spec, l.memory()) {
		l.Error(problem)
	}
	before := len(l.calls)
	if err := l.apply(accident{}); err != nil {
		l.Errorf("an apply of what is there: %v", err)
	}
	for _, call := range l.calls[before:] {
		if !strings.Contains(call, " "+http.MethodGet+" ") {
			l.Errorf("an apply of what is there writes: %s", call)
		}
	}
}

// farewell destroys the cluster and looks for what is left.
func (l *life) farewell() {
	if len(l.safety.found) > 0 {
		return
	}
	if err := l.destroy(accident{}); err != nil {
		l.Errorf("destroy: %v", err)
	}
	l.wait(time.Minute)
	left := slices.DeleteFunc(l.safety.left(), func(what string) bool {
		return l.rivals && strings.HasPrefix(what, "tag beam:chat:lease:") // the other folder's, which said that it could not delete it
	})
	if len(left) > 0 {
		l.Errorf("a destroy leaves %s", strings.Join(slices.Compact(left), ", "))
	}
}
