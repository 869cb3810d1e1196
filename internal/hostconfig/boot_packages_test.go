package hostconfig_test

import (
	"strings"
	"testing"
)

const (
	configure = "dpkg --force-confdef --force-confold --configure -a\n"
	update    = "apt-get -q update\n"
	install   = "apt-get -q -y --fix-broken --no-install-recommends" +
		" -o DPkg::Lock::Timeout=600 -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold install haproxy\n"
	listsLocked = "E: Could not get lock /var/lib/apt/lists/lock. It is held by process 812 (apt-get)\n" +
		"E: Unable to lock directory /var/lib/apt/lists/"
)

// newBareHost is a load balancer whose image lacks HAProxy. All steps are done but
// that which installs it.
func newBareHost(t *testing.T) bootHost {
	t.Helper()
	h := newBootHost(t, exampleLoadBalancer())
	for _, step := range h.steps(t) {
		if step != "haproxy" {
			h.write(t, "/var/lib/beam/steps/"+step, "", false)
		}
	}
	h.standIn(t, "dpkg-query", `shift 3; for package; do [ "$package" = haproxy ] || echo "$package:installed"; done`)
	return h
}

// aptCalls are those of programs that change packages, and the pauses.
func (h bootHost) aptCalls(t *testing.T) string {
	t.Helper()
	var calls strings.Builder
	for call := range strings.Lines(h.read(t, "calls")) {
		if strings.HasPrefix(call, "apt-get ") || strings.HasPrefix(call, "dpkg ") || strings.HasPrefix(call, "sleep ") {
			calls.WriteString(call)
		}
	}
	return calls.String()
}

func TestPackagesAreInstalledWhateverIsInTheWay(t *testing.T) {
	t.Parallel()
	first := func(h bootHost, what string) string {
		return `[ -e '` + h.dir + `/tried' ] || { : >'` + h.dir + `/tried'; ` + what + `; }`
	}
	for _, tt := range []struct {
		story   string
		program string
		body    func(h bootHost) string
		want    string
	}{
		{"nothing", "apt-get", func(bootHost) string { return "" }, configure + update + install},
		{
			"a mirror that does not answer at once", "apt-get",
			func(h bootHost) string { return first(h, "exit 100") },
			configure + update + "apt-get clean\nsleep 5\n" + configure + update + install,
		},
		{
			// It holds the lock for 150 s.
			"another program that updates the lists", "apt-get",
			func(h bootHost) string {
				return `[ "$2" != update ] || [ "$(/usr/bin/grep -c sleep '` + h.dir + `/calls')" -ge 30 ] || { echo '` + listsLocked + `' >&2; exit 100; }`
			},
			configure + strings.Repeat(update+"sleep 5\n", 30) + update + install,
		},
		{
			"another program that runs dpkg", "dpkg",
			func(h bootHost) string {
				return first(h, "echo 'dpkg: error: dpkg frontend lock was locked by another process with pid 812' >&2; exit 2")
			},
			configure + "sleep 5\n" + configure + update + install,
		},
		{
			// --fix-broken brings what it lacks.
			"a dpkg that was interrupted before it had all packages", "dpkg",
			func(bootHost) string { return "echo 'dpkg: dependency problems' >&2; exit 1" },
			configure + update + install,
		},
	} {
		t.Run(tt.story, func(t *testing.T) {
			t.Parallel()
			h := newBareHost(t)
			h.standIn(t, tt.program, tt.body(h))
			out := h.mustStart(t)
			if got := h.aptCalls(t); got != tt.want {
				t.Errorf("got the calls\n%swant\n%s\n%s", got, tt.want, out)
			}
		})
	}
}

func TestALockThatIsNeverReleasedIsTold(t *testing.T) {
	t.Parallel()
	h := newBareHost(t)
	h.standIn(t, "apt-get", `echo '`+listsLocked+`' >&2; exit 100`)
	h.write(t, "/patiently", "#!/bin/sh\n. "+h.dir+"/usr/local/lib/beam/functions.sh\npatiently apt-get -q update\n", true)
	out, err := h.run(t, "/patiently")
	if err == nil || !strings.Contains(out, "It is held by process 812") {
		t.Errorf("%v\n%s", err, out)
	}
	if want := strings.Repeat(update+"sleep 5\n", 60) + update; h.aptCalls(t) != want { // five minutes
		t.Errorf("got the calls\n%s", h.aptCalls(t))
	}
}

// What was fetched when the power went away may be files without content.
func TestWhatWasFetchedIsForgottenAfterAFailure(t *testing.T) {
	t.Parallel()
	h := newBareHost(t)
	h.write(t, "/var/lib/apt/lists/deb.example.org_dists_Packages", "", false)
	h.write(t, "/var/lib/apt/lists/lock", "", false)
	h.standIn(t, "apt-get", `[ "$2" != -y ] || [ ! -e '`+h.dir+`/var/lib/apt/lists/deb.example.org_dists_Packages' ] || exit 100`)
	h.mustStart(t)
	if _, there := h.became(t)["/var/lib/apt/lists/lock"]; !there {
		t.Error("a lock that another program may hold was removed")
	}
}
