package engine

import (
	"context"
	"errors"
	"net/http"

	"github.com/beamcluster/terraform-provider-beam/internal/digitalocean"
)

// Advice says what the error means and what to do about it, where the error does
// not say so itself, and whether an apply that is run again goes on.
func Advice(err error) (remedy string, resumes bool) {
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return "This took longer than timeouts allows. Allow more time there if need be.", true
	case errors.Is(err, context.Canceled):
		return "It was interrupted.", true
	}
	switch status := digitalocean.Status(err); {
	case status == http.StatusUnauthorized:
		return "The token was refused. Check the provider's token, or DIGITALOCEAN_TOKEN in the environment: it may be mistyped, expired or revoked.", false
	case digitalocean.OverLimit(err):
		return "The account has reached a limit. Remove what is not needed, or ask DigitalOcean to raise the limit.", false
	case status == http.StatusForbidden:
		return "The token may not do this. Give it the scopes that the provider's documentation lists, or use one with full access.", false
	case status == http.StatusNotFound:
		return "Something that is named here does not exist, or belongs to another team than the token. Plan again to see what is there now.", false
	case status >= http.StatusInternalServerError:
		return "The API had a problem of its own; status.digitalocean.com may tell more.", true
	case digitalocean.Unanswered(err):
		return "The API cannot be reached, or does not answer as it should. Check the network, proxies, and api_endpoint; status.digitalocean.com may tell more.", true
	case status != 0:
		return "Change what DigitalOcean refuses, or ask its support about the request.", false
	}
	return "", false
}
