package hostconfig_test

import (
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// A host whose cloud-init was cut off does all that again; one that was handed
// over does none of it.
func TestCloudInitBeginsAnewUntilItHasHandedOver(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		story        string
		handedOver   bool
		known        string // what getent finds
		kept         bool   // cloud-init's note that it has done its last work
		removedUsers string
	}{
		{"cut off before there was a user", false, "", false, ""},
		{"cut off with whole users", false, "passwd gshadow", false, ""},
		{"cut off while it made users", false, "passwd", false, "userdel -f deploy\nuserdel -f beamctl\n"},
		{"handed over", true, "passwd", true, ""},
	} {
		t.Run(tt.story, func(t *testing.T) {
			t.Parallel()
			h := newBootHost(t, managedNode())
			h.write(t, "/resume", "#!/bin/sh\nset -e\n"+strings.NewReplacer("/var/lib/", h.dir+"/var/lib/", "/etc/", h.dir+"/etc/").Replace(resumeOf(t, managedNode())), true)
			h.write(t, "/etc/passwd.lock", "700", false)
			if tt.handedOver {
				h.write(t, "/var/lib/cloud/instance/sem/beam", "", false)
			}
			h.standIn(t, "getent", `case " `+tt.known+` " in *" $1 "*) echo "$2:x:1000:1000::`+h.dir+`:/bin/sh" ;; *) exit 2 ;; esac`)
			h.standIn(t, "userdel", "")
			if out, err := h.run(t, "/resume"); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			files := h.became(t)
			_, note := files["/var/lib/cloud/instance/sem/config_runcmd"]
			_, lock := files["/etc/passwd.lock"]
			if note != tt.kept || lock != tt.kept {
				t.Errorf("cloud-init's note is there: %t, the users' lock: %t, want %t", note, lock, tt.kept)
			}
			var removed strings.Builder
			for call := range strings.Lines(h.calls(t)) {
				if strings.HasPrefix(call, "userdel") {
					removed.WriteString(call)
				}
			}
			if removed.String() != tt.removedUsers {
				t.Errorf("got %q, want %q", removed.String(), tt.removedUsers)
			}
		})
	}
}

// resumeOf is what cloud-init runs first at each boot of the host.
func resumeOf(t *testing.T, host renderer) string {
	t.Helper()
	userData, err := host.Render()
	if err != nil {
		t.Fatal(err)
	}
	var config struct{ BootCmd []string }
	if err := yaml.Unmarshal(userData, &config); err != nil {
		t.Fatal(err)
	}
	return strings.Join(config.BootCmd, "\n")
}
