package hostconfig

import (
	"errors"
	"fmt"
	"strings"
)

// Script is a program of the user's that the first boot runs as a step of its own:
// again after a failure or a power cut, and never again once it ended well.
type Script struct {
	Name   string // of the step
	Script string // begins with #!, else it is for a shell that stops at what fails
	User   string // root, or the host's own user
}

// MaxScripts is how many a host may have: its steps are told apart by two digits.
const MaxScripts = 50

// scriptFolder is where a host keeps the user's scripts.
const scriptFolder = "/var/lib/beam/run/"

// Texts of a script.
var (
	ScriptName = Form{
		fits: shaped(`^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$`),
		rule: "use 1 to 40 of the characters a-z, 0-9 and -, neither beginning nor ending with -",
	}
	// ScriptText has no carriage returns, which would be part of each line's last
	// word.
	ScriptText = Form{
		fits: func(text string) bool { return strings.TrimSpace(text) != "" && !strings.ContainsAny(text, "\r\x00") },
		rule: "write a program with line ends of Unix: neither an empty one nor one with carriage returns or NUL characters",
	}
)

func (s Script) validate(user string) error {
	errs := []error{ScriptName.check("the name of a script in host.run", s.Name)}
	if fault := ScriptText.Fault(s.Script); fault != "" {
		errs = append(errs, fmt.Errorf("host.run: the script %q: %s", s.Name, fault))
	}
	if s.User != rootUser && s.User != user {
		errs = append(errs, fmt.Errorf("host.run: the script %q runs as %q; use %q or %q", s.Name, s.User, rootUser, user))
	}
	return errors.Join(errs...)
}

func (s Script) path() string { return scriptFolder + s.Name }

// file is the script as a program that only who runs it can read: it may hold
// secrets.
func (s Script) file() File {
	content := s.Script
	if !strings.HasPrefix(content, "#!") {
		content = "#!/bin/sh\nset -eu\n" + content
	}
	f := File{Path: s.path(), Mode: "0700", Content: content, Brought: true}
	if s.User != rootUser {
		f.Owner, f.Deferred = s.User+":"+s.User, true
	}
	return f
}

// addScripts makes each script a step.
func (d *Document) addScripts(scripts []Script) error {
	for _, s := range scripts {
		home := "/root"
		if s.User != rootUser {
			home = homeOf(s.User)
		}
		view := struct {
			Script
			Path, Home string
		}{s, s.path(), home}
		if err := d.addSteps(view, []templateStep{{"run-" + s.Name, "run " + s.Name, "base/run.sh"}}); err != nil {
			return err
		}
	}
	return nil
}
