package hostconfig

import (
	"encoding/json"
	"fmt"
	"slices"
)

// bundleVersion is the form of Bundle that beamctl reads.
const bundleVersion = 1

// Bundle is what `beamctl apply` reads: parts that a running host is to take
// over. A host takes all of it or nothing.
type Bundle struct {
	Version int `json:"version"`
	// Parts hold the content of each file of the part by its path. A host knows
	// which files a part has, with their owners and modes, and what to do when
	// they changed.
	Parts map[Part]map[string]string `json:"parts"`
	// Release is what the node runs from now on; the host has it in its store.
	Release *BundledRelease `json:"release,omitempty"`
	// Restart says how the release is restarted; nil leaves it running.
	Restart *Restart `json:"restart,omitempty"`
}

// BundledRelease names a release in the store of a node.
type BundledRelease struct {
	SHA256 string `json:"sha256"`
	Keep   int    `json:"keep"` // how many are kept, the running one among them
}

// Restart says how a node's release is restarted.
type Restart struct {
	// DrainSeconds is how long connections to the release are given to end,
	// once nobody is led to it any more.
	DrainSeconds int `json:"drain_seconds"`
	// Rollback puts the node back to what it ran before when it does not come up.
	Rollback bool `json:"rollback"`
	// PatienceSeconds is how long it may take to come up.
	PatienceSeconds int `json:"patience_seconds"`
	// Check is asked of the release on the node; nil asks nothing.
	Check *RestartCheck `json:"check,omitempty"`
}

// RestartCheck is a request that a release which is well answers with 2xx or 3xx.
type RestartCheck struct {
	Port int    `json:"port"`
	Path string `json:"path"`
	Host string `json:"host"` // value of the Host header
}

// Encode gives what `beamctl apply` reads.
func (b Bundle) Encode() ([]byte, error) {
	b.Version = bundleVersion
	encoded, err := json.Marshal(b)
	if err != nil {
		return nil, fmt.Errorf("encode what a host is told: %w", err)
	}
	return encoded, nil
}

// Bundle holds the parts of the node. The caller says how it is restarted.
func (n Node) Bundle(parts ...Part) (Bundle, error) {
	d, err := n.document()
	if err != nil {
		return Bundle{}, err
	}
	b := d.bundle(parts)
	if slices.Contains(parts, PartRelease) && n.Release != nil && n.Release.SHA256 != "" {
		b.Release = &BundledRelease{SHA256: n.Release.SHA256, Keep: n.Release.Keep}
	}
	return b, nil
}

// Bundle holds the parts of the load balancer.
func (l LoadBalancer) Bundle(parts ...Part) (Bundle, error) {
	d, err := l.document()
	return d.bundle(parts), err
}

// Bundle holds the parts of the database.
func (db Database) Bundle(parts ...Part) (Bundle, error) {
	d, err := db.document()
	return d.bundle(parts), err
}

// bundle holds those of the document's files that belong to the parts.
func (d Document) bundle(parts []Part) Bundle {
	b := Bundle{Parts: map[Part]map[string]string{}}
	for _, part := range parts {
		b.Parts[part] = map[string]string{}
	}
	for _, file := range d.Files {
		if slices.Contains(parts, file.Part) {
			b.Parts[file.Part][file.Path] = file.Content
		}
	}
	return b
}

// ReleaseSource is what `beamctl fetch-release` reads: where a node gets a
// release for its store.
type ReleaseSource struct {
	Version int    `json:"version"`
	SHA256  string `json:"sha256"`
	URL     string `json:"url,omitempty"`
	// Headers are sent to the URL's own host only.
	Headers map[string]string `json:"headers,omitempty"`
	// From are addresses of nodes that share the release, asked in this order; none
	// where there is a URL. One that shares at another port than this node would has
	// it behind a colon.
	From []string `json:"from,omitempty"`
}

// Encode gives what `beamctl fetch-release` reads.
func (s ReleaseSource) Encode() ([]byte, error) {
	s.Version = bundleVersion
	encoded, err := json.Marshal(s)
	if err != nil {
		return nil, fmt.Errorf("encode where a release is: %w", err)
	}
	return encoded, nil
}
