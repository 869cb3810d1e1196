package hostconfig

import (
	"path"
	"slices"
	"strings"

	"github.com/beamcluster/terraform-provider-beam/internal/beam"
)

// pathRule is what paths look like that scripts, units and systemd's own syntax
// all carry as they stand.
const pathRule = `use an absolute path of the characters A-Z, a-z, 0-9, ., _, @, + and -, without . and .. as folders and without a / at its end, such as `

var pathShape = shaped(`^(/[A-Za-z0-9._@+-]+)+$`)

// Limits of Linux, in bytes: of a name in a folder, and of a path with its end.
const (
	maxName = 255
	maxPath = 4095
)

func isHostPath(text string) bool {
	tooLong := func(name string) bool { return len(name) > maxName }
	return pathShape(text) && path.Clean(text) == text && len(text) <= maxPath && !slices.ContainsFunc(strings.Split(text, "/"), tooLong)
}

// EnvironmentFile is one that a user brings: what the provider writes is read
// already.
var EnvironmentFile = Form{
	fits: isHostPath, rule: pathRule + `"/etc/chat/secrets.env"`,
	taken: within(ownFolders), other: `it belongs to the provider; use a file of its own, such as "/etc/chat/secrets.env"`,
}

// WritablePath is a folder that is nobody's but the app's. The release's own is
// replaced by each deploy, and who writes to the home folder of a user with sudo
// may become root. Either is empty while it is not known.
func WritablePath(app, user string) Form {
	folders := slices.Concat(ownFolders, systemFolders)
	if app != "" {
		folders = append(folders, path.Join(beam.ReleasesDir, app))
	}
	if user != "" {
		folders = append(folders, homeOf(user))
	}
	return Form{
		fits: isHostPath, rule: pathRule + `"/srv/uploads"`,
		taken: overlaps(folders),
		other: `it is, holds or lies in a folder of the system's, the provider's, the release's or of its user; use a folder of its own, such as "/srv/uploads"`,
	}
}

// ownFolders are the provider's: with what they hold it looks after the host.
var ownFolders = []string{"/etc/beam", "/run/beam", "/run/beam-migrate", "/run/beam-request", "/var/lib/beam", "/var/lib/beam-node", "/usr/local/lib/beam"}

// systemFolders are those from which the system runs, or that do not outlive a
// start.
var systemFolders = []string{
	"/boot", "/dev", "/etc", "/proc", "/root", "/run", "/sys", "/tmp", "/usr/bin", "/usr/lib", "/usr/lib64", "/usr/sbin",
	"/var/lib/cloud", "/var/lib/dpkg", "/var/tmp",
}

// baseFolders are those that every system has: no file can be in their place.
var baseFolders = slices.Concat(systemFolders, []string{
	"/etc/cron.d", "/etc/dpkg/origins", "/etc/profile.d", "/etc/skel", "/etc/systemd/system", "/etc/update-motd.d", "/home", "/media", "/mnt", "/opt", "/srv",
	"/usr/games", "/usr/include", "/usr/local/bin", "/usr/local/etc", "/usr/local/lib", "/usr/local/sbin", "/usr/local/share", "/usr/share/doc", "/usr/src",
	"/var/backups", "/var/cache/apt", "/var/lib/misc", "/var/local", "/var/log", "/var/mail", "/var/spool/cron",
})

// links are folders of Debian and Ubuntu that are others. Paths of the lists here
// have none in them.
var links = []struct{ from, to string }{
	{"/bin", "/usr/bin"}, {"/lib", "/usr/lib"}, {"/lib64", "/usr/lib64"}, {"/sbin", "/usr/sbin"}, {"/var/lock", "/run/lock"}, {"/var/run", "/run"},
}

// resolved is the path without links.
func resolved(text string) string {
	for _, link := range links {
		if liesIn(text, link.from) {
			return link.to + strings.TrimPrefix(text, link.from)
		}
	}
	return text
}

// isFolder says of a path whether hosts have a folder there.
func isFolder(text string) bool {
	text = resolved(text)
	return path.Dir(text) == "/home" || slices.ContainsFunc(baseFolders, func(folder string) bool { return liesIn(folder, text) })
}

// within says of a path whether it is one of the folders, or lies in one.
func within(folders []string) func(string) bool {
	return func(text string) bool {
		return slices.ContainsFunc(folders, func(folder string) bool { return liesIn(resolved(text), folder) })
	}
}

// overlaps says of a path whether it is one of the folders, lies in one or holds
// one.
func overlaps(folders []string) func(string) bool {
	return func(text string) bool {
		text = resolved(text)
		return slices.ContainsFunc(folders, func(folder string) bool { return liesIn(text, folder) || liesIn(folder, text) })
	}
}

func liesIn(text, folder string) bool {
	return text == folder || strings.HasPrefix(text, folder+"/")
}
