package playground

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclparse"
)

// overrideFile is laid over the configuration: Terraform reads files of such a
// name last.
const overrideFile = "records_override.tf.json"

// resources are the blocks of a configuration that matter here.
var resources = &hcl.BodySchema{Blocks: []hcl.BlockHeaderSchema{{Type: "resource", LabelNames: []string{"type", "name"}}}}

// waitForNoHost makes applies of the folder's configuration end when the
// droplets are active.
func waitForNoHost(dir string) error {
	files, err := filepath.Glob(filepath.Join(dir, "*.tf"))
	if err != nil {
		return err
	}
	parser, clusters := hclparse.NewParser(), map[string]any{}
	for _, file := range files {
		parsed, diags := parser.ParseHCLFile(file)
		if diags.HasErrors() {
			return fmt.Errorf("look for clusters: %w", diags)
		}
		content, _, diags := parsed.Body.PartialContent(resources)
		if diags.HasErrors() {
			return fmt.Errorf("look for clusters: %w", diags)
		}
		for _, block := range content.Blocks {
			if block.Labels[0] == "beam_cluster" {
				clusters[block.Labels[1]] = map[string]any{"wait_for": "active"}
			}
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
