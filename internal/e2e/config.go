//go:build linux

package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
)

// Cluster is the body of a beam_cluster, as Terraform's JSON syntax has it.
type Cluster map[string]any

// Node is the body of a beam_node.
type Node map[string]any

// Write makes the world's configuration one cluster and the nodes beside it.
func (w *World) Write(c Cluster, beside ...Node) error {
	resources := map[string]any{"beam_cluster": map[string]any{"chat": c}}
	if len(beside) > 0 {
		nodes := map[string]any{}
		for i, node := range beside {
			nodes[fmt.Sprint("node", i)] = node
		}
		resources["beam_node"] = nodes
	}
	config := map[string]any{
		"terraform": map[string]any{"required_providers": map[string]any{"beam": map[string]any{"source": "beamcluster/beam"}}},
		"resource":  resources,
		"output":    outputs,
	}
	return w.write(config)
}

// WriteText makes the world's configuration so, in Terraform's own language. Its
// cluster is called chat there, too.
func (w *World) WriteText(text string) error {
	if err := os.WriteFile(filepath.Join(w.dir, "main.tf"), []byte(text), 0o600); err != nil {
		return fmt.Errorf("write the configuration: %w", err)
	}
	return w.write(map[string]any{"output": outputs})
}

// outputs are what State reads.
var outputs = map[string]any{"cluster": map[string]any{"value": "${beam_cluster.chat}", "sensitive": true}}

// write writes what of the configuration is in Terraform's JSON syntax.
func (w *World) write(config map[string]any) error {
	encoded, err := json.MarshalIndent(config, "", "  ")
	if err != nil {
		return fmt.Errorf("encode the configuration: %w", err)
	}
	if err := os.WriteFile(filepath.Join(w.dir, "main.tf.json"), encoded, 0o600); err != nil {
		return fmt.Errorf("write the configuration: %w", err)
	}
	return nil
}

// migrations make the release's tables.
var migrations = map[string]string{"mix": "Chat.Release.migrate()", "rebar3": "chat:migrate()"}

// Chat is three nodes of a release, a load balancer and a database. Callers
// change what they like.
func Chat(image string, release Release) Cluster {
	block := release.Block()
	block["migrate"] = migrations[release.Kind]
	return Cluster{
		"name": "chat", "region": "nyc3", "image": image,
		"node_pools":    map[string]any{"us": map[string]any{"count": 3}},
		"release":       block,
		"load_balancer": map[string]any{"sticky_cookie": "SERVERID"},
		"database":      map[string]any{"volume_gib": 1},
		"access":        map[string]any{"ssh_from": []string{Operator.String() + "/32"}},
	}
}

// Block is the release in a configuration.
func (r Release) Block() map[string]any {
	return map[string]any{
		"name": r.Name, "kind": r.Kind, "sha256": r.SHA256,
		"url": fmt.Sprintf("http://%s/%s", Operator, r.File),
	}
}
