//go:build linux

package linux

import (
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
)

// Options say where hosts live.
type Options struct {
	// Name sets these hosts apart from others on the same machine: at most one
	// process has hosts of one name. It is made of lower-case letters, digits and
	// -. Empty means "beam".
	Name string
	// Folder holds what hosts write, and is removed in the end. It lies on a
	// file system that overlays and device files can be on. Empty means
	// /var/lib/beam-hosts-<Name>.
	Folder string
	// ImageFolder keeps base images for later runs. Empty means beam in the
	// user's cache folder.
	ImageFolder string
	// Images are the slugs that hosts boot from. Each is built, which takes
	// some minutes, unless ImageFolder has it.
	Images []string
	// Clients are the addresses of the client on the internet, which speaks
	// from the first one. Empty means 203.0.113.7 (RFC 5737).
	Clients []netip.Addr
	// Authority is a certificate, as PEM, whose signatures hosts believe on the
	// internet besides those that Debian does. Empty means none.
	Authority string
	// Log is told what goes wrong behind the back of any caller; nil drops it.
	Log *slog.Logger
}

// prefixOf is what the names begin with of everything that hosts of a name
// consist of. It ends with a character that no name holds, so that hosts named
// "a" do not take those named "a-b" for their own.
func prefixOf(name string) string { return "beam-" + name + "." }

// hostsName has room for prefixOf and a droplet's id in a machine's name, which
// has at most 64 characters.
var hostsName = regexp.MustCompile(`^[a-z0-9-]{1,40}$`)

func (o Options) complete() (Options, error) {
	if o.Name == "" {
		o.Name = "beam"
	}
	if !hostsName.MatchString(o.Name) {
		return o, fmt.Errorf("hosts cannot be named %q: at most 40 lower-case letters, digits and -", o.Name)
	}
	if o.Folder == "" {
		o.Folder = "/var/lib/beam-hosts-" + o.Name
	}
	if o.ImageFolder == "" {
		cache, err := os.UserCacheDir()
		if err != nil {
			return o, fmt.Errorf("find the folder of images: %w", err)
		}
		o.ImageFolder = filepath.Join(cache, "beam")
	}
	if len(o.Clients) == 0 {
		o.Clients = []netip.Addr{netip.MustParseAddr("203.0.113.7")}
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return o, nil
}
