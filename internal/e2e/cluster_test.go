//go:build linux

package e2e_test

import (
	"testing"

	"github.com/beamcluster/terraform-provider-beam/internal/e2e"
)

func aCluster(t *testing.T, s *suite) {
	w := s.open(t, "e2e", debian12)
	chat := e2e.Chat(debian12, s.releases["mix"])
	chat["release"].(map[string]any)["migrate"] = "Chat.Release.migrate()"
	formed := s.check(t, "apply returns when the cluster has formed", func(t *testing.T) {
		s.figure("active to formed: %.1f s", w.apply(t, chat).Seconds())
	})
	if !formed {
		return
	}
	s.check(t, "every node sees every node", func(t *testing.T) {
		if !w.meshed(t) {
			t.Errorf("whom nodes see: %v", w.mesh(t))
		}
	})
}
