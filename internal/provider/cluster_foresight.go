package provider

import (
	"context"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
	"github.com/beamcluster/terraform-provider-beam/internal/plan"
)

// foresee asks what an apply would do: what it must not do and what the account
// cannot have are errors, what happens to running hosts is told, and what stays
// is known. Without a difference nobody is asked.
func (p *clusterPlan) foresee(ctx context.Context, spec cluster.Spec, in tfsdk.Plan) diag.Diagnostics {
	if p.create {
		p.model.promiseNames(spec)
	}
	if p.account.unknown || !p.foreseeable() {
		return nil
	}
	settled, diags := p.settled(ctx, spec)
	eng := p.account.need(&diags)
	if diags.HasError() {
		return diags
	}
	var replaced []cluster.Memory
	if p.create {
		replaced = p.account.seen.of(spec.Name)
	}
	steps, observed, err := eng.Diff(ctx, settled, p.mem.Memory, idsOf(replaced)...)
	if err != nil {
		return append(diags, failures(ctx, in, "Cannot look at the cluster", err)...)
	}
	diags.Append(report(ctx, in, steps.Refusals)...)
	diags.Append(p.unreadSecrets(settled, steps)...)
	if diags.HasError() {
		return diags
	}
	diags.Append(warnOfReplacement(spec.Name, observed.Others, replaced)...)
	if p.create || !p.unknown {
		diags.Append(p.checkAccount(ctx, settled, in, steps, observed)...)
	}
	ahead := foresee(settled, p.mem.Memory, steps, observed, p.sizes)
	if p.create {
		p.promiseNew(ctx, ahead)
		return diags
	}
	diags.Append(p.tell(settled, steps)...)
	p.promise(ctx, ahead)
	return diags
}

// foreseeable says that there is something to foresee, and that enough is known
// of it: what the cluster is called and which pools it has.
func (p *clusterPlan) foreseeable() bool {
	return (p.create || p.differs()) && known(p.model.Name) && known(p.model.NodePools)
}

// settled is the spec as far as it is known. What is not known yet of a cluster
// that exists is taken to stay as it is.
func (p *clusterPlan) settled(ctx context.Context, spec cluster.Spec) (cluster.Spec, diag.Diagnostics) {
	if p.create || !p.unknown {
		return spec, nil
	}
	settled := p.model
	settled.settle(ctx, p.state)
	return settled.spec(ctx)
}

// settle puts the state's value in the place of what is not known yet.
func (m *clusterModel) settle(ctx context.Context, state clusterModel) {
	m.settleCertificate(ctx, state)
	settle(ctx, &m.Region, state.Region)
	settle(ctx, &m.Image, state.Image)
	settle(ctx, &m.SSHKeys, state.SSHKeys)
	settle(ctx, &m.Cookie, state.Cookie)
	settle(ctx, &m.CookieWOVersion, state.CookieWOVersion)
	settle(ctx, &m.NodePools, state.NodePools)
	settle(ctx, &m.Release, state.Release)
	settle(ctx, &m.Environment, state.Environment)
	settle(ctx, &m.LoadBalancer, state.LoadBalancer)
	settle(ctx, &m.Database, state.Database)
	settle(ctx, &m.Access, state.Access)
	settle(ctx, &m.Management, state.Management)
	settle(ctx, &m.WaitFor, state.WaitFor)
	settle(ctx, &m.Update, state.Update)
	settle(ctx, &m.Network, state.Network)
	settle(ctx, &m.Distribution, state.Distribution)
	settle(ctx, &m.Host, state.Host)
	settle(ctx, &m.Tags, state.Tags)
	settle(ctx, &m.ProjectID, state.ProjectID)
	settle(ctx, &m.Monitoring, state.Monitoring)
}

// settleCertificate does so for the load balancer's certificate alone, as when it is
// renewed: the rest of the load balancer is known.
func (m *clusterModel) settleCertificate(ctx context.Context, state clusterModel) {
	var diags diag.Diagnostics // both were decoded before
	balancer := read[loadBalancerModel](ctx, state.LoadBalancer, &diags)
	if balancer == nil {
		return
	}
	was := read[tlsModel](ctx, balancer.TLS, &diags)
	if was == nil {
		return
	}
	edit(ctx, &m.LoadBalancer, &diags, func(lb *loadBalancerModel) {
		edit(ctx, &lb.TLS, &diags, func(tls *tlsModel) {
			if tls.CertificatePEM.IsUnknown() || tls.PrivateKeyPEM.IsUnknown() {
				tls.CertificatePEM, tls.PrivateKeyPEM = was.CertificatePEM, was.PrivateKeyPEM
			}
		})
	})
}

func settle[T attr.Value](ctx context.Context, v *T, was T) {
	if unknownIn(ctx, *v) {
		*v = was
	}
}

// tell says which running hosts change.
func (p *clusterPlan) tell(spec cluster.Spec, steps plan.Plan) diag.Diagnostics {
	var diags diag.Diagnostics
	if text := steps.Summary(); text != "" && !p.unknown {
		diags.AddWarning("Hosts of cluster "+spec.Name+" that change", join(text, p.unreached(spec, steps), p.keptKeys(spec, steps)))
	}
	if text := p.kept(spec, steps); text != "" && steps.Summary() == "" {
		diags.AddWarning("Hosts of cluster "+spec.Name+" that do not change", text)
	}
	return diags
}

// kept says what hosts that run keep, since only DigitalOcean tells it to a host
// when it is made.
func (p *clusterPlan) kept(spec cluster.Spec, steps plan.Plan) string {
	texts := []string{p.keptKeys(spec, steps)}
	if slices.ContainsFunc(p.changes, func(c change) bool { return c.under("monitoring") }) {
		texts = append(texts, "Hosts that run keep their agent for graphs and alerts, or go on without; those that are made from now on follow monitoring.")
	}
	return join(texts...)
}

// keptKeys says which hosts that run keep their SSH keys where others are named,
// since nobody can tell them.
func (p *clusterPlan) keptKeys(spec cluster.Spec, steps plan.Plan) string {
	if !slices.ContainsFunc(p.changes, func(c change) bool { return c.under("ssh_keys") }) {
		return ""
	}
	if !spec.Manages(p.mem.Memory) {
		return "Hosts that run keep the SSH keys that they were made with; those that are made from now on get the new ones."
	}
	removed, names := steps.Removed(), []string{}
	for _, host := range p.mem.Hosts {
		if host.KeepsKeys() && !slices.Contains(removed, host.Name) {
			names = append(names, host.Name)
		}
	}
	if len(names) == 0 {
		return ""
	}
	slices.Sort(names)
	return "These hosts cannot be told of SSH keys, and keep those that they were made with until they are made anew for something else: " + strings.Join(names, ", ") + "."
}

// unreached says why hosts are made anew that could be told otherwise.
func (p *clusterPlan) unreached(spec cluster.Spec, steps plan.Plan) string {
	removed := steps.Removed()
	replaced := slices.ContainsFunc(steps.Made(), func(name string) bool { return slices.Contains(removed, name) })
	if !replaced || spec.Manages(p.mem.Memory) {
		return ""
	}
	if spec.Management.Enabled {
		return "Hosts that run were made without the management channel and cannot be told of a change. They are replaced; their successors have the channel."
	}
	return "The management channel is off: hosts that run cannot be told of a change, nor restart with it, and are replaced instead."
}

// rotation refuses a cookie that is made by this very apply where running nodes
// cannot be told of it: the plan would be carried out up to where the cluster is
// to take the cookie, with the old one gone by then.
func (p *clusterPlan) rotation() diag.Diagnostics {
	var diags diag.Diagnostics
	if p.create || p.managed() || !p.model.undecided(p.state.givenCookie) || p.mem.Imported && p.state.given().IsNull() {
		return nil
	}
	diags.AddAttributeError(path.Root("cookie"), "Cookie cannot be rotated",
		"This plan has another cookie, which is only known after apply, and the nodes of this cluster have no management channel over which they could be told of it. "+
			"Set back what makes a new cookie, such as keepers, format or length of the erlang_cookie or beam_cookie that it comes from. "+
			"To rotate it, set up the channel first, in an apply of its own: management = { enabled = true }, and the addresses that Terraform runs at in management.from.")
	return diags
}

func idsOf(memories []cluster.Memory) []string {
	var ids []string
	for _, mem := range memories {
		ids = append(ids, mem.ID)
	}
	return ids
}

// unknownIn says that the value, or something in it, is not known yet.
func unknownIn(ctx context.Context, v attr.Value) bool {
	raw, err := v.ToTerraformValue(ctx)
	return err != nil || !raw.IsFullyKnown()
}
