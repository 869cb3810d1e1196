package hostconfig_test

import (
	"fmt"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/beamcluster/terraform-provider-beam/internal/hostconfig"
	"github.com/beamcluster/terraform-provider-beam/internal/testtool"
)

// exampleBrought is something of each kind.
func exampleBrought() hostconfig.Brought {
	return hostconfig.Brought{
		Scripts: exampleScripts(),
		Apt:     map[string]hostconfig.AptSource{"hello": exampleSource()},
		Files: map[string]hostconfig.BroughtFile{
			"/etc/chat/settings.json":       {Content: `{"it's": "$5"}`, Owner: "root", Group: "root", Mode: "0644"},
			"/etc/chat/vault.env":           {Content: "TOKEN=FILESECRET\n", Owner: "root", Group: "deploy", Mode: "0640"},
			"/home/deploy/.config/chat/rc":  {Content: "naïve\n", Owner: "deploy", Group: "deploy", Mode: "0600"},
			"/usr/local/bin/chat-report":    {Content: "#!/usr/bin/env python3\n", Owner: "root", Group: "root", Mode: "0755"},
			"/var/lib/postgresql/.psqlrc":   {Content: "\\timing\n", Owner: "postgres", Group: "postgres", Mode: "0644"},
			"/etc/systemd/system/x.timer":   {Content: strings.Repeat("# long\n", 300), Owner: "root", Group: "root", Mode: "0644"},
			"/etc/systemd/system/beam.d/so": {Content: "", Owner: "root", Group: "root", Mode: "0644"},
		},
	}
}

// exampleScripts are scripts for both users, in three forms.
func exampleScripts() []hostconfig.Script {
	return []hostconfig.Script{
		{Name: "fonts", Script: "apt-get -y install fonts-inter\n", User: "root"},
		{Name: "count", Script: "#!/usr/bin/env python3\nprint(1 + 1)\n", User: "root"},
		{Name: "warm-up", Script: "#!/bin/sh\necho SCRIPTSECRET >~/warm\n", User: "deploy"},
	}
}

// broughtHosts are hosts that get it.
func broughtHosts() map[string]renderer {
	node, balancer, database := managedNode(), exampleLoadBalancer(), exampleDatabase()
	node.Brought, balancer.Brought, database.Brought = exampleBrought(), exampleBrought(), exampleBrought()
	return map[string]renderer{"brought-node": node, "brought-loadbalancer": balancer, "brought-database": database}
}

// What is brought is laid out beside what comes after it on each kind of host.
func TestWhatIsBroughtRendersAsTheGoldenFileShows(t *testing.T) {
	t.Parallel()
	var shown strings.Builder
	for _, name := range []string{"brought-node", "brought-loadbalancer", "brought-database"} {
		userData, err := broughtHosts()[name].Render()
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&shown, "==== %s\n", name)
		for _, f := range filesOf(t, userData) {
			if step, is := strings.CutPrefix(f.Path, "/usr/local/lib/beam/steps/"); is {
				fmt.Fprintf(&shown, "step %s\n", step)
			}
		}
		if name != "brought-node" {
			continue
		}
		for _, f := range writtenFiles(t, userData) {
			if _, brought := exampleBrought().Files[f.Path]; brought || strings.HasPrefix(f.Path, "/var/lib/beam/run/") || strings.HasPrefix(f.Path, "/etc/apt/") {
				fmt.Fprintf(&shown, "---- %s %s %s deferred: %t\n%q\n", f.Path, f.Permissions, f.Owner, f.Defer, f.Content)
			}
		}
		for _, step := range []string{"file-owners", "run-fonts", "run-warm-up"} {
			fmt.Fprintf(&shown, "---- the step %s\n%s", step, stepScript(t, userData, step))
		}
	}
	testtool.Golden(t, "brought.txt", shown.String())
}

// A running host is told none of it, and one that gets nothing is as it was before
// anything could be brought.
func TestWhatIsBroughtIsForNewHosts(t *testing.T) {
	t.Parallel()
	bare, brought := managedNode(), managedNode()
	bare.Brought = hostconfig.Brought{Files: map[string]hostconfig.BroughtFile{}}
	if bare.Fingerprint() != managedNode().Fingerprint() || len(bare.Parts().Changed(managedNode().Parts())) > 0 {
		t.Error("a host that gets no files differs from one of an earlier version")
	}
	brought.Brought = exampleBrought()
	if diff := cmp.Diff([]hostconfig.Part{hostconfig.PartFixed}, bare.Parts().Changed(brought.Parts())); diff != "" {
		t.Errorf("parts that differ (-want +got):\n%s", diff)
	}
	bundle, err := brought.Bundle(hostconfig.PartHost, hostconfig.PartEnvironment, hostconfig.PartVM, hostconfig.PartRelease)
	if err != nil {
		t.Fatal(err)
	}
	for part, files := range bundle.Parts {
		for at := range files {
			if _, is := brought.Files[at]; is {
				t.Errorf("%s is told to running hosts, in the part %s", at, part)
			}
		}
	}
}

func TestHostsOfAPoolGetTheirsBesideThatOfAll(t *testing.T) {
	t.Parallel()
	file := func(content string) hostconfig.BroughtFile { return hostconfig.BroughtFile{Content: content} }
	all := hostconfig.Brought{Files: map[string]hostconfig.BroughtFile{"/a": file("all"), "/b": file("all")}}
	got := all.With(hostconfig.Brought{Files: map[string]hostconfig.BroughtFile{"/b": file("pool"), "/c": file("pool")}})
	want := hostconfig.Brought{Files: map[string]hostconfig.BroughtFile{"/a": file("all"), "/b": file("pool"), "/c": file("pool")}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if all.Files["/b"] != file("all") || len(all.Files) != 2 {
		t.Errorf("what all hosts get was changed: %v", all.Files)
	}
}

// Whoever adds a file to hosts has to keep users from bringing it.
func TestNobodyBringsAFileOfTheProviders(t *testing.T) {
	t.Parallel()
	for name, host := range hosts() {
		if strings.HasPrefix(name, "brought-") {
			continue
		}
		userData, err := host.Render()
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range append(filesOf(t, userData), writtenFiles(t, userData)...) {
			if hostconfig.FilePath("").Fault(f.Path) == "" {
				t.Errorf("%s: a user may bring %s", name, f.Path)
			}
			if folder := path.Dir(f.Path); strings.Count(folder, "/") < 3 && !slices.Contains([]string{"/"}, folder) && hostconfig.FilePath("").Fault(folder) == "" && folder != "/home/deploy" {
				t.Errorf("%s: a user may bring a file in the place of the folder %s", name, folder)
			}
		}
	}
}

func TestPlacesForFiles(t *testing.T) {
	t.Parallel()
	for at, want := range map[string]string{
		"/etc/chat/settings.json":                   "",
		"/etc/systemd/system/chat@.service":         "",
		"/etc/systemd/system/beam.service.d/x.conf": "",
		"/etc/ssh/sshd_config.d/50-mine.conf":       "",
		"/home/deploy/.bashrc":                      "",
		"/opt/tool/bin/tool":                        "",
		"/opt/chat/x":                               "it is, or holds,",
		"settings.json":                             "use an absolute path",
		"~/x":                                       "use an absolute path",
		"/etc/chat/":                                "use an absolute path",
		"/etc/chat/../beam/env":                     "use an absolute path",
		"/etc":                                      "it is, or holds,",
		"/etc/beam/env":                             "it is, or holds,",
		"/etc/sudoers.d/beamctl":                    "it is, or holds,",
		"/etc/ssh/sshd_config.d/20-beamctl.conf":    "it is, or holds,",
		"/home/deploy/.ssh/authorized_keys":         "it is, or holds,",
		"/home/ops/.erlang.cookie":                  "it is, or holds,",
		"/usr/local/sbin/beamctl":                   "it is, or holds,",
		"/var/lib/beam/boot-step":                   "it is, or holds,",
		"/run/chat":                                 "it is, or holds,",
		"/var/run/chat":                             "it is, or holds,",
		"/var/lock/chat":                            "it is, or holds,",
		"/bin/chat-tool":                            "",
		"/lib64":                                    "it is, or holds,",
		"/sbin":                                     "it is, or holds,",
		"/usr/bin/chat-tool":                        "",
		"/root/.vimrc":                              "",
		"/usr/bin":                                  "it is, or holds,",
		"/srv":                                      "it is, or holds,",
		"/var/lib":                                  "it is, or holds,",
		"/home/deploy":                              "it is, or holds,",
		"/etc/hostname":                             "it is, or holds,",
		"/etc/ssh/sshd_config":                      "it is, or holds,",
		"/etc/ssh/ssh_host_ed25519_key":             "it is, or holds,",
		"/etc/" + strings.Repeat("x", 255):          "",
		"/etc/" + strings.Repeat("x", 256):          "use an absolute path",
		strings.Repeat("/chat", 1000):               "use an absolute path",
	} {
		if got := hostconfig.FilePath("chat").Fault(at); (want == "") != (got == "") || !strings.Contains(got, want) {
			t.Errorf("%s: %q, want %q", at, got, want)
		}
	}
}

// Who is no user of the host will be none at a second try.
func TestAnOwnerThatTheHostLacksIsTold(t *testing.T) {
	t.Parallel()
	balancer := exampleLoadBalancer()
	balancer.Brought = exampleBrought()
	h := newBootHost(t, balancer)
	h.standIn(t, "chown", `[ "$1" != postgres:postgres ] || { echo "chown: invalid user: '$1'" >&2; exit 1; }`)
	out, err := h.start(t)
	want := "beam: host.files: this host has no user and group postgres:postgres before host.run"
	if err == nil || !strings.Contains(out, want) || h.read(t, "var/lib/beam/boot-step") != "failed give files to their owners\n" {
		t.Errorf("%v, and the log does not say %s:\n%s", err, want, out)
	}
	if calls := h.read(t, "calls"); strings.Contains(calls, "sleep") || !strings.Contains(calls, "chown root:deploy") {
		t.Errorf("the step was tried again, or did nothing:\n%s", calls)
	}
}

// What Debian has as a link is the folder that it leads to.
func TestLinksOfDebianLeadToFolders(t *testing.T) {
	t.Parallel()
	testtool.File(t, "/var/lib/dpkg/info/base-files.list") // there are none elsewhere
	for _, link := range []string{"/bin", "/lib", "/lib64", "/sbin", "/var/lock", "/var/run"} {
		target, err := filepath.EvalSymlinks(link)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"", "/chat"} {
			if got, want := hostconfig.FilePath("").Fault(link+name), hostconfig.FilePath("").Fault(target+name); got != want {
				t.Errorf("%s: %q, and %s: %q", link+name, got, target+name, want)
			}
		}
	}
}
