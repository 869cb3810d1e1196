package provider

import (
	"context"
	"fmt"
	"strconv"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/identityschema"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/beamcluster/terraform-provider-beam/internal/cookie"
)

// An identity is what tells an object from others of its kind, and what it is
// imported by. Terraform keeps it beside the state from 1.12 on.

type clusterIdentity struct {
	Name types.String `tfsdk:"name"`
}

type nodeIdentity struct {
	DropletID types.Int64 `tfsdk:"droplet_id"`
}

// cookieIdentity has the source for an import alone: the cookie itself must not be
// part of what shows.
type cookieIdentity struct {
	Fingerprint types.String `tfsdk:"fingerprint"`
	Source      types.String `tfsdk:"source"`
}

// IdentitySchema implements resource.ResourceWithIdentity.
func (r *clusterResource) IdentitySchema(_ context.Context, _ resource.IdentitySchemaRequest, resp *resource.IdentitySchemaResponse) {
	resp.IdentitySchema = identityschema.Schema{Attributes: map[string]identityschema.Attribute{
		"name": identityschema.StringAttribute{RequiredForImport: true, Description: "The name of the cluster."},
	}}
}

// IdentitySchema implements resource.ResourceWithIdentity.
func (r *nodeResource) IdentitySchema(_ context.Context, _ resource.IdentitySchemaRequest, resp *resource.IdentitySchemaResponse) {
	resp.IdentitySchema = identityschema.Schema{Attributes: map[string]identityschema.Attribute{
		"droplet_id": identityschema.Int64Attribute{RequiredForImport: true, Description: "The id of the droplet."},
	}}
}

// IdentitySchema implements resource.ResourceWithIdentity.
func (r *cookieResource) IdentitySchema(_ context.Context, _ resource.IdentitySchemaRequest, resp *resource.IdentitySchemaResponse) {
	resp.IdentitySchema = identityschema.Schema{Attributes: map[string]identityschema.Attribute{
		"fingerprint": identityschema.StringAttribute{RequiredForImport: true, Description: "The first 12 hex digits of the cookie's SHA-256."},
		"source": identityschema.StringAttribute{
			OptionalForImport: true,
			Description:       "Where an import finds the cookie: env:NAME in an environment variable, or file:PATH in a file. An import needs it.",
		},
	}}
}

// importedName is the name of the cluster that an import means.
func importedName(ctx context.Context, req resource.ImportStateRequest) (string, diag.Diagnostics) {
	if req.ID != "" || req.Identity == nil {
		return req.ID, nil
	}
	var identity clusterIdentity
	diags := req.Identity.Get(ctx, &identity)
	return identity.Name.ValueString(), diags
}

// importedNode is the name or the id of the droplet that an import means.
func importedNode(ctx context.Context, req resource.ImportStateRequest) (string, diag.Diagnostics) {
	if req.ID != "" || req.Identity == nil {
		return req.ID, nil
	}
	var identity nodeIdentity
	diags := req.Identity.Get(ctx, &identity)
	return strconv.FormatInt(identity.DropletID.ValueInt64(), 10), diags
}

// cookieOf finds the cookie of an import by identity.
func cookieOf(identity cookieIdentity) (string, error) {
	if identity.Source.ValueString() == "" {
		return "", fmt.Errorf("the identity does not say where the cookie with the fingerprint %s is; set source to env:NAME or file:PATH", identity.Fingerprint.ValueString())
	}
	value, elsewhere, err := cookieFrom(identity.Source.ValueString())
	switch {
	case err != nil:
		return "", err
	case !elsewhere:
		return "", fmt.Errorf("the source of the identity is neither env:NAME nor file:PATH")
	case cookie.Fingerprint(value) != identity.Fingerprint.ValueString():
		return "", fmt.Errorf("%s has a cookie with the fingerprint %s, and the identity says %s",
			identity.Source.ValueString(), cookie.Fingerprint(value), identity.Fingerprint.ValueString())
	}
	return value, nil
}
