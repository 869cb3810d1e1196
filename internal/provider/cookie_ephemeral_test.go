package provider

import (
	"fmt"
	"os"
	"regexp"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/ephemeral"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-testing/compare"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/beamcluster/terraform-provider-beam/internal/cookie"
)

// drawCookies adds an ephemeral cookie of each kind, and a resource that writes them
// down for the test, each with what the provider's function makes of it.
func drawCookies(step *resource.TestStep) {
	step.Config += "resource \"echo\" \"cookie\" {}\n"
	var echoed string
	for name, want := range map[string]struct {
		arguments, shape string
		bits             float64
	}{
		"beam": {"", `^[A-Za-z0-9]{32}$`, cookie.EntropyBits(cookie.Alphanumeric, 32)},
		"otp":  {`format = "otp"`, `^[A-Z]{20}$`, cookie.EntropyBits(cookie.OTP, 20)},
		"long": {`length = 64`, `^[A-Za-z0-9]{64}$`, cookie.EntropyBits(cookie.Alphanumeric, 64)},
	} {
		data := func(which, attribute string) tfjsonpath.Path {
			return at("data").AtMapKey(which).AtMapKey(attribute)
		}
		step.Config += fmt.Sprintf("ephemeral \"beam_cookie\" %q {\n%s\n}\n", name, want.arguments)
		echoed += fmt.Sprintf("    %[1]s = merge(ephemeral.beam_cookie.%[1]s, { told = provider::beam::cookie_fingerprint(ephemeral.beam_cookie.%[1]s.value) })\n", name)
		step.ConfigStateChecks = append(step.ConfigStateChecks,
			statecheck.ExpectKnownValue("echo.cookie", data(name, "value"), knownvalue.StringRegexp(regexp.MustCompile(want.shape))),
			statecheck.ExpectKnownValue("echo.cookie", data(name, "entropy_bits"), knownvalue.Float64Exact(want.bits)),
			statecheck.CompareValuePairs("echo.cookie", data(name, "fingerprint"), "echo.cookie", data(name, "told"), compare.ValuesSame()),
		)
	}
	step.Config += "provider \"echo\" {\n  data = {\n" + echoed + "  }\n}\n"
}

func TestEphemeralCookieRefusesWhatCannotBeGenerated(t *testing.T) {
	t.Parallel()
	var resp ephemeral.SchemaResponse
	(&cookieEphemeral{}).Schema(t.Context(), ephemeral.SchemaRequest{}, &resp)
	checked, err := NewServer("test", os.Getenv).ValidateEphemeralResourceConfig(t.Context(), &tfprotov6.ValidateEphemeralResourceConfigRequest{
		TypeName: "beam_cookie", Config: wire(t, ofJSON(t, object{"length": 10}, resp.Schema.Type().TerraformType(t.Context()))),
	})
	if err != nil {
		t.Fatal(err)
	}
	inOrder(t, tell(checked.Diagnostics), "10 characters")
}
