package provider

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/beamcluster/terraform-provider-beam/internal/digitalocean"
)

// say writes diagnostics as a user meets them.
func say(diags diag.Diagnostics) string {
	var out strings.Builder
	for _, d := range diags {
		if at, ok := d.(diag.DiagnosticWithPath); ok {
			out.WriteString(at.Path().String() + ": ")
		}
		out.WriteString(d.Summary() + ": " + d.Detail() + "\n")
	}
	return out.String()
}

func environment(variables map[string]string) func(string) string {
	return func(name string) string { return variables[name] }
}

func TestSettingsComeFromConfigurationThenEnvironmentThenDefault(t *testing.T) {
	t.Parallel()
	defaults := digitalocean.Config{
		Endpoint: "https://api.digitalocean.com", RetryMax: 4, RetryWaitMin: time.Second, RetryWaitMax: 30 * time.Second,
	}
	everything := map[string]string{
		"DIGITALOCEAN_TOKEN": "first", "DIGITALOCEAN_ACCESS_TOKEN": "second",
		"DIGITALOCEAN_API_URL": "http://127.0.0.1:8080", "DIGITALOCEAN_REQUESTS_PER_SECOND": "2.5",
		"DIGITALOCEAN_HTTP_RETRY_MAX": "7", "DIGITALOCEAN_HTTP_RETRY_WAIT_MIN": "0.5", "DIGITALOCEAN_HTTP_RETRY_WAIT_MAX": "9",
	}
	for _, tt := range []struct {
		name  string
		model providerModel
		env   map[string]string
		want  digitalocean.Config
	}{
		{"nothing", providerModel{}, nil, defaults},
		{"environment", providerModel{}, everything, digitalocean.Config{
			Token: "first", Endpoint: "http://127.0.0.1:8080", RequestsPerSecond: 2.5, RetryMax: 7,
			RetryWaitMin: 500 * time.Millisecond, RetryWaitMax: 9 * time.Second,
		}},
		{"second name of the token", providerModel{}, map[string]string{"DIGITALOCEAN_ACCESS_TOKEN": "second"}, func() digitalocean.Config {
			c := defaults
			c.Token = "second"
			return c
		}()},
		{"token from a file", providerModel{Token: types.StringValue("mine\r\n")}, nil, func() digitalocean.Config {
			c := defaults
			c.Token = "mine"
			return c
		}()},
		{"configuration", providerModel{
			Token: types.StringValue("mine"), APIEndpoint: types.StringValue("https://example.com"), RequestsPerSecond: types.Float64Value(1),
			HTTPRetryMax: types.Int64Value(0), HTTPRetryWaitMin: types.Float64Value(2), HTTPRetryWaitMax: types.Float64Value(3),
		}, everything, digitalocean.Config{
			Token: "mine", Endpoint: "https://example.com", RequestsPerSecond: 1, RetryWaitMin: 2 * time.Second, RetryWaitMax: 3 * time.Second,
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, diags := tt.model.settings(environment(tt.env))
			if diags.HasError() {
				t.Fatal(say(diags))
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("settings differ (-want +got):\n%s", diff)
			}
		})
	}
}

func TestSettingsRefused(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		model providerModel
		env   map[string]string
		want  string
	}{
		{"token with a line break", providerModel{Token: types.StringValue("dop_v1\nsecret")}, nil,
			`token: Invalid token: The token holds a space, a line break or another character that no token has. Copy it anew, without what stands around it.`},
		{"endpoint with a path", providerModel{APIEndpoint: types.StringValue("https://example.com/v2")}, nil,
			`api_endpoint: Invalid api_endpoint: The endpoint is "https://example.com/v2". It must be http:// or https:// and a host, without a path, a user or a password, such as "https://api.digitalocean.com".`},
		{"endpoint with a password", providerModel{APIEndpoint: types.StringValue("https://ann:hunter2@example.com")}, nil,
			`api_endpoint: Invalid api_endpoint: The endpoint is "https://…@example.com". It must be http:// or https:// and a host, without a path, a user or a password, such as "https://api.digitalocean.com".`},
		{"endpoint without a scheme", providerModel{}, map[string]string{"DIGITALOCEAN_API_URL": "example.com"},
			`api_endpoint: Invalid api_endpoint: The endpoint is "example.com". It must be http:// or https:// and a host, without a path, a user or a password, such as "https://api.digitalocean.com".`},
		{"negative rate", providerModel{RequestsPerSecond: types.Float64Value(-1)}, nil,
			`requests_per_second: Invalid requests_per_second: requests_per_second is -1. It must be 0 or more.`},
		{"no number", providerModel{}, map[string]string{"DIGITALOCEAN_HTTP_RETRY_WAIT_MIN": "soon"},
			`http_retry_wait_min: Invalid http_retry_wait_min: DIGITALOCEAN_HTTP_RETRY_WAIT_MIN is "soon" in the environment. It must be a number.`},
		{"no whole number", providerModel{}, map[string]string{"DIGITALOCEAN_HTTP_RETRY_MAX": "1.5"},
			`http_retry_max: Invalid http_retry_max: DIGITALOCEAN_HTTP_RETRY_MAX is "1.5" in the environment. It must be a whole number.`},
		{"negative retries", providerModel{HTTPRetryMax: types.Int64Value(-2)}, nil,
			`http_retry_max: Invalid http_retry_max: http_retry_max is -2. It must be 0 or more.`},
		{"a wait without an end", providerModel{HTTPRetryWaitMax: types.Float64Value(1e300)}, nil,
			`http_retry_wait_max: Invalid http_retry_wait_max: http_retry_wait_max is 1e+300 seconds. It must be at most 86400, a day.`},
		{"a wait without an end, from the environment", providerModel{}, map[string]string{"DIGITALOCEAN_HTTP_RETRY_WAIT_MIN": "86401"},
			`http_retry_wait_min: Invalid http_retry_wait_min: http_retry_wait_min is 86401 seconds. It must be at most 86400, a day.`},
		{"endpoint with a port that is none", providerModel{APIEndpoint: types.StringValue("https://example.com:99999")}, nil,
			`api_endpoint: Invalid api_endpoint: The endpoint is "https://example.com:99999". It must be http:// or https:// and a host, without a path, a user or a password, such as "https://api.digitalocean.com".`},
		{"waits upside down", providerModel{HTTPRetryWaitMin: types.Float64Value(40)}, nil,
			`http_retry_wait_max: Invalid http_retry_wait_max: The longest wait, 30s, is below the shortest, 40s. Raise http_retry_wait_max or lower http_retry_wait_min.`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, diags := tt.model.settings(environment(tt.env))
			if got := strings.TrimSpace(say(diags)); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}
