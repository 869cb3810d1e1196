package check

import (
	"slices"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
	"github.com/beamcluster/terraform-provider-beam/internal/hostconfig"
)

func hostProblems(h cluster.Host) []Problem {
	path := []string{"host"}
	return slices.Concat(
		formed(at(path, "user"), h.User, hostconfig.UserName),
		formed(at(path, "locale"), h.Locale, hostconfig.Locale),
		within(at(path, "swap_mib"), h.SwapMiB, hostconfig.SwapMiB, " MiB"),
		within(at(path, "ssh_port"), h.SSHPort, hostconfig.SSHPorts, ""),
		formedEach(at(path, "packages"), h.Packages, hostconfig.PackageName),
		formedEach(at(path, "toolchain"), h.Toolchain, hostconfig.Tool),
	)
}
