package hostconfig

import (
	"encoding/json"
	"fmt"
	"path"
	"strings"

	"github.com/beamcluster/terraform-provider-beam/internal/beam"
)

// releaseStore is the folder of the releases that a node keeps.
const releaseStore = "/var/lib/beam/releases"

// storeKey is the name of a release in the store of a node.
func storeKey(sha256 string) string {
	return strings.ToLower(sha256[:min(len(sha256), 16)])
}

// releaseName is what the release's program is called.
func (n Node) releaseName() string {
	if n.Release != nil {
		return n.Release.Name
	}
	return n.App
}

// releasePrograms handle the store. The first boot and beamctl both use them.
func releasePrograms() []program {
	return []program{
		{"node/release/archive.py", "/usr/local/lib/beam/release/archive.py", "0644"},
		{"node/release/download.py", "/usr/local/lib/beam/release/download.py", "0644"},
		{"node/release/store.py", "/usr/local/lib/beam/release/store.py", "0644"},
		{"node/fetch-release.py", "/usr/local/lib/beam/fetch-release", "0755"},
		{"node/unpack-release.py", "/usr/local/lib/beam/unpack-release", "0755"},
	}
}

// releaseSettings is what the programs of the store read.
type releaseSettings struct {
	Name      string         `json:"name"`
	Root      string         `json:"root"` // leads to the release that runs
	User      string         `json:"user"`
	ReadOnly  bool           `json:"read_only"`
	Keep      int            `json:"keep"`
	SharePort int            `json:"share_port"`       // where nodes share releases with each other
	Source    *ReleaseSource `json:"source,omitempty"` // what the first boot fetches
}

// releaseFile says which release the node runs and how. It is for root alone: a
// URL and headers may be secrets.
func (n Node) releaseFile() (File, error) {
	settings := releaseSettings{
		Name: n.releaseName(), Root: n.root(), User: n.User, Keep: DefaultKeep, SharePort: n.PortMax,
	}
	if r := n.Release; r != nil {
		settings.ReadOnly = r.ReadOnly
		if r.Keep > 0 {
			settings.Keep = r.Keep
		}
		if n.fetched() {
			settings.Source = &ReleaseSource{Version: bundleVersion, SHA256: r.SHA256, URL: r.URL, Headers: r.Headers}
		}
	}
	encoded, err := json.Marshal(settings)
	if err != nil {
		return File{}, fmt.Errorf("encode the settings of the release: %w", err)
	}
	return File{
		Path: path.Join(beam.ConfigDir, "release.json"), Mode: "0600", Content: string(encoded) + "\n", Part: PartRelease,
	}, nil
}
