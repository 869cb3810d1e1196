package provider

import (
	"fmt"
	"math"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/beamcluster/terraform-provider-beam/internal/digitalocean"
	"github.com/beamcluster/terraform-provider-beam/internal/hostconfig"
)

// providerModel is the provider's configuration.
type providerModel struct {
	Token             types.String  `tfsdk:"token"`
	APIEndpoint       types.String  `tfsdk:"api_endpoint"`
	RequestsPerSecond types.Float64 `tfsdk:"requests_per_second"`
	HTTPRetryMax      types.Int64   `tfsdk:"http_retry_max"`
	HTTPRetryWaitMin  types.Float64 `tfsdk:"http_retry_wait_min"`
	HTTPRetryWaitMax  types.Float64 `tfsdk:"http_retry_wait_max"`
}

const defaultEndpoint = "https://api.digitalocean.com"

// unknown says that the configuration hangs on something that is not known
// before apply.
func (m providerModel) unknown() bool {
	for _, v := range []attr.Value{
		m.Token, m.APIEndpoint, m.RequestsPerSecond, m.HTTPRetryMax, m.HTTPRetryWaitMin, m.HTTPRetryWaitMax,
	} {
		if v.IsUnknown() {
			return true
		}
	}
	return false
}

// settings are the configuration, else the environment, else the default.
func (m providerModel) settings(env func(string) string) (digitalocean.Config, diag.Diagnostics) {
	s := settings{env: env}
	config := digitalocean.Config{
		Token:             s.token(m.Token),
		Endpoint:          s.endpoint(m.APIEndpoint),
		RequestsPerSecond: s.number(m.RequestsPerSecond, 0, "requests_per_second", "DIGITALOCEAN_REQUESTS_PER_SECOND"),
		RetryMax:          s.retryMax(m.HTTPRetryMax),
		RetryWaitMin:      s.seconds(m.HTTPRetryWaitMin, 1, "http_retry_wait_min", "DIGITALOCEAN_HTTP_RETRY_WAIT_MIN"),
		RetryWaitMax:      s.seconds(m.HTTPRetryWaitMax, 30, "http_retry_wait_max", "DIGITALOCEAN_HTTP_RETRY_WAIT_MAX"),
	}
	if config.RetryWaitMax < config.RetryWaitMin {
		s.wrong("http_retry_wait_max", fmt.Sprintf("The longest wait, %s, is below the shortest, %s. Raise http_retry_wait_max or lower http_retry_wait_min.",
			config.RetryWaitMax, config.RetryWaitMin))
	}
	return config, s.diags
}

// settings collects what is wrong while values are read.
type settings struct {
	env   func(string) string
	diags diag.Diagnostics
}

func (s *settings) wrong(attribute, detail string) {
	s.diags.AddAttributeError(path.Root(attribute), "Invalid "+attribute, detail)
}

func (s *settings) text(value types.String, fallback string, variables ...string) string {
	if !value.IsNull() {
		return value.ValueString()
	}
	for _, variable := range variables {
		if text := s.env(variable); text != "" {
			return text
		}
	}
	return fallback
}

// token leaves out spaces and line breaks around it: tokens are often read from
// files.
func (s *settings) token(value types.String) string {
	token := strings.TrimSpace(s.text(value, "", "DIGITALOCEAN_TOKEN", "DIGITALOCEAN_ACCESS_TOKEN"))
	if strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r > '~' }) {
		s.wrong("token", "The token holds a space, a line break or another character that no token has. Copy it anew, without what stands around it.")
	}
	return token
}

func (s *settings) endpoint(value types.String) string {
	text := s.text(value, defaultEndpoint, "DIGITALOCEAN_API_URL")
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil || !hostconfig.IsPort(u.Port()) || strings.Trim(u.Path, "/") != "" {
		s.wrong("api_endpoint", fmt.Sprintf("The endpoint is %q. It must be http:// or https:// and a host, without a path, a user or a password, such as %q.",
			hostconfig.ArchiveURL.Show(text), defaultEndpoint))
	}
	return text
}

func (s *settings) number(value types.Float64, fallback float64, attribute, variable string) float64 {
	number := fallback
	if !value.IsNull() {
		number = value.ValueFloat64()
	} else if text := s.env(variable); text != "" {
		parsed, err := strconv.ParseFloat(text, 64)
		if err != nil {
			s.wrong(attribute, fmt.Sprintf("%s is %q in the environment. It must be a number.", variable, text))
			return fallback
		}
		number = parsed
	}
	if number < 0 || math.IsInf(number, 0) || math.IsNaN(number) {
		s.wrong(attribute, fmt.Sprintf("%s is %v. It must be 0 or more.", attribute, number))
	}
	return number
}

// longestWait is in seconds. Much more of them would be no time.Duration.
const longestWait = 24 * 60 * 60

func (s *settings) seconds(value types.Float64, fallback float64, attribute, variable string) time.Duration {
	number := s.number(value, fallback, attribute, variable)
	if number > longestWait {
		s.wrong(attribute, fmt.Sprintf("%s is %v seconds. It must be at most %d, a day.", attribute, number, longestWait))
		number = fallback
	}
	return time.Duration(number * float64(time.Second))
}

func (s *settings) retryMax(value types.Int64) int {
	const attribute, variable, fallback = "http_retry_max", "DIGITALOCEAN_HTTP_RETRY_MAX", 4
	number := int64(fallback)
	if !value.IsNull() {
		number = value.ValueInt64()
	} else if text := s.env(variable); text != "" {
		parsed, err := strconv.ParseInt(text, 10, 32)
		if err != nil {
			s.wrong(attribute, fmt.Sprintf("%s is %q in the environment. It must be a whole number.", variable, text))
			return fallback
		}
		number = parsed
	}
	if number < 0 {
		s.wrong(attribute, fmt.Sprintf("http_retry_max is %d. It must be 0 or more.", number))
	}
	return int(number)
}
