package provider

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/beamcluster/terraform-provider-beam/internal/cookie"
)

// givenCookie are the arguments that give a beam_cluster or a beam_node its cookie.
//
// A write-only one is in the configuration alone: each plan and each apply reads it
// there, and a refresh does without. No state has it, so that nobody but the user
// can say it again; the state keeps its version, and fingerprints.
type givenCookie struct {
	Cookie          types.String `tfsdk:"cookie"`
	CookieWO        types.String `tfsdk:"cookie_wo"`
	CookieWOVersion types.Int64  `tfsdk:"cookie_wo_version"`
}

// cookieAttributes are those arguments in a schema.
func cookieAttributes(attributes map[string]schema.Attribute, described, changed string) map[string]schema.Attribute {
	attributes["cookie"] = schema.StringAttribute{
		Optional: true, Sensitive: true,
		MarkdownDescription: described + " " + changed,
		Validators:          []validator.String{notEmpty},
	}
	attributes["cookie_wo"] = schema.StringAttribute{
		Optional: true, Sensitive: true, WriteOnly: true,
		MarkdownDescription: "The same as `cookie`, for a cookie that no plan and no state is to have, such as one that Vault keeps. " +
			"It is read from the configuration in each run and must be the same in each, until `cookie_wo_version` changes. " +
			"The state keeps `cookie_wo_version` and fingerprints: hashes that tell cookies apart. Needs Terraform 1.11 or OpenTofu 1.11, or newer.",
		Validators: []validator.String{notEmpty},
	}
	attributes["cookie_wo_version"] = schema.Int64Attribute{
		Optional: true, CustomType: wholeNumber{},
		MarkdownDescription: "Any whole number, given with `cookie_wo`. Another one says that `cookie_wo` is meant to be another cookie. " + changed,
	}
	return attributes
}

// given is the cookie that is given, in whichever way; null for none.
func (c givenCookie) given() types.String {
	if c.CookieWO.IsNull() {
		return c.Cookie
	}
	return c.CookieWO
}

// undecided says that the cookie is to be another one than the state's, and is not
// known yet. A write-only one of the same version is the same.
func (c givenCookie) undecided(state givenCookie) bool {
	if c.CookieWO.IsUnknown() {
		return !c.CookieWOVersion.Equal(state.CookieWOVersion)
	}
	return c.given().IsUnknown()
}

// readWriteOnly takes from the configuration what a plan does not have.
func (c *givenCookie) readWriteOnly(ctx context.Context, config tfsdk.Config) diag.Diagnostics {
	return config.GetAttribute(ctx, path.Root("cookie_wo"), &c.CookieWO)
}

// hideWriteOnly takes out of a plan what was in it to find errors.
func hideWriteOnly(ctx context.Context, plan *tfsdk.Plan) diag.Diagnostics {
	return plan.SetAttribute(ctx, path.Root("cookie_wo"), types.StringNull())
}

// checkPair refuses arguments that do not go together. Where a cookie is required,
// there has to be one.
func (c givenCookie) checkPair(required bool) diag.Diagnostics {
	var diags diag.Diagnostics
	switch {
	case !c.Cookie.IsNull() && !c.CookieWO.IsNull():
		diags.AddAttributeError(path.Root("cookie_wo"), "Cookie given twice", "Both cookie and cookie_wo are set. Leave one of them out.")
	case c.CookieWO.IsNull() && !c.CookieWOVersion.IsNull():
		diags.AddAttributeError(path.Root("cookie_wo_version"), "Cookie missing", "cookie_wo_version is set, and cookie_wo is not. Set cookie_wo as well, or leave both out.")
	case !c.CookieWO.IsNull() && c.CookieWOVersion.IsNull():
		diags.AddAttributeError(path.Root("cookie_wo"), "Version missing",
			"cookie_wo is set, and cookie_wo_version is not: nothing could tell that the cookie is meant to be another one. Set it to 1, and to another number whenever the cookie changes.")
	case required && c.given().IsNull():
		diags.AddAttributeError(path.Root("cookie"), "Cookie missing", "Neither cookie nor cookie_wo is set, and without the cluster's cookie the node cannot join. Set one of them.")
	}
	return diags
}

// checkVersion refuses a write-only cookie that is another one than the state's,
// whose fingerprint is known to be that, while the version says that it is the same.
func (c givenCookie) checkVersion(state givenCookie, same bool, fingerprint string) diag.Diagnostics {
	if same || !known(c.CookieWO) || state.CookieWOVersion.IsNull() || !c.CookieWOVersion.Equal(state.CookieWOVersion) {
		return nil
	}
	return diag.Diagnostics{diag.NewAttributeErrorDiagnostic(path.Root("cookie_wo"), "Another cookie of the same version", fmt.Sprintf(
		"cookie_wo has the fingerprint %s, and the cookie that was applied has %s, while cookie_wo_version is %s for both. "+
			"A cookie that changes with every run, as an ephemeral beam_cookie does, has to be kept somewhere first. "+
			"Give the one that was applied, or change cookie_wo_version to have another one from now on.",
		cookie.Fingerprint(c.CookieWO.ValueString()), fingerprint, c.CookieWOVersion))}
}

// checkLost refuses to leave a write-only cookie out, for nobody else knows it.
func (c givenCookie) checkLost(state givenCookie) diag.Diagnostics {
	if state.CookieWOVersion.IsNull() || !c.given().IsNull() {
		return nil
	}
	return diag.Diagnostics{diag.NewAttributeErrorDiagnostic(path.Root("cookie"), "Cookie not known",
		"cookie_wo was given and is left out now, and no state has it: nodes that are made from now on could not join. "+
			"Give the cluster's cookie in cookie, which the state keeps from then on, or in cookie_wo.")}
}
