package testtool_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/beamcluster/terraform-provider-beam/internal/testtool"
)

func TestBlocksOfAPage(t *testing.T) {
	t.Parallel()
	const page = "# Page\n\n```shell\nls\n```\n\n- an item\n\n  <!-- snippet: defaults -->\n  ```terraform\n  a = {\n    b = 1\n  }\n  ```\n"
	want := []testtool.Block{
		{Page: "page.md", Line: 4, Language: "shell", Text: "ls\n"},
		{Page: "page.md", Line: 11, Language: "terraform", Text: "a = {\n  b = 1\n}\n", Mark: "defaults"},
	}
	got, _ := testtool.Blocks("page.md", page)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
