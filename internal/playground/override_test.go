package playground

import (
	"os"
	"path/filepath"
	"testing"
)

func TestClustersAndNodesAreOverriddenNotToWaitForHosts(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ config, want string }{
		"no cluster": {`resource "beam_cookie" "chat" {}`, ""},
		"clusters": {
			"resource \"beam_cluster\" \"chat\" {\n}\n\nresource \"beam_cluster\" \"shop\" {\n}\n",
			`{"resource":{"beam_cluster":{"chat":{"wait_for":"active"},"shop":{"wait_for":"active"}}}}`,
		},
		"a cluster and a node": {
			"resource \"beam_cluster\" \"chat\" {\n}\n\nresource \"beam_node\" \"worker\" {\n}\n",
			`{"resource":{"beam_cluster":{"chat":{"wait_for":"active"}},"beam_node":{"worker":{"wait_for":"active"}}}}`,
		},
	} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "main.tf"), []byte(tt.config), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := waitForNoHost(dir); err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(filepath.Join(dir, overrideFile))
		if string(got) != tt.want || os.IsNotExist(err) != (tt.want == "") {
			t.Errorf("%s: the override is %q (%v), want %q", name, got, err, tt.want)
		}
	}
}
