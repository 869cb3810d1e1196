package health

import (
	"encoding/json"
	"fmt"
)

// cookieVersion is the form of CookieReport and SwitchReport that this provider
// reads.
const cookieVersion = 1

// CookieReport has the fingerprints of a node's cookies, each empty where there
// is none.
type CookieReport struct {
	Version int    `json:"version"`
	File    string `json:"file"`    // used by a restart
	Staged  string `json:"staged"`  // takes its place, while a rotation is under way
	Running string `json:"running"` // used by the VM, once the release is up
}

// SwitchReport is what became of a switch to the staged cookie, by node name.
type SwitchReport struct {
	Version int      `json:"version"`
	Nodes   []string `json:"nodes"`  // that use the cookie, the node that was asked included
	Failed  []string `json:"failed"` // that were connected and did not take it in time
}

// ParseCookieReport reads what `beamctl cookie` printed.
func ParseCookieReport(text []byte) (CookieReport, error) {
	var r CookieReport
	if err := json.Unmarshal(text, &r); err != nil {
		return CookieReport{}, fmt.Errorf("read the node's cookies: %w", err)
	}
	return r, checkCookieVersion(r.Version)
}

// ParseSwitchReport reads what `beamctl switch-cookie` printed.
func ParseSwitchReport(text []byte) (SwitchReport, error) {
	var r SwitchReport
	if err := json.Unmarshal(text, &r); err != nil {
		return SwitchReport{}, fmt.Errorf("read which nodes switched their cookie: %w", err)
	}
	return r, checkCookieVersion(r.Version)
}

func checkCookieVersion(version int) error {
	if version != cookieVersion {
		return fmt.Errorf("what the node says of its cookies has version %d, and this provider reads version %d", version, cookieVersion)
	}
	return nil
}
