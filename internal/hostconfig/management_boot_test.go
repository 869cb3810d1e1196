package hostconfig_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestBeamctlTellsHowFarTheBootCame(t *testing.T) {
	t.Parallel()
	log := "beam: install packages\nGet:1 htop\nGet:1 htop\nbeam: fetch the release\ncurl: (22) The requested URL returned error: 404\n" +
		"beam: the step \"fetch the release\" failed with exit status 22; its messages are above\ncloud-init: more\n"
	const (
		runs       = "running fetch the release"
		fails      = "failed fetch the release"
		atRelease  = `"log":["curl: (22) The requested URL returned error: 404"],"status":%q,"step":"fetch the release"}`
		still      = `{"failed":false,` + atRelease
		given      = `{"failed":true,` + atRelease
		nothing    = `{"failed":false,"log":[],"status":%q,"step":""}`
		elsewhere  = `{"failed":false,"log":["beam: install packages","Get:1 htop (2 times)","beam: fetch the release","curl: (22) The requested URL returned error: 404","beam: the step \"fetch the release\" failed with exit status 22; its messages are above","cloud-init: more"],"status":%q,"step":""}`
		done       = `echo '{"status": "done"}'`
		itsLast    = `"('scripts_user', RuntimeError('Runparts: 1 failures (runcmd) in 1 attempted commands'))"`
		itsLastNow = `"('scripts-user', RuntimeError('Runparts: 1 failures (runcmd) in 1 attempted commands'))"`
		another    = `"('ssh', OSError('no space left'))"`
	)
	for _, tt := range []struct {
		story, step, unit, cloudInit, errors, form, status string
	}{
		{"before the first step", "", "inactive", "", "", nothing, "running"},
		{"amid a step", runs, "activating", "", "", still, "running"},
		{"after a failure", fails, "failed", "", "", given, "running"},
		{"after its end", "done", "inactive", done, "", nothing, "done"},
		{"with a warning", "done", "inactive", done + "; exit 2", "", nothing, "degraded"},
		{"cut off amid a step, and about to go on", runs, "inactive", "", "", still, "running"},
		{"failed before a reboot, and about to be tried again", fails, "inactive", "", "", still, "running"},
		{"cut off amid a step, without a service that goes on", runs, "inactive", done, "", given, "done"},
		{"killed amid a step", runs, "failed", "exit 1", itsLast, given, "error"},
		{"started again by hand", runs, "activating", "exit 1", itsLast, still, "running"},
		{"mended by hand", "done", "inactive", "exit 1", itsLast, nothing, "done"},
		{"mended by hand, in the words of another release", "done", "inactive", "exit 1", itsLastNow, nothing, "done"},
		{"with an error elsewhere", "done", "inactive", "exit 1", another, elsewhere, "error"},
		{"mended by hand, and with an error elsewhere", "done", "inactive", "exit 1", itsLast + "," + another, elsewhere, "error"},
		{"with an error before the first step", "", "inactive", "exit 1", another, elsewhere, "error"},
	} {
		t.Run(tt.story, func(t *testing.T) {
			t.Parallel()
			m := newBooting(t, managedDatabase())
			m.write(t, "/var/log/cloud-init-output.log", log)
			m.program(t, "systemctl", `[ "$*" != "show beam-boot.service --property=ActiveState --value" ] || echo `+tt.unit)
			if tt.step != "" {
				m.write(t, "/var/lib/beam/boot-step", tt.step+"\n")
			}
			if tt.cloudInit != "" {
				m.write(t, "/run/cloud-init/result.json", `{"v1": {"errors": [`+tt.errors+`]}}`)
				m.program(t, "cloud-init", tt.cloudInit)
			}
			got, err := json.Marshal(m.report(t)["boot"])
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(fmt.Sprintf(tt.form, tt.status), string(got)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// cloud-init takes half a second to say how the boot ended, and no other end comes
// after a good one.
func TestABootThatEndedWellIsAskedForOnce(t *testing.T) {
	t.Parallel()
	m := newManaged(t, managedDatabase())
	m.boot(t)
	m.program(t, "systemctl", "exit 0")
	m.program(t, "cloud-init", `echo asked >> `+m.root+`/asked; [ "$(wc -l < `+m.root+`/asked)" != 1 ] || exit 1; exit 2`)
	m.write(t, "/run/cloud-init/result.json", `{"v1": {"errors": ["('ssh', OSError('no space left'))"]}}`)
	for _, want := range []string{"error", "degraded", "degraded"} {
		if boot, _ := m.report(t)["boot"].(map[string]any); boot["status"] != want {
			t.Errorf("the boot is %v, want it to be %q", boot, want)
		}
	}
	if asked := m.read(t, "/asked"); asked != "asked\nasked\n" {
		t.Errorf("cloud-init was asked %q", asked)
	}
}

// A host that was made just now, and that no state knows yet, is told of changes amid
// its first boot: what those need is not installed.
func TestABootIsWaitedForBeforeAHostIsTold(t *testing.T) {
	t.Parallel()
	node := managedNode()
	m := newBooting(t, node)
	m.write(t, "/run/cloud-init/later.json", "{}")
	m.write(t, "/var/lib/beam/boot-step", "done\n")
	m.program(t, "cloud-init", `echo '{"status": "done"}'`)
	// The boot ends while it is asked about for the third time.
	m.program(t, "systemctl", `cd `+m.root+`; echo asked >> asked; [ "$(wc -l < asked)" != 3 ] || mv run/cloud-init/later.json run/cloud-init/result.json`)
	m.steps(t)
	m.apply(t, m.told(t)(withPackages(node, "htop")))
	if asked := strings.Count(m.read(t, "/asked"), "asked"); asked < 4 {
		t.Errorf("it was told after %d looks at the boot", asked)
	}
}
