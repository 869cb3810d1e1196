package provider

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
)

// clusterModel is a beam_cluster as Terraform holds it. Nested attributes are
// objects, for any of them may be unknown as a whole.
type clusterModel struct {
	Name         types.String   `tfsdk:"name"`
	Region       types.String   `tfsdk:"region"`
	Image        types.String   `tfsdk:"image"`
	SSHKeys      types.List     `tfsdk:"ssh_keys"`
	NodePools    types.Map      `tfsdk:"node_pools"`
	Release      types.Object   `tfsdk:"release"`
	Environment  types.Map      `tfsdk:"environment"`
	LoadBalancer types.Object   `tfsdk:"load_balancer"`
	Database     types.Object   `tfsdk:"database"`
	Access       types.Object   `tfsdk:"access"`
	Management   types.Object   `tfsdk:"management"`
	WaitFor      types.String   `tfsdk:"wait_for"`
	Update       types.Object   `tfsdk:"update"`
	Network      types.Object   `tfsdk:"network"`
	Distribution types.Object   `tfsdk:"distribution"`
	Host         types.Object   `tfsdk:"host"`
	Tags         types.Set      `tfsdk:"tags"`
	ProjectID    types.String   `tfsdk:"project_id"`
	Monitoring   types.Bool     `tfsdk:"monitoring"`
	Timeouts     timeouts.Value `tfsdk:"timeouts"`
	givenCookie
	clusterOutputs
}

type poolModel struct {
	Count types.Int64 `tfsdk:"count"`
	placeModel
	Brought types.Object `tfsdk:"host"`
}

type accessModel struct {
	SSHFrom types.List `tfsdk:"ssh_from"`
}

type managementModel struct {
	Enabled types.Bool  `tfsdk:"enabled"`
	From    types.List  `tfsdk:"from"`
	Port    types.Int64 `tfsdk:"port"`
}

type networkModel struct {
	Mode     types.String `tfsdk:"mode"`
	VPCUUID  types.String `tfsdk:"vpc_uuid"`
	IPRanges types.Map    `tfsdk:"ip_ranges"`
}

type databaseModel struct {
	placeModel
	Name      types.String `tfsdk:"name"`
	User      types.String `tfsdk:"user"`
	VolumeGiB types.Int64  `tfsdk:"volume_gib"`
	Backups   types.Bool   `tfsdk:"backups"`

	FinalSnapshot types.Bool   `tfsdk:"final_snapshot"`
	Brought       types.Object `tfsdk:"host"`
}

type loadBalancerModel struct {
	placeModel
	Algorithm    types.String `tfsdk:"algorithm"`
	StickyCookie types.String `tfsdk:"sticky_cookie"`
	HealthCheck  types.Object `tfsdk:"health_check"`
	Stats        types.Object `tfsdk:"stats"`
	TLS          types.Object `tfsdk:"tls"`
	Brought      types.Object `tfsdk:"host"`
}

type healthCheckModel struct {
	Path       types.String `tfsdk:"path"`
	Host       types.String `tfsdk:"host"`
	IntervalMS types.Int64  `tfsdk:"interval_ms"`
	Rise       types.Int64  `tfsdk:"rise"`
	Fall       types.Int64  `tfsdk:"fall"`
}

type statsModel struct {
	Enabled types.Bool   `tfsdk:"enabled"`
	Port    types.Int64  `tfsdk:"port"`
	Path    types.String `tfsdk:"path"`
	User    types.String `tfsdk:"user"`
}

type tlsModel struct {
	CertificatePEM types.String `tfsdk:"certificate_pem"`
	PrivateKeyPEM  types.String `tfsdk:"private_key_pem"`
	ACME           types.Object `tfsdk:"acme"`
}

type acmeModel struct {
	Email     types.String `tfsdk:"email"`
	Domains   types.List   `tfsdk:"domains"`
	Directory types.String `tfsdk:"directory_url"`
}

// resolve fills every default in, so that leaving an attribute out and writing
// its default down mean the same. What a default derives from may be unknown;
// then so is the default.
func (m *clusterModel) resolve(ctx context.Context) diag.Diagnostics {
	var diags diag.Diagnostics
	defaultString(&m.Image, defaultImage)
	defaultBool(&m.Monitoring, false)
	m.resolvePools(ctx, &diags)
	edit(ctx, &m.LoadBalancer, &diags, func(lb *loadBalancerModel) { lb.resolve(ctx, m.Region, m.Image, &diags) })
	edit(ctx, &m.Database, &diags, func(db *databaseModel) {
		db.resolve(m.Name, m.Region, m.Image)
		resolveBrought(ctx, &db.Brought, &diags)
	})
	ensure(ctx, &m.Access)
	edit(ctx, &m.Access, &diags, func(a *accessModel) { defaultList(&a.SSHFrom) })
	ensure(ctx, &m.Network)
	edit(ctx, &m.Network, &diags, func(n *networkModel) { defaultString(&n.Mode, cluster.NetworkAuto) })
	edit(ctx, &m.Release, &diags, func(r *releaseModel) { r.resolve(ctx, &diags) })
	ensure(ctx, &m.Update)
	edit(ctx, &m.Update, &diags, (*updateModel).resolve)
	resolveShared(ctx, m.Release, &m.Distribution, &m.Host, m.Name, &diags)
	m.resolveManagement(ctx, &diags)
	return diags
}

// keepManagement takes over whether a cluster that exists has the management
// channel, where the configuration leaves it open. To name the first addresses
// that may reach the hosts sets it up, as in a new cluster; to name none any more
// does not take it away. The state of a new cluster is empty.
func (m *clusterModel) keepManagement(ctx context.Context, state clusterModel, diags *diag.Diagnostics) {
	made := read[managementModel](ctx, state.Management, diags)
	if made == nil || !made.Enabled.ValueBool() && m.opens(ctx, state, diags) {
		return
	}
	ensure(ctx, &m.Management)
	edit(ctx, &m.Management, diags, func(v *managementModel) {
		if v.Enabled.IsNull() {
			v.Enabled = made.Enabled
		}
	})
}

// opens says that addresses may reach the hosts, and that none could before.
func (m *clusterModel) opens(ctx context.Context, state clusterModel, diags *diag.Diagnostics) bool {
	return !m.sources(ctx, diags).Equal(types.BoolValue(false)) && state.sources(ctx, diags).Equal(types.BoolValue(false))
}

// sources says whether any address is named that may reach the hosts' SSH.
func (m *clusterModel) sources(ctx context.Context, diags *diag.Diagnostics) types.Bool {
	sshFrom, from := types.ListNull(types.StringType), types.ListNull(types.StringType)
	if access := read[accessModel](ctx, m.Access, diags); access != nil {
		sshFrom = access.SSHFrom
	}
	if management := read[managementModel](ctx, m.Management, diags); management != nil {
		from = management.From
	}
	if m.Access.IsUnknown() {
		sshFrom = types.ListUnknown(types.StringType)
	}
	if m.Management.IsUnknown() {
		from = types.ListUnknown(types.StringType)
	}
	return nameAny(sshFrom, from)
}

// resolveManagement comes after access, which it is on with, and after the
// host, whose SSH port it connects to.
func (m *clusterModel) resolveManagement(ctx context.Context, diags *diag.Diagnostics) {
	ensure(ctx, &m.Management)
	port, sshFrom := types.Int64Unknown(), types.ListUnknown(types.StringType)
	if host := read[hostModel](ctx, m.Host, diags); host != nil {
		port = host.SSHPort
	}
	if access := read[accessModel](ctx, m.Access, diags); access != nil {
		sshFrom = access.SSHFrom
	}
	edit(ctx, &m.Management, diags, func(v *managementModel) {
		defaultList(&v.From)
		if v.Enabled.IsNull() {
			v.Enabled = nameAny(sshFrom, v.From)
		}
		if v.Port.IsNull() {
			v.Port = port
		}
	})
	m.resolveWaitFor(ctx, diags)
}

func (m *clusterModel) resolveWaitFor(ctx context.Context, diags *diag.Diagnostics) {
	if !m.WaitFor.IsNull() {
		return
	}
	m.WaitFor = types.StringUnknown()
	if v := read[managementModel](ctx, m.Management, diags); v != nil {
		m.WaitFor = defaultWaitFor(v.Enabled)
	}
}

// defaultWaitFor is what an apply waits for by whether it can ask hosts.
func defaultWaitFor(managed types.Bool) types.String {
	switch {
	case managed.IsUnknown():
		return types.StringUnknown()
	case managed.ValueBool():
		return types.StringValue(cluster.WaitFormed)
	}
	return types.StringValue(cluster.WaitActive)
}

func (m *clusterModel) resolvePools(ctx context.Context, diags *diag.Diagnostics) {
	if !known(m.NodePools) {
		return
	}
	editEach(ctx, &m.NodePools, diags, func(p *poolModel) {
		defaultInt(&p.Count, 1)
		p.resolve(m.Region, m.Image)
		resolveBrought(ctx, &p.Brought, diags)
	})
}

func (lb *loadBalancerModel) resolve(ctx context.Context, region, image types.String, diags *diag.Diagnostics) {
	lb.placeModel.resolve(region, image)
	resolveBrought(ctx, &lb.Brought, diags)
	defaultString(&lb.Algorithm, "roundrobin")
	defaultString(&lb.StickyCookie, "SERVERID")
	ensure(ctx, &lb.HealthCheck)
	edit(ctx, &lb.HealthCheck, diags, func(c *healthCheckModel) {
		defaultString(&c.Path, "/")
		defaultString(&c.Host, "localhost")
		defaultInt(&c.IntervalMS, 2000)
		defaultInt(&c.Rise, 2)
		defaultInt(&c.Fall, 3)
	})
	ensure(ctx, &lb.Stats)
	edit(ctx, &lb.Stats, diags, func(s *statsModel) {
		defaultBool(&s.Enabled, true)
		defaultInt(&s.Port, cluster.DefaultStatsPort)
		defaultString(&s.Path, "/haproxy?stats")
		defaultString(&s.User, "admin")
	})
}

func (db *databaseModel) resolve(clusterName, region, image types.String) {
	db.placeModel.resolve(region, image)
	if db.Name.IsNull() {
		db.Name = clusterName
		if known(clusterName) {
			db.Name = types.StringValue(strings.ReplaceAll(clusterName.ValueString(), "-", "_"))
		}
	}
	inherit(&db.User, db.Name)
	defaultInt(&db.VolumeGiB, 10)
	defaultBool(&db.Backups, false)
	defaultBool(&db.FinalSnapshot, true)
}

// spec is what the engine builds. The model is resolved; what is unknown in it
// is empty in the spec.
func (m clusterModel) spec(ctx context.Context) (cluster.Spec, diag.Diagnostics) {
	var diags diag.Diagnostics
	spec := cluster.Spec{
		Name: m.Name.ValueString(), Cookie: m.given().ValueString(), SSHKeys: texts(m.SSHKeys),
		Pools:        m.pools(ctx, &diags),
		Release:      releaseOf(ctx, m.Release, &diags),
		Update:       updateOf(ctx, m.Update, &diags),
		Environment:  textMap(m.Environment),
		LoadBalancer: loadBalancerOf(ctx, m.LoadBalancer, &diags),
		Database:     databaseOf(ctx, m.Database, &diags),
		Distribution: distributionOf(ctx, m.Distribution, &diags),
		Host:         hostOf(ctx, m.Host, &diags),
		Tags:         sortedTexts(m.Tags),
		ProjectID:    m.ProjectID.ValueString(),
		Monitoring:   m.Monitoring.ValueBool(),
	}
	if a := read[accessModel](ctx, m.Access, &diags); a != nil {
		spec.Access.SSHFrom = texts(a.SSHFrom)
	}
	spec.WaitFor = m.WaitFor.ValueString()
	if v := read[managementModel](ctx, m.Management, &diags); v != nil {
		spec.Management = cluster.Management{Enabled: v.Enabled.ValueBool(), From: texts(v.From), Port: int(v.Port.ValueInt64())}
	}
	if n := read[networkModel](ctx, m.Network, &diags); n != nil {
		spec.Network = cluster.Network{Mode: n.Mode.ValueString(), VPCUUID: n.VPCUUID.ValueString(), IPRanges: textMap(n.IPRanges)}
	}
	return spec, diags
}

func (m clusterModel) pools(ctx context.Context, diags *diag.Diagnostics) []cluster.Pool {
	elements := m.NodePools.Elements()
	var pools []cluster.Pool
	for _, name := range slices.Sorted(maps.Keys(elements)) {
		if elements[name].IsNull() { // which checkPools refuses
			continue
		}
		pool := cluster.Pool{Name: name}
		if object, ok := elements[name].(types.Object); ok {
			if p := read[poolModel](ctx, object, diags); p != nil {
				pool.Count, pool.Place, pool.Brought = int(p.Count.ValueInt64()), p.place(), broughtOf(ctx, p.Brought, diags)
			}
		}
		pools = append(pools, pool)
	}
	return pools
}

func loadBalancerOf(ctx context.Context, obj types.Object, diags *diag.Diagnostics) *cluster.LoadBalancer {
	m := read[loadBalancerModel](ctx, obj, diags)
	if m == nil {
		return nil
	}
	lb := &cluster.LoadBalancer{
		Place: m.place(), Algorithm: m.Algorithm.ValueString(), StickyCookie: m.StickyCookie.ValueString(),
		TLS: tlsOf(ctx, m.TLS, diags), Brought: broughtOf(ctx, m.Brought, diags),
	}
	if c := read[healthCheckModel](ctx, m.HealthCheck, diags); c != nil {
		lb.HealthCheck = cluster.HealthCheck{
			Path: c.Path.ValueString(), Host: c.Host.ValueString(), IntervalMS: int(c.IntervalMS.ValueInt64()),
			Rise: int(c.Rise.ValueInt64()), Fall: int(c.Fall.ValueInt64()),
		}
	}
	if s := read[statsModel](ctx, m.Stats, diags); s != nil {
		lb.Stats = cluster.Stats{
			Enabled: s.Enabled.ValueBool(), Port: int(s.Port.ValueInt64()), Path: s.Path.ValueString(), User: s.User.ValueString(),
		}
	}
	return lb
}

func tlsOf(ctx context.Context, obj types.Object, diags *diag.Diagnostics) *cluster.TLS {
	m := read[tlsModel](ctx, obj, diags)
	if m == nil {
		return nil
	}
	tls := &cluster.TLS{CertificatePEM: m.CertificatePEM.ValueString(), PrivateKeyPEM: m.PrivateKeyPEM.ValueString()}
	if a := read[acmeModel](ctx, m.ACME, diags); a != nil {
		tls.ACME = &cluster.ACME{Email: a.Email.ValueString(), Domains: texts(a.Domains), Directory: a.Directory.ValueString()}
	}
	return tls
}

func databaseOf(ctx context.Context, obj types.Object, diags *diag.Diagnostics) *cluster.Database {
	m := read[databaseModel](ctx, obj, diags)
	if m == nil {
		return nil
	}
	return &cluster.Database{
		Place: m.place(), Name: m.Name.ValueString(), User: m.User.ValueString(),
		VolumeGiB: int(m.VolumeGiB.ValueInt64()), Backups: m.Backups.ValueBool(), FinalSnapshot: m.FinalSnapshot.ValueBool(),
		Brought: broughtOf(ctx, m.Brought, diags),
	}
}
