package hostconfig_test

import (
	"strings"
	"testing"

	"github.com/beamcluster/terraform-provider-beam/internal/hostconfig"
)

// scripted is a load balancer whose boot ends with the scripts.
func scripted(t *testing.T, scripts ...hostconfig.Script) bootHost {
	t.Helper()
	balancer := exampleLoadBalancer()
	balancer.Scripts = scripts
	h := newBootHost(t, balancer)
	h.write(t, "/home/deploy/kept", "", false)
	h.write(t, "/root/kept", "", false)
	h.standIn(t, "sudo", `shift 3; echo "as deploy" >>'`+h.dir+`/var/lib/order'; exec "$@"`)
	h.standIn(t, "false", "exit 1")
	return h
}

func TestScriptsRunInTheirOrderAndOnce(t *testing.T) {
	t.Parallel()
	h := scripted(t,
		hostconfig.Script{Name: "b", User: "root", Script: "echo \"first $HOME $PWD\" >>/var/lib/order"},
		hostconfig.Script{Name: "a", User: "deploy", Script: "#!/bin/sh\necho \"second ${PWD##*/}\" >>/var/lib/order\n"})
	h.mustStart(t)
	h.mustStart(t)
	home := h.dir + "/root"
	if got := h.read(t, "var/lib/order"); got != "first "+home+" "+home+"\nas deploy\nsecond deploy\n" {
		t.Errorf("ran:\n%s", got)
	}
}

// A script that fails is named, and tried again from where it begins unless it says
// that this is useless. What comes after it waits.
func TestAScriptThatFailsIsNamed(t *testing.T) {
	t.Parallel()
	for story, tt := range map[string]struct {
		script string
		tries  int
	}{
		"a command in the middle fails":   {"echo try >>/var/lib/order\nfalse\necho more >>/var/lib/order\n", 5},
		"the script knows that it cannot": {"echo try >>/var/lib/order\nexit 65\n", 1},
	} {
		h := scripted(t, hostconfig.Script{Name: "install-fonts", User: "root", Script: tt.script},
			hostconfig.Script{Name: "later", User: "root", Script: "echo later >>/var/lib/order\n"})
		out, err := h.start(t)
		if err == nil || h.read(t, "var/lib/beam/boot-step") != "failed run install-fonts\n" {
			t.Errorf("%s: %v, and boot-step is %q\n%s", story, err, h.read(t, "var/lib/beam/boot-step"), out)
		}
		if got, want := h.read(t, "var/lib/order"), strings.Repeat("try\n", tt.tries); got != want {
			t.Errorf("%s: ran %q, want %q", story, got, want)
		}
	}
}

func TestScriptsThatNoHostRunsAreRefused(t *testing.T) {
	t.Parallel()
	good := hostconfig.Script{Name: "fonts", User: "root", Script: "true"}
	for story, tt := range map[string]struct {
		change func(*hostconfig.Brought)
		want   string
	}{
		"a name of a file":      {func(b *hostconfig.Brought) { b.Scripts[0].Name = "../fonts" }, "use 1 to 40 of the characters"},
		"a user of the system":  {func(b *hostconfig.Brought) { b.Scripts[0].User = "postgres" }, `use "root" or "deploy"`},
		"nothing":               {func(b *hostconfig.Brought) { b.Scripts[0].Script = "\n" }, "neither an empty one"},
		"line ends of Windows":  {func(b *hostconfig.Brought) { b.Scripts[0].Script = "echo HUNTER2\r\n" }, "carriage returns"},
		"two of one name":       {func(b *hostconfig.Brought) { b.Scripts = append(b.Scripts, good) }, `two scripts named "fonts"`},
		"more than a boot does": {func(b *hostconfig.Brought) { b.Scripts = make([]hostconfig.Script, 51) }, "has 51 scripts"},
	} {
		balancer := exampleLoadBalancer()
		balancer.Scripts = []hostconfig.Script{good}
		tt.change(&balancer.Brought)
		if _, err := balancer.Render(); err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "HUNTER2") {
			t.Errorf("%s: %v, want %s", story, err, tt.want)
		}
	}
}
