package check

import (
	"slices"
	"testing"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
)

func TestWarningsOfASecondWebServer(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		packages []string
		balancer bool
		want     int
	}{
		"beside HAProxy":            {[]string{"htop", "nginx"}, true, 1},
		"two of them":               {[]string{"apache2", "nginx-light"}, true, 2},
		"without a load balancer":   {[]string{"nginx"}, false, 0},
		"what only sounds like one": {[]string{"apache2-utils", "nginx-common", "libnginx-mod-stream"}, true, 0},
	} {
		spec := validSpec()
		spec.Host.Packages = tt.packages
		if !tt.balancer {
			spec.LoadBalancer = nil
		}
		found := CatalogueWarnings(cluster.Catalogue{}, spec)
		found = slices.DeleteFunc(found, func(p Problem) bool { return !slices.Equal(p.Path, []string{"host", "packages"}) })
		if len(found) != tt.want {
			t.Errorf("%s: %s", name, tell(found))
		}
	}
}
