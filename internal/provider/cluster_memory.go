package provider

import (
	"cmp"
	"encoding/json"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
	"github.com/beamcluster/terraform-provider-beam/internal/hostconfig"
)

// clusterMemory is what the attribute memory of a beam_cluster holds, as JSON.
//
// It is an attribute although no user needs it: Terraform drops a resource's
// private state when the provider dies in an update, while it goes on with the
// attributes of before. The cluster's secrets must not be lost like that.
type clusterMemory struct {
	cluster.Memory
	// Adopting says that the cluster was imported and that no apply has taken
	// the configuration over yet: it may tell what the API cannot.
	Adopting bool `json:"adopting,omitempty"`
}

// remember writes the memory down.
func (o *clusterOutputs) remember(mem clusterMemory) diag.Diagnostics {
	return remember(&o.Memory, mem, "cluster")
}

// recall returns the memory and whether there is one: an import starts
// without.
func (m clusterModel) recall() (mem clusterMemory, exists bool, diags diag.Diagnostics) {
	diags = recall(m.Memory, &mem, "cluster")
	m.noteNetwork(mem.Memory)
	return mem, known(m.Memory), diags
}

// remember writes a memory down, that of what.
func remember(v *types.String, mem any, what string) diag.Diagnostics {
	data, err := json.Marshal(mem)
	if err != nil {
		return diag.Diagnostics{diag.NewErrorDiagnostic("Cannot keep the state of the "+what, asSentence(err.Error()))}
	}
	*v = types.StringValue(string(data))
	return nil
}

// recall reads a memory, if there is one.
func recall(v types.String, mem interface{ Upgrade() error }, what string) (diags diag.Diagnostics) {
	if !known(v) {
		return nil
	}
	err := json.Unmarshal([]byte(v.ValueString()), mem)
	if err == nil {
		err = mem.Upgrade()
	}
	if err != nil {
		diags.AddError("Cannot read the state of the "+what, asSentence(err.Error()))
	}
	return diags
}

// noteNetwork fills in what the first versions did not note of hosts. They refused
// to change it, so that the state's arguments are what each host was made with.
func (m clusterModel) noteNetwork(mem cluster.Memory) {
	mode, _ := m.Network.Attributes()["mode"].(types.String)
	port, _ := m.Distribution.Attributes()["epmd_port"].(types.Int64)
	defaultInt(&port, cluster.DefaultEPMDPort)
	for id, host := range mem.Hosts {
		host.Network = cmp.Or(host.Network, cluster.Network{Mode: mode.ValueString()}.Kind())
		if host.Role == cluster.RoleNode {
			host.EPMDPort = cmp.Or(host.EPMDPort, int(port.ValueInt64()))
		}
		mem.Hosts[id] = host
	}
}

// keepCookie lets a cluster whose cookie is no longer given keep the one that it
// has, as if it had been generated.
func (mem *clusterMemory) keepCookie(planned, state clusterModel) {
	if planned.given().IsNull() && known(state.Cookie) {
		mem.Secrets.Cookie = state.Cookie.ValueString()
	}
}

// forgetCookie lets go of a cookie that was generated, once the nodes have one that
// no state is to know.
func (mem *clusterMemory) forgetCookie(m clusterModel) {
	if !m.CookieWO.IsNull() {
		mem.Secrets.Cookie = ""
	}
}

// checkCookie refuses a cookie that is not the one which the cluster is to have.
func (m clusterModel) checkCookie(state clusterModel, mem clusterMemory) diag.Diagnostics {
	wanted := mem.Secrets.WantedCookie
	same := wanted == "" || wanted == hostconfig.CookiePart(m.CookieWO.ValueString())
	diags := m.checkLost(state.givenCookie)
	return append(diags, m.checkVersion(state.givenCookie, same, state.CookieFingerprint.ValueString())...)
}
