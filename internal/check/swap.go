package check

import (
	"fmt"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
	"github.com/beamcluster/terraform-provider-beam/internal/hostconfig"
)

// swapProblems compares the swap file with the smallest disk that it has to fit
// on, beside the system.
func (a account) swapProblems(host cluster.Host, places ...cluster.Place) []Problem {
	smallest, slug := 0, ""
	for _, p := range places {
		if size, known := a.Sizes[p.Size]; known && (slug == "" || size.DiskGiB < smallest) {
			smallest, slug = size.DiskGiB, p.Size
		}
	}
	room := smallest*1024 - hostconfig.SystemMiB
	if slug == "" || host.SwapMiB <= max(room, 0) {
		return nil
	}
	return []Problem{{
		Path: []string{"host", "swap_mib"}, Summary: "Swap larger than the disk allows",
		Detail: fmt.Sprintf("swap_mib is %d, and the disk of size %q has %d GiB, of which the system takes %d. Use at most %d, or a size with a larger disk.",
			host.SwapMiB, slug, smallest, hostconfig.SystemMiB/1024, max(room, 0)),
	}}
}
