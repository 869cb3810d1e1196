package provider

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/beamcluster/terraform-provider-beam/internal/cookie"
)

// movable are the resource types whose value can become a cookie: the end of
// the provider's address, and the attribute that holds the value. It has had
// the same name in every schema version of hashicorp/random.
//
// A random_id has its bytes in four spellings; b64_url is the one that looks
// like the cookies of Elixir's documentation.
var movable = map[string]struct{ provider, attribute string }{
	"random_password": {"/hashicorp/random", "result"},
	"random_string":   {"/hashicorp/random", "result"},
	"random_id":       {"/hashicorp/random", "b64_url"},
}

// MoveState implements resource.ResourceWithMoveState.
func (r *cookieResource) MoveState(ctx context.Context) []resource.StateMover {
	var schema resource.SchemaResponse
	r.Schema(ctx, resource.SchemaRequest{}, &schema)
	return []resource.StateMover{
		{StateMover: moveFromRandom},
		{SourceSchema: &schema.Schema, StateMover: moveBetweenNames},
	}
}

// moveFromRandom takes the value of a resource of hashicorp/random over
// unchanged.
func moveFromRandom(ctx context.Context, req resource.MoveStateRequest, resp *resource.MoveStateResponse) {
	from, known := movable[req.SourceTypeName]
	if !known || !strings.HasSuffix(req.SourceProviderAddress, from.provider) {
		return
	}
	value, err := stringAttribute(req.SourceRawState.JSON, from.attribute)
	if err != nil {
		resp.Diagnostics.AddError("Cannot move the cookie", fmt.Sprintf("The state of the %s cannot be read: %s", req.SourceTypeName, asSentence(err.Error())))
		return
	}
	if err := cookie.Check(value); err != nil {
		resp.Diagnostics.AddError("Cannot move the cookie",
			fmt.Sprintf("The %s of the %s cannot be a cookie. %s Remove the moved block and let the resource make a new cookie.",
				from.attribute, req.SourceTypeName, asSentence(err.Error())))
		return
	}
	resp.Diagnostics.Append(resp.TargetState.Set(ctx, foreignCookie(value))...)
}

func stringAttribute(state []byte, name string) (string, error) {
	var attributes map[string]any
	if err := json.Unmarshal(state, &attributes); err != nil {
		return "", fmt.Errorf("it is not JSON: %w", err)
	}
	value, ok := attributes[name].(string)
	if !ok {
		return "", fmt.Errorf("it has no %s", name)
	}
	return value, nil
}

// moveBetweenNames moves erlang_cookie to beam_cookie and back.
func moveBetweenNames(ctx context.Context, req resource.MoveStateRequest, resp *resource.MoveStateResponse) {
	own := req.SourceTypeName == "erlang_cookie" || req.SourceTypeName == "beam_cookie"
	if !own || !strings.HasSuffix(req.SourceProviderAddress, "/beam") || req.SourceState == nil {
		return
	}
	var model cookieModel
	resp.Diagnostics.Append(req.SourceState.Get(ctx, &model)...)
	if resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(resp.TargetState.Set(ctx, model)...)
}
