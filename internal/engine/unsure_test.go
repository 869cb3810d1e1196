package engine_test

import (
	"testing"

	"github.com/beamcluster/terraform-provider-beam/internal/simulator"
)

// What may have been made although nobody could find out is in the state until a
// look says otherwise.
func TestWhatMayExistIsInTheState(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"vpcs", "vpc_peerings", "volumes", "firewalls", "droplets", "reserved_ips"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			op := operation{name: "create in two regions", spec: inTwoRegions(chat(1)), do: converge}
			inTrial(t, op, func(tr *trial) {
				tr.sim.SetFaults([]simulator.Fault{
					{Kind: simulator.Cut, After: true, Call: "POST /v2/" + kind},
					{Kind: simulator.ServerError, Call: "GET /v2/" + kind, Nth: 2},
				})
				if err := tr.run(tr.engine, &tr.kept); err == nil {
					tr.Fatal("no error")
				} else {
					tr.tells("POST /v2/"+kind, err)
				}
				tr.sim.SetFaults(nil)
				if !tr.kept.mem.Unsure {
					tr.Error("the state does not say that there may be more")
				}
				if kind != "reserved_ips" { // which carry no mark: the droplet that one leads to tells whose it is
					tr.ledger.account(tr.kept)
				}
				tr.end()
			})
		})
	}
}
