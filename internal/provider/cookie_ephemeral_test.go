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

// One run of Terraform draws a cookie of each kind, and a provider writes them down
// for the test.
func TestAccEphemeralCookie(t *testing.T) {
	t.Parallel()
	testtool.RequireVersion(t, testtool.Terraform(t), "1.10.0", "1.11.0")
	servers := maps.Clone(factories())
	servers["echo"] = echoprovider.NewProviderServer()
	step := resource.TestStep{Config: "resource \"echo\" \"cookie\" {}\n"}
	var echoed string
	var checks []resource.TestCheckFunc
	for name, want := range map[string]struct {
		arguments, shape string
		bits             float64
	}{
		"beam": {"", `^[A-Za-z0-9]{32}$`, cookie.EntropyBits(cookie.Alphanumeric, 32)},
		"otp":  {`format = "otp"`, `^[A-Z]{20}$`, cookie.EntropyBits(cookie.OTP, 20)},
		"long": {`length = 64`, `^[A-Za-z0-9]{64}$`, cookie.EntropyBits(cookie.Alphanumeric, 64)},
	} {
		data := func(attribute string) tfjsonpath.Path {
			return tfjsonpath.New("data").AtMapKey(name).AtMapKey(attribute)
		}
		step.Config += fmt.Sprintf("ephemeral \"beam_cookie\" %q {\n%s\n}\n", name, want.arguments)
		echoed += fmt.Sprintf("    %s = ephemeral.beam_cookie.%s\n", name, name)
		step.ConfigStateChecks = append(step.ConfigStateChecks,
			statecheck.ExpectKnownValue("echo.cookie", data("value"), knownvalue.StringRegexp(regexp.MustCompile(want.shape))),
			statecheck.ExpectKnownValue("echo.cookie", data("entropy_bits"), knownvalue.Float64Exact(want.bits)),
		)
		checks = append(checks, func(state *terraform.State) error {
			drawn := state.RootModule().Resources["echo.cookie"].Primary.Attributes
			if want := cookie.Fingerprint(drawn["data."+name+".value"]); drawn["data."+name+".fingerprint"] != want {
				return fmt.Errorf("the fingerprint of %s is %s, want %s", name, drawn["data."+name+".fingerprint"], want)
			}
			return nil
		})
	}
	step.Config += "provider \"echo\" {\n  data = {\n" + echoed + "  }\n}\n"
	step.Check = resource.ComposeAggregateTestCheckFunc(checks...)
	resource.UnitTest(t, resource.TestCase{ProtoV6ProviderFactories: servers, Steps: []resource.TestStep{step}})
}

func TestEphemeralCookieRefusesWhatCannotBeGenerated(t *testing.T) {
	t.Parallel()
	config := "ephemeral \"beam_cookie\" \"chat\" {\n  length = 10\n}\n"
	runSince(t, "1.10.0", "1.11.0", resource.TestStep{Config: config, ExpectError: spaced("10 characters")})
}
