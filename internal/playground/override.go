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
	parser, waiting := hclparse.NewParser(), map[string]map[string]any{}
	for _, file := range files {
		parsed, diags := parser.ParseHCLFile(file)
		if diags.HasErrors() {
			return fmt.Errorf("look for what waits for hosts: %w", diags)
		}
		content, _, diags := parsed.Body.PartialContent(resources)
		if diags.HasErrors() {
			return fmt.Errorf("look for what waits for hosts: %w", diags)
		}
		for _, block := range content.Blocks {
			of, name := block.Labels[0], block.Labels[1]
			if of != "beam_cluster" && of != "beam_node" {
				continue
			}
			if waiting[of] == nil {
				waiting[of] = map[string]any{}
			}
			waiting[of][name] = map[string]any{"wait_for": "active"}
		}
	}
	if len(waiting) == 0 {
		return nil
	}
	override, err := json.Marshal(map[string]any{"resource": waiting})
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, overrideFile), override, 0o600)
}
