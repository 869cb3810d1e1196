package testtool

import "testing"

func TestASectionIsWhatStandsBetweenItsMarks(t *testing.T) {
	t.Parallel()
	const text = "a\n<!-- generated: table -->\nb\n<!-- end: table -->\nc\n"
	before, section, after, err := cutSection(text, "table")
	if err != nil || section != "b\n" || before+section+after != text {
		t.Errorf("%q, %q, %q (%v)", before, section, after, err)
	}
	if _, _, _, err := cutSection(text, "list"); err == nil {
		t.Error("a section is found that is not there")
	}
}
