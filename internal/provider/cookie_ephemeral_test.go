package provider

import (
	"fmt"
	"maps"
	"regexp"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/echoprovider"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/beamcluster/terraform-provider-beam/internal/cookie"
	"github.com/beamcluster/terraform-provider-beam/internal/testtool"
)

// echoed is an ephemeral cookie, and a provider that writes it down for the test.
func echoed(arguments string) string {
	return `
ephemeral "beam_cookie" "chat" {
` + arguments + `
}

provider "echo" {
  data = ephemeral.beam_cookie.chat
}

resource "echo" "cookie" {}
`
}

func TestAccEphemeralCookie(t *testing.T) {
	t.Parallel()
	testtool.RequireVersion(t, testtool.Terraform(t), "1.10.0", "1.11.0")
	servers := maps.Clone(factories())
	servers["echo"] = echoprovider.NewProviderServer()
	data := func(name string) tfjsonpath.Path { return tfjsonpath.New("data").AtMapKey(name) }
	for arguments, want := range map[string]struct {
		shape string
		bits  float64
	}{
		"":               {`^[A-Za-z0-9]{32}$`, cookie.EntropyBits(cookie.Alphanumeric, 32)},
		`format = "otp"`: {`^[A-Z]{20}$`, cookie.EntropyBits(cookie.OTP, 20)},
		`length = 64`:    {`^[A-Za-z0-9]{64}$`, cookie.EntropyBits(cookie.Alphanumeric, 64)},
	} {
		t.Run(arguments, func(t *testing.T) {
			t.Parallel()
			resource.UnitTest(t, resource.TestCase{
				ProtoV6ProviderFactories: servers,
				Steps: []resource.TestStep{{
					Config: echoed(arguments),
					ConfigStateChecks: []statecheck.StateCheck{
						statecheck.ExpectKnownValue("echo.cookie", data("value"), knownvalue.StringRegexp(regexp.MustCompile(want.shape))),
						statecheck.ExpectKnownValue("echo.cookie", data("entropy_bits"), knownvalue.Float64Exact(want.bits)),
					},
					Check: func(state *terraform.State) error {
						drawn := state.RootModule().Resources["echo.cookie"].Primary.Attributes
						if want := cookie.Fingerprint(drawn["data.value"]); drawn["data.fingerprint"] != want {
							return fmt.Errorf("the fingerprint is %s, want %s", drawn["data.fingerprint"], want)
						}
						return nil
					},
				}},
			})
		})
	}
}

func TestEphemeralCookieRefusesWhatCannotBeGenerated(t *testing.T) {
	t.Parallel()
	config := "ephemeral \"beam_cookie\" \"chat\" {\n  length = 10\n}\n"
	runSince(t, "1.10.0", "1.11.0", resource.TestStep{Config: config, ExpectError: spaced("10 characters")})
}
