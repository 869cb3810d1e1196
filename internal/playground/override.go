package playground

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
)

// overrideFile is laid over the configuration: Terraform reads files of such a
// name last.
const overrideFile = "records_override.tf.json"

var clusterBlock = regexp.MustCompile(`(?m)^resource "beam_cluster" "([^"]+)"`)

// waitForNoHost makes applies of the folder's configuration end when the
// droplets are active.
func waitForNoHost(dir string) error {
	files, err := filepath.Glob(filepath.Join(dir, "*.tf"))
	if err != nil {
		return err
	}
	clusters := map[string]any{}
	for _, file := range files {
		text, err := os.ReadFile(file) //nolint:gosec // G304: of the caller's folder
		if err != nil {
			return fmt.Errorf("look for clusters: %w", err)
		}
		for _, groups := range clusterBlock.FindAllSubmatch(text, -1) {
			clusters[string(groups[1])] = map[string]any{"wait_for": "active"}
		}
	}
	if len(clusters) == 0 {
		return nil
	}
	override, err := json.Marshal(map[string]any{"resource": map[string]any{"beam_cluster": clusters}})
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, overrideFile), override, 0o600)
}
