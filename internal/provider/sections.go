package provider

import (
	"context"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
	"github.com/beamcluster/terraform-provider-beam/internal/hostconfig"
)

// The nested attributes that beam_cluster and beam_node share, their defaults
// and what they mean for the cluster.

const (
	defaultImage = "debian-13-x64"
	defaultSize  = "s-1vcpu-1gb"
)

// releaseModel is what nodes run.
type releaseModel struct {
	Name     types.String `tfsdk:"name"`
	URL      types.String `tfsdk:"url"`
	SHA256   types.String `tfsdk:"sha256"`
	Headers  types.Map    `tfsdk:"headers"`
	Kind     types.String `tfsdk:"kind"`
	Port     types.Int64  `tfsdk:"port"`
	Migrate  types.String `tfsdk:"migrate"`
	ReadOnly types.Bool   `tfsdk:"read_only"`
	Service  types.Object `tfsdk:"service"`
	UDPPorts types.Set    `tfsdk:"udp_ports"`
	Path     types.String `tfsdk:"path"`
	Keep     types.Int64  `tfsdk:"keep"`
	Triggers types.Map    `tfsdk:"triggers"`
}

// resolve leaves the SHA-256 of a file to the plan, which may read it.
func (m *releaseModel) resolve(ctx context.Context, diags *diag.Diagnostics) {
	defaultString(&m.Kind, cluster.KindMix)
	defaultInt(&m.Port, cluster.DefaultHTTPPort)
	defaultBool(&m.ReadOnly, false)
	defaultSet(&m.UDPPorts)
	ensure(ctx, &m.Service)
	edit(ctx, &m.Service, diags, (*serviceModel).resolve)
	defaultInt(&m.Keep, hostconfig.DefaultKeep)
	if m.SHA256.IsNull() && m.Path.IsUnknown() {
		m.SHA256 = types.StringUnknown()
	}
}

func releaseOf(ctx context.Context, obj types.Object, diags *diag.Diagnostics) *cluster.Release {
	m := read[releaseModel](ctx, obj, diags)
	if m == nil {
		return nil
	}
	return &cluster.Release{
		Name: m.Name.ValueString(), URL: m.URL.ValueString(), SHA256: m.SHA256.ValueString(), Headers: textMap(m.Headers),
		Kind: m.Kind.ValueString(), Port: int(m.Port.ValueInt64()), Migrate: m.Migrate.ValueString(), ReadOnly: m.ReadOnly.ValueBool(),
		Service: serviceOf(ctx, m.Service, diags), UDPPorts: sortedTexts(m.UDPPorts),
		Path: m.Path.ValueString(), Keep: int(m.Keep.ValueInt64()), Triggers: textMap(m.Triggers),
	}
}

// releaseName is the name inside a release that may be null or unknown.
func releaseName(obj types.Object) types.String {
	if obj.IsUnknown() {
		return types.StringUnknown()
	}
	name, is := obj.Attributes()["name"].(types.String)
	if !is {
		return types.StringNull()
	}
	return name
}

type distributionModel struct {
	EPMDPort      types.Int64  `tfsdk:"epmd_port"`
	PortMin       types.Int64  `tfsdk:"port_min"`
	PortMax       types.Int64  `tfsdk:"port_max"`
	Basename      types.String `tfsdk:"basename"`
	Sync          types.String `tfsdk:"sync"`
	SyncTimeoutMS types.Int64  `tfsdk:"sync_timeout_ms"`
}

// resolve names nodes after the release, else after the cluster.
func (m *distributionModel) resolve(release, clusterName types.String) {
	defaultInt(&m.EPMDPort, cluster.DefaultEPMDPort)
	defaultInt(&m.PortMin, cluster.DefaultPortMin)
	defaultInt(&m.PortMax, cluster.DefaultPortMax)
	inherit(&m.Basename, release)
	inherit(&m.Basename, clusterName)
	defaultString(&m.Sync, cluster.SyncOptional)
	defaultInt(&m.SyncTimeoutMS, 30000)
}

func distributionOf(ctx context.Context, obj types.Object, diags *diag.Diagnostics) cluster.Distribution {
	m := read[distributionModel](ctx, obj, diags)
	if m == nil {
		return cluster.Distribution{}
	}
	return cluster.Distribution{
		EPMDPort: int(m.EPMDPort.ValueInt64()), PortMin: int(m.PortMin.ValueInt64()), PortMax: int(m.PortMax.ValueInt64()),
		Basename: m.Basename.ValueString(), Sync: m.Sync.ValueString(), SyncTimeoutMS: int(m.SyncTimeoutMS.ValueInt64()),
	}
}

type hostModel struct {
	User               types.String `tfsdk:"user"`
	Locale             types.String `tfsdk:"locale"`
	SwapMiB            types.Int64  `tfsdk:"swap_mib"`
	Packages           types.Set    `tfsdk:"packages"`
	Toolchain          types.Set    `tfsdk:"toolchain"`
	UnattendedUpgrades types.Bool   `tfsdk:"unattended_upgrades"`
	Fail2ban           types.Bool   `tfsdk:"fail2ban"`
	SSHPort            types.Int64  `tfsdk:"ssh_port"`
	broughtModel
}

func (m *hostModel) resolve(ctx context.Context, diags *diag.Diagnostics) {
	defaultString(&m.User, "deploy")
	defaultString(&m.Locale, "en_US.UTF-8")
	defaultInt(&m.SwapMiB, 2048)
	defaultSet(&m.Packages)
	defaultSet(&m.Toolchain)
	defaultBool(&m.UnattendedUpgrades, true)
	defaultBool(&m.Fail2ban, true)
	defaultInt(&m.SSHPort, cluster.DefaultSSHPort)
	m.broughtModel.resolve(ctx, diags)
}

func hostOf(ctx context.Context, obj types.Object, diags *diag.Diagnostics) cluster.Host {
	m := read[hostModel](ctx, obj, diags)
	if m == nil {
		return cluster.Host{}
	}
	return cluster.Host{
		User: m.User.ValueString(), Locale: m.Locale.ValueString(), SwapMiB: int(m.SwapMiB.ValueInt64()),
		Packages: sortedTexts(m.Packages), Toolchain: sortedTexts(m.Toolchain),
		UnattendedUpgrades: m.UnattendedUpgrades.ValueBool(), Fail2ban: m.Fail2ban.ValueBool(), SSHPort: int(m.SSHPort.ValueInt64()),
		Brought: m.brought(ctx, diags),
	}
}

// resolveShared fills in the defaults of the two.
func resolveShared(ctx context.Context, release types.Object, distribution, host *types.Object, clusterName types.String, diags *diag.Diagnostics) {
	ensure(ctx, distribution)
	ensure(ctx, host)
	name := releaseName(release)
	edit(ctx, distribution, diags, func(m *distributionModel) { m.resolve(name, clusterName) })
	edit(ctx, host, diags, func(m *hostModel) { m.resolve(ctx, diags) })
}

// placeModel is where and on what a host runs.
type placeModel struct {
	Region types.String `tfsdk:"region"`
	Size   types.String `tfsdk:"size"`
	Image  types.String `tfsdk:"image"`
}

// resolve takes the defaults for every host where the host has none.
func (m *placeModel) resolve(region, image types.String) {
	inherit(&m.Region, region)
	defaultString(&m.Size, defaultSize)
	inherit(&m.Image, image)
}

func (m placeModel) place() cluster.Place {
	return cluster.Place{Region: m.Region.ValueString(), Size: m.Size.ValueString(), Image: m.Image.ValueString()}
}

func placeOf(p cluster.Place) placeModel {
	return placeModel{Region: textOrNull(p.Region), Size: textOrNull(p.Size), Image: textOrNull(p.Image)}
}

// mostly returns the value that most places have, the first in the alphabet of
// several: what a configuration would name as the default for every host.
func mostly(places []cluster.Place, of func(cluster.Place) string) string {
	counts := map[string]int{}
	var values []string
	for _, p := range places {
		counts[of(p)]++
		values = append(values, of(p))
	}
	slices.Sort(values)
	best := ""
	for _, v := range values {
		if counts[v] > counts[best] {
			best = v
		}
	}
	return best
}
