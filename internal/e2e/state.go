//go:build linux

package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
)

// State is what Terraform knows of the cluster.
type State struct {
	Nodes map[string]struct {
		DropletID   int    `json:"droplet_id"`
		NodeName    string `json:"node_name"`
		PublicIPv4  string `json:"ipv4_address"`
		PrivateIPv4 string `json:"ipv4_address_private"`
	} `json:"nodes"`
	URL                  string `json:"url"`
	LoadBalancerIPv4     string `json:"load_balancer_ipv4_address"`
	DatabaseURL          string `json:"database_url"`
	MigrationDatabaseURL string `json:"migration_database_url"`
	StatsPassword        string `json:"stats_password"`
	SecretKeyBase        string `json:"secret_key_base"`
	CookieFingerprint    string `json:"cookie_fingerprint"`
}

// State reads the outputs of the last apply.
func (w *World) State(ctx context.Context) (s State, err error) {
	outputs, err := w.Terraform.Output(ctx)
	if err != nil {
		return s, err
	}
	if err := json.Unmarshal(outputs["cluster"].Value, &s); err != nil {
		return s, fmt.Errorf("read the outputs: %w", err)
	}
	return s, nil
}

// NodeNames lists the nodes, sorted.
func (s State) NodeNames() []string {
	var names []string
	for node := range maps.Values(s.Nodes) {
		names = append(names, node.NodeName)
	}
	slices.Sort(names)
	return names
}

// Memory is what the provider keeps in the state for itself: the cluster's keys
// among it.
func (w *World) Memory() (m cluster.Memory, err error) {
	text, err := os.ReadFile(filepath.Join(w.dir, "terraform.tfstate"))
	if err != nil {
		return m, err
	}
	var file struct {
		Resources []struct {
			Type      string `json:"type"`
			Instances []struct {
				Attributes struct {
					Memory string `json:"memory"`
				} `json:"attributes"`
			} `json:"instances"`
		} `json:"resources"`
	}
	if err := json.Unmarshal(text, &file); err != nil {
		return m, fmt.Errorf("read the state: %w", err)
	}
	for _, resource := range file.Resources {
		if resource.Type == "beam_cluster" && len(resource.Instances) > 0 {
			return m, json.Unmarshal([]byte(resource.Instances[0].Attributes.Memory), &m)
		}
	}
	return m, errors.New("the state holds no cluster")
}
