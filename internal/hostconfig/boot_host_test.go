package hostconfig_test

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/beamcluster/terraform-provider-beam/internal/program"
)

// bootHost is a host's files in a folder of the test instead of /, and the
// programs that its first boot may call: nothing else is found there.
type bootHost struct{ dir string }

// changing are programs that would change a host. They write down their calls,
// do nothing and succeed.
var changing = []string{
	"apt-get", "chgrp", "chown", "curl", "dpkg", "dpkg-query", "fallocate", "haproxy", "journalctl", "locale-gen", "mkswap", "sleep",
	"swapoff", "swapon", "sync", "systemctl", "systemd-run", "ufw", "update-ca-certificates", "update-locale",
}

// writing are programs that really do their work, in the folder. They write down
// their calls as well, and "reading" do not.
var (
	writing = []string{"chmod", "install", "ln", "mkdir", "mv", "rm", "sed", "tar"}
	reading = []string{"cat", "cp", "cut", "find", "grep", "gzip", "head", "locale", "mktemp", "sha256sum", "sort", "tail", "tr"}
)

// newBootHost lays out the folder as cloud-init would. Every package is
// installed, and the metadata service answers every question with an address.
func newBootHost(t *testing.T, host renderer) bootHost {
	t.Helper()
	userData, err := host.Render()
	if err != nil {
		t.Fatal(err)
	}
	h := bootHost{t.TempDir()}
	var moves []string
	for _, folder := range []string{"/etc/", "/home/", "/opt/", "/srv/", "/swapfile", "/usr/lib/postgresql", "/usr/local/", "/usr/share/postgresql", "/var/lib/"} {
		moves = append(moves, folder, h.dir+folder)
	}
	moves = append(moves, "cd /root\n", "cd "+h.dir+"/root\n", "HOME=/root ", "HOME="+h.dir+"/root ")
	for _, f := range filesOf(t, userData) {
		h.write(t, f.Path, strings.NewReplacer(moves...).Replace(f.Content), f.Permissions[1:] == "700" || f.Permissions[1:] == "755")
	}
	for _, path := range []string{"/var/lib/cloud/instance/sem/config_runcmd", "/etc/environment", "/etc/hosts", "/etc/fstab", "/etc/locale.gen", "/etc/apt/apt.conf.d/20auto-upgrades", "/opt/kept"} {
		h.write(t, path, "", false)
	}
	h.write(t, "/var/lib/beam/programs.tar", strings.Repeat("\x00", 1024), false) // unpacked above
	for _, name := range changing {
		h.standIn(t, name, "")
	}
	for _, name := range append(append([]string{}, writing...), reading...) {
		path, err := exec.LookPath(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(path, filepath.Join(h.dir, "bin", name)); err != nil {
			t.Fatal(err)
		}
	}
	h.standIn(t, "dpkg-query", `shift 3; printf "%s:installed\n" "$@"`)
	h.standIn(t, "systemd-detect-virt", "exit 1")
	h.standIn(t, "curl", "echo 10.108.0.9")
	h.standIn(t, "fallocate", `: >"$3"`)
	return h
}

func (h bootHost) write(t *testing.T, path, content string, isProgram bool) {
	t.Helper()
	path = filepath.Join(h.dir, path)
	must(t, os.MkdirAll(filepath.Dir(path), 0o700))
	if isProgram {
		must(t, program.Write(path, content))
	} else {
		must(t, os.WriteFile(path, []byte(content), 0o600))
	}
}

// standIn is a program that writes down its calls. The call whose number the
// file "cut" holds is where the power goes away; each call puts a dot behind it.
func (h bootHost) standIn(t *testing.T, name, body string) {
	t.Helper()
	_ = os.Remove(filepath.Join(h.dir, "bin", name)) // may lead to the real one
	h.write(t, "bin/"+name, `#!/bin/sh
printf '%s\n' "`+name+` $*" >>'`+h.dir+`/calls'
if [ -e '`+h.dir+`/cut' ]; then
  printf . >>'`+h.dir+`/cut'
  read -r at calls <'`+h.dir+`/cut' || :
  [ "${#calls}" -lt "$at" ] || kill -9 0
fi
`+body+"\n", true)
}

// countWrites makes the programs that write files places where the power may go
// away, too.
func (h bootHost) countWrites(t *testing.T) {
	t.Helper()
	for _, name := range writing {
		path, err := exec.LookPath(name)
		if err != nil {
			t.Fatal(err)
		}
		h.standIn(t, name, `exec `+path+` "$@"`)
	}
}

// start runs what the service runs, and returns what it said.
func (h bootHost) start(t *testing.T) (string, error) {
	t.Helper()
	return h.run(t, "/usr/local/sbin/beam-boot")
}

func (h bootHost) run(t *testing.T, program string) (string, error) {
	t.Helper()
	command := exec.CommandContext(t.Context(), filepath.Join(h.dir, program))
	command.Env = []string{"PATH=" + filepath.Join(h.dir, "bin"), "TMPDIR=" + h.dir}
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	out, err := command.CombinedOutput()
	return string(out), err
}

// mustStart runs it, and the host must be set up then.
func (h bootHost) mustStart(t *testing.T) string {
	t.Helper()
	out, err := h.start(t)
	if err != nil || h.read(t, "var/lib/beam/boot-step") != "done\n" {
		t.Fatalf("%v, and boot-step is %q\n%s", err, h.read(t, "var/lib/beam/boot-step"), out)
	}
	return out
}

func (h bootHost) read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(h.dir, path))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// calls are those of programs that write down theirs; none when there is no such
// call.
func (h bootHost) calls(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(h.dir, "calls"))
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return string(text)
}

func (h bootHost) remove(t *testing.T, path string) {
	t.Helper()
	if err := os.Remove(filepath.Join(h.dir, path)); err != nil {
		t.Fatal(err)
	}
}

// steps are the slugs of the host's steps, in order.
func (h bootHost) steps(t *testing.T) []string {
	t.Helper()
	entries, err := os.ReadDir(filepath.Join(h.dir, "usr/local/lib/beam/steps"))
	if err != nil {
		t.Fatal(err)
	}
	var slugs []string
	for _, entry := range entries {
		slugs = append(slugs, entry.Name()[3:])
	}
	return slugs
}

// became is what the boot made of the host: its files and links, and what they
// hold.
func (h bootHost) became(t *testing.T) map[string]string {
	t.Helper()
	found := map[string]string{}
	for _, folder := range []string{"etc", "opt", "swapfile", "var"} {
		err := filepath.WalkDir(filepath.Join(h.dir, folder), func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				return err
			}
			content, err := os.ReadFile(path)
			if entry.Type()&fs.ModeSymlink != 0 {
				var target string
				target, err = os.Readlink(path)
				content = []byte(target)
			}
			found[strings.TrimPrefix(path, h.dir)] = strings.ReplaceAll(string(content), h.dir, "")
			return err
		})
		if err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
	}
	return found
}
