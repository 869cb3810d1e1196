package hostconfig

import (
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/beamcluster/terraform-provider-beam/internal/beam"
)

// Brought is what users bring for hosts beyond what the provider knows of. A host
// gets it when it is made: a running one is told none of it.
type Brought struct {
	Files   map[string]BroughtFile `json:",omitempty"` // by path
	Scripts []Script               `json:",omitempty"` // in the order in which they run
	Apt     map[string]AptSource   `json:",omitempty"` // by name
}

// BroughtFile is a file of the user's.
type BroughtFile struct {
	Content string
	Owner   string
	Group   string
	Mode    string // octal, of four digits
}

// Empty says that nothing is brought.
func (b Brought) Empty() bool { return len(b.Files)+len(b.Scripts)+len(b.Apt) == 0 }

// With adds what some hosts get besides. Of two files at one path, and of two
// sources of one name, theirs is taken, and their scripts run after those of all hosts.
func (b Brought) With(more Brought) Brought {
	return Brought{
		Files:   joined(b.Files, more.Files),
		Scripts: slices.Concat(b.Scripts, more.Scripts),
		Apt:     joined(b.Apt, more.Apt),
	}
}

func joined[T any](all, more map[string]T) map[string]T {
	if len(more) == 0 {
		return all
	}
	both := maps.Clone(all)
	if both == nil {
		both = map[string]T{}
	}
	maps.Copy(both, more)
	return both
}

// FileAbove is the file that another one would have to lie in; empty for none.
func (b Brought) FileAbove(file string) string {
	for _, at := range slices.Sorted(maps.Keys(b.Files)) {
		if InTheWay(at, path.Dir(file)) {
			return at
		}
	}
	return ""
}

// InTheWay says that the folder cannot be made where the file is.
func InTheWay(file, folder string) bool { return liesIn(resolved(folder), resolved(file)) }

// DoubledScript is the name that two scripts have; empty for none.
func (b Brought) DoubledScript() string {
	seen := map[string]bool{}
	for _, s := range b.Scripts {
		if seen[s.Name] {
			return s.Name
		}
		seen[s.Name] = true
	}
	return ""
}

// validate never shows what a file or a script holds.
func (b Brought) validate(user string) error {
	var errs []error
	for _, at := range slices.Sorted(maps.Keys(b.Files)) {
		f := b.Files[at]
		if folder := b.FileAbove(at); folder != "" {
			errs = append(errs, fmt.Errorf("host.files has %q, and %q in it as well", folder, at))
		}
		errs = append(errs,
			FilePath("").check("host.files", at),
			FileOwner.check("the owner of "+at, f.Owner),
			FileOwner.check("the group of "+at, f.Group),
			FileMode.check("the mode of "+at, f.Mode))
	}
	for _, s := range b.Scripts {
		errs = append(errs, s.validate(user))
	}
	for _, name := range slices.Sorted(maps.Keys(b.Apt)) {
		errs = append(errs, b.Apt[name].validate(name))
	}
	if name := b.DoubledScript(); name != "" {
		errs = append(errs, fmt.Errorf("host.run has two scripts named %q", name))
	}
	if len(b.Scripts) > MaxScripts {
		errs = append(errs, fmt.Errorf("host.run has %d scripts; use at most %d", len(b.Scripts), MaxScripts))
	}
	return errors.Join(errs...)
}

// broughtFiles are the user's, as cloud-init writes them: for root, since there are
// no users of packages yet.
func (b Brought) broughtFiles() []File {
	var files []File
	for _, at := range slices.Sorted(maps.Keys(b.Files)) {
		f := b.Files[at]
		// What lies in a home folder comes once that was made.
		files = append(files, File{Path: at, Mode: f.Mode, Content: f.Content, Brought: true, Deferred: strings.HasPrefix(at, "/home/")})
	}
	for _, s := range b.Scripts {
		files = append(files, s.file())
	}
	for _, name := range slices.Sorted(maps.Keys(b.Apt)) {
		files = append(files, b.Apt[name].files(name)...)
	}
	return files
}

// addBroughtSteps come once the host has its packages.
func (d *Document) addBroughtSteps(b Brought) error {
	return errors.Join(d.addOwners(b), d.addScripts(b.Scripts))
}

// addOwners makes a step that gives files to users who may be those of packages.
func (d *Document) addOwners(b Brought) error {
	var owned []ownedFile
	for _, at := range slices.Sorted(maps.Keys(b.Files)) {
		f := b.Files[at]
		if f.Owner != rootUser || f.Group != rootUser {
			owned = append(owned, ownedFile{Path: at, Owner: f.Owner + ":" + f.Group, Mode: f.Mode, Folders: foldersAtHome(at, homeOf(f.Owner))})
		}
	}
	if len(owned) == 0 {
		return nil
	}
	return d.addSteps(owned, []templateStep{{"file-owners", "give files to their owners", "base/file-owners.sh"}})
}

// ownedFile is one that is not root's.
type ownedFile struct {
	Path, Owner, Mode string
	Folders           []string // those that were made for it in the owner's home folder
}

// foldersAtHome are the folders between a home folder and a file in it, the outer
// ones first.
func foldersAtHome(file, home string) []string {
	var folders []string
	for at := path.Dir(file); at != home && liesIn(at, home); at = path.Dir(at) {
		folders = append([]string{at}, folders...)
	}
	return folders
}

const rootUser = "root"

// Texts of a file.
var (
	// FileOwner also takes the system's own users, and those of packages.
	FileOwner = Form{
		fits: shaped(`^[a-z_][a-z0-9_-]{0,31}$`),
		rule: `use the name of a user or a group, such as "root" or "www-data"`,
	}
	// FileMode has four digits, so that a mode has one spelling.
	FileMode = Form{
		fits: shaped(`^[0-7]{4}$`),
		rule: `use three or four octal digits, such as "0640"`,
	}
)

// FilePath is a place for a file of the user's. The app's name is that of a node's
// folder of the release; empty for other hosts and while it is not known.
func FilePath(app string) Form {
	return Form{
		fits: isHostPath, rule: pathRule + `"/etc/chat/settings.json"`,
		taken: func(text string) bool {
			return isFolder(text) || slices.ContainsFunc(ownPaths, func(own string) bool { return matches(own, text) }) ||
				app != "" && liesIn(text, path.Join(beam.ReleasesDir, app))
		},
		other: `it is, or holds, what the system needs, or the provider or the first boot writes, or does not outlive a start; use a file of its own, such as "/etc/chat/settings.json"`,
	}
}

// matches says that the path is, lies in or holds what the pattern names.
func matches(pattern, text string) bool {
	inner, outer := strings.Split(pattern, "/"), strings.Split(resolved(text), "/")
	depth := min(len(inner), len(outer))
	same, _ := path.Match(strings.Join(inner[:depth], "/"), strings.Join(outer[:depth], "/")) // the patterns are well formed
	return same
}

// ownPaths are files and folders that users cannot bring: what hosts of every role
// get, what their steps write, and what is gone after a start.
var ownPaths = slices.Concat(ownFolders, []string{
	"/etc/systemd/system/beam*.service", "/etc/systemd/system/haproxy.service.d/beam.conf", "/etc/systemd/system/postgresql@.service.d/beam.conf",
	"/etc/sysctl.d/6?-beam*.conf", "/etc/ssh/sshd_config.d/?0-beam*.conf", "/etc/fail2ban/jail.d/beam.local", "/etc/sudoers.d/beamctl",
	"/etc/needrestart/conf.d/beam.conf",
	"/etc/apt/apt.conf.d/52beam", "/etc/apt/keyrings/beam-*.asc", "/etc/apt/sources.list.d/beam-*.sources", "/etc/haproxy/haproxy.cfg", "/etc/haproxy/beam", "/etc/haproxy/certs",
	"/etc/postgresql-common/createcluster.d/beam.conf", "/usr/local/sbin/beam*", "/usr/local/bin/beam*",
	"/usr/local/share/ca-certificates/beam-*.crt", "/home/*/.erlang.cookie", "/home/*/.ssh/authorized_keys",
}, []string{
	"/etc/environment", "/etc/fstab", "/etc/hosts", "/etc/passwd", "/etc/shadow", "/etc/group", "/etc/gshadow", "/etc/sudoers",
	"/etc/default/locale", "/etc/hostname", "/swapfile", "/var/lib/cloud",
	"/etc/ssh/sshd_config", "/etc/ssh/ssh_host_*", // sshd_config includes what the provider sets; sshd_config.d has room for more
}, []string{"/dev", "/proc", "/run", "/sys", "/tmp"})
