package check

import (
	"strings"
	"testing"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
)

func TestWarningsOfWhatAnAppCannotUse(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("s", 64)
	for _, tt := range []struct {
		environment map[string]string
		kind        string
		want        []string // the variables
	}{
		{nil, "mix", nil},
		{map[string]string{"SECRET_KEY_BASE": long, "PHX_HOST": "chat.example.com"}, "mix", nil},
		{map[string]string{"SECRET_KEY_BASE": long[1:], "PHX_HOST": "https://chat.example.com"}, "mix", []string{"SECRET_KEY_BASE", "PHX_HOST"}},
		{map[string]string{"PHX_HOST": "chat.example.com:443"}, "mix", []string{"PHX_HOST"}},
		{map[string]string{"PHX_HOST": ""}, "mix", []string{"PHX_HOST"}},
		{map[string]string{"SECRET_KEY_BASE": "", "PHX_HOST": "chat.example.com/"}, "rebar3", nil},
	} {
		var got []string
		for _, p := range AppWarnings(tt.environment, &cluster.Release{Kind: tt.kind}) {
			got = append(got, p.Path[1])
		}
		if strings.Join(got, " ") != strings.Join(tt.want, " ") {
			t.Errorf("%v of a release of %s: %q, want %q", tt.environment, tt.kind, got, tt.want)
		}
	}
}
