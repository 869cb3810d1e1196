package health

import (
	"encoding/json"
	"fmt"
)

// reportVersion is the form of Report that this provider reads. beamctl on the
// hosts writes it.
const reportVersion = 1

// Report is what a host says of itself. Lines of logs come without secrets.
type Report struct {
	Version  int             `json:"version"`
	Role     string          `json:"role"` // RoleNode, RoleLoadBalancer or RoleDatabase
	Boot     BootReport      `json:"boot"`
	Service  ServiceReport   `json:"service"`
	Node     *NodeReport     `json:"node,omitempty"`     // of a node
	Release  *ReleaseReport  `json:"release,omitempty"`  // of a node
	Database *LoginReport    `json:"database,omitempty"` // of a node that has a database
	Servers  []ServerReport  `json:"servers,omitempty"`  // of a load balancer
	Postgres *PostgresReport `json:"postgres,omitempty"` // of a database
}

// BootReport is how far the first boot came.
type BootReport struct {
	Status string   `json:"status"`         // one of the Boot constants
	Step   string   `json:"step,omitempty"` // the step that runs or failed
	Failed bool     `json:"failed"`         // the step failed
	Log    []string `json:"log,omitempty"`  // last lines of the step, or of a boot that failed
}

// States of BootReport, in cloud-init's words.
const (
	BootRunning  = "running"
	BootDone     = "done"
	BootDegraded = "degraded" // done, with a warning such as a deprecation
	BootError    = "error"
)

// ServiceReport is what systemd says of the host's main service.
type ServiceReport struct {
	Unit     string   `json:"unit"`
	State    string   `json:"state"` // systemd's ActiveState, such as "active"
	ExitCode int      `json:"exit_code"`
	Signal   int      `json:"signal,omitempty"` // that ended it, instead of an exit code
	Restarts int      `json:"restarts"`         // by systemd, in the last two minutes and since the node can log in to its database
	Log      []string `json:"log,omitempty"`    // last lines of a service that does not just run
}

// NodeReport is the BEAM node of a host.
type NodeReport struct {
	Name              string       `json:"name"`
	CookieFingerprint string       `json:"cookie_fingerprint"`       // of the cookie's file
	CookieStaged      string       `json:"cookie_staged,omitempty"`  // of the cookie that takes its place, while a rotation is under way
	CookieRunning     string       `json:"cookie_running,omitempty"` // of the cookie that the VM uses, once the release is up
	Started           bool         `json:"started"`                  // the whole release is up
	Nodes             []string     `json:"nodes"`                    // that it is connected with
	Missing           []PeerReport `json:"missing,omitempty"`        // that it dials in vain
}

// ReleaseReport is what a node has to run. A release in the node's store goes by
// the first 16 digits of its archive's SHA-256.
type ReleaseReport struct {
	Running   string   `json:"running"`             // where the app's folder leads; empty for one that was put there by hand, and for none
	Stored    []string `json:"stored,omitempty"`    // all that the node keeps, the one that was used last first
	Program   string   `json:"program"`             // that the node starts
	Elsewhere string   `json:"elsewhere,omitempty"` // folder of a release that was put beside that place
}

// PeerReport is a node that another one dials in vain.
type PeerReport struct {
	Name   string `json:"name"`
	State  string `json:"state"`            // one of the Peer constants
	Detail string `json:"detail,omitempty"` // in the system's words
}

// States of PeerReport: how far a connection comes.
const (
	PeerNoHost  = "no_host" // epmd's port does not answer
	PeerNoNode  = "no_node" // no epmd runs, or it knows no such node
	PeerNoPort  = "no_port" // the node's own port does not answer
	PeerAnswers = "answers" // the node answers and does not connect
)

// LoginReport is a node's try to log in to the database as the app.
type LoginReport struct {
	OK     bool   `json:"ok"`
	Detail string `json:"detail,omitempty"` // in Postgres' words
}

// ServerReport is what HAProxy says of one node.
type ServerReport struct {
	Name    string `json:"name"`
	Address string `json:"address"` // with the port
	Up      bool   `json:"up"`
	Check   string `json:"check,omitempty"` // what came of the last health check
}

// PostgresReport is what the database's host says of Postgres.
type PostgresReport struct {
	Mounted      bool     `json:"mounted"` // the data volume
	Ready        bool     `json:"ready"`   // it takes connections
	MissingRoles []string `json:"missing_roles,omitempty"`
	Detail       string   `json:"detail,omitempty"`
}

// ParseReport reads what `beamctl status` printed.
func ParseReport(text []byte) (Report, error) {
	var r Report
	if err := json.Unmarshal(text, &r); err != nil {
		return Report{}, fmt.Errorf("read the host's report: %w", err)
	}
	if r.Version != reportVersion {
		return Report{}, fmt.Errorf("the host's report has version %d, and this provider reads version %d", r.Version, reportVersion)
	}
	return r, nil
}
