package beam_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/beamcluster/terraform-provider-beam/internal/beam"
	"github.com/beamcluster/terraform-provider-beam/internal/testtool"
)

func TestCheckEnvironmentSaysWhyAVariableIsRefused(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ name, value, want string }{
		"ordinary":            {"PHX_HOST", "chat.example.com", ""},
		"every awkward sign":  {"A", "'\"\\$`#;=\n\t\r \u2028é\x1b", ""},
		"empty value":         {"_a1", "", ""},
		"digit in front":      {"1A", "", "no digit in front"},
		"dash":                {"PHX-HOST", "", "letters, digits and _"},
		"empty name":          {"", "", "letters, digits and _"},
		"NUL":                 {"A", "hunter2\x00", "NUL"},
		"not UTF-8":           {"A", "hunter2\xff", "UTF-8"},
		"longer than allowed": {"A", strings.Repeat("hunter2", 20_000), "Linux allows 131071"},
		"the cookie":          {"RELEASE_COOKIE", "hunter2", "RELEASE_COOKIE is the cookie"},
		"the home folder":     {"HOME", "/hunter2", "host.user"},
		"how nodes talk":      {"ERL_AFLAGS", "-proto_dist hunter2", "ERL_AFLAGS holds -proto_dist: how nodes talk to each other"},
		"a name in Elixir's":  {"ELIXIR_ERL_OPTIONS", "+P 1000000 -sname hunter2", "holds -sname"},
		"a second cookie":     {"ERL_ZFLAGS", "-setcookie hunter2", "holds -setcookie: the cookie"},
		"flags of an OTP":     {"ERL_OTP27_FLAGS", `"-start_epmd" false`, "holds -start_epmd"},
		"kernel's parameters": {"ERL_FLAGS", "-kernel logger_level debug inet_dist_listen_min hunter2", "holds -kernel inet_dist_listen_min"},
		"away from systemd":   {"ERL_FLAGS", "+sbwt none -detached", "holds -detached: whether systemd sees the VM run"},
		"a shell of another":  {"ERL_AFLAGS", "-remsh hunter2", "holds -remsh"},
		"other flags":         {"ERL_FLAGS", "+sbwt none -kernel logger_level debug net_ticktime 30 -myapp inet_dist_x 1", ""},
		"a name elsewhere":    {"GREETING", "-name is a flag", ""},
		"epmd's other names":  {"ERL_EPMD_RELAXED_COMMAND_CHECK", "1", "a setting of epmd"},
		"a name, escaped":     {"ERL_FLAGS", `-na\me hunter2`, "holds -name"},
		"another version":     {"RELEASE_VSN", "hunter2", "which its archive says"},
		"no programs":         {"PATH", "/opt/hunter2/bin:$PATH", "PATH lacks /usr/bin"},
		"more programs":       {"PATH", "/opt/chat/bin:/usr/bin", ""},
		"a node without epmd": {"ERL_DIST_PORT", "9100", "distribution.port_min"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := beam.CheckEnvironment(test.name, test.value)
			if test.want == "" {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Fatalf("got error %v, want one with %q", err, test.want)
			}
			if strings.Contains(err.Error(), "hunter2") {
				t.Error("the error repeats the value")
			}
		})
	}
}

func TestEnvironmentFileIsSortedAndQuoted(t *testing.T) {
	t.Parallel()
	got := beam.EnvironmentFile(map[string]string{"B": "two\nlines", "A": "\"$`\\'#"})
	want := "A=\"\\\"\\$\\`\\\\'#\"\nB=\"two\nlines\"\n"
	if got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// Whatever CheckEnvironment accepts comes out of systemd as it went in.
//
// The program that reads /etc/environment.d has the tokenizer of
// EnvironmentFile= (src/basic/env-file.c) and, unlike it, expands $ in the
// value that came out. Each $ is doubled before rendering, which it turns back
// into one, so the escape that is rendered for $ is covered too.
func TestSystemdReadsEveryValueExactly(t *testing.T) {
	t.Parallel()
	const name = "BEAM_VALUE"
	generator := testtool.Require(t, "/usr/lib/systemd/user-environment-generators/30-systemd-environment-d-generator")
	config := t.TempDir()
	if err := os.Mkdir(filepath.Join(config, "environment.d"), 0o755); err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(r *rapid.T) {
		value := environmentValue().Draw(r, "value")
		if value == "" || beam.CheckEnvironment(name, value) != nil { // environment.d takes an empty value for none
			r.Skip("nothing to compare")
		}
		file := beam.EnvironmentFile(map[string]string{name: strings.ReplaceAll(value, "$", "$$")})
		if err := os.WriteFile(filepath.Join(config, "environment.d", "beam.conf"), []byte(file), 0o600); err != nil {
			r.Fatal(err)
		}
		cmd := exec.CommandContext(t.Context(), generator)
		cmd.Env = []string{"XDG_CONFIG_HOME=" + config}
		out, err := cmd.Output()
		if err != nil {
			r.Fatal(err)
		}
		if got := generated(r, string(out), name); got != value {
			r.Fatalf("systemd read %q from %q, want %q", got, file, value)
		}
	})
}

// environmentValue draws any text, with what is special to some parser often.
func environmentValue() *rapid.Generator[string] {
	special := rapid.SampledFrom([]string{`"`, `'`, `\`, "$", "${A}", "`", "#", ";", "=", "\n", "\n#", "\t", "\r", " ", "é", "\x7f", "%h"})
	text := rapid.String()
	return rapid.Custom(func(t *rapid.T) string {
		return strings.Join(rapid.SliceOf(rapid.OneOf(special, text)).Draw(t, "parts"), "")
	})
}

// generated finds a variable in the generator's output, where values are in
// double quotes when they need it, with \n, \t and the like for control
// characters.
func generated(t rapid.TB, out, name string) string {
	t.Helper()
	for line := range strings.Lines(out) {
		value, found := strings.CutPrefix(strings.TrimSuffix(line, "\n"), name+"=")
		if !found {
			continue
		}
		if !strings.HasPrefix(value, `"`) {
			return value
		}
		return unescape(t, value)
	}
	t.Fatalf("systemd dropped the variable: %q", out)
	return ""
}

// unescape undoes what systemd's shell_escape does: a backslash before one of
// four signs, C's letters and three octal digits for control characters.
func unescape(t rapid.TB, quoted string) string {
	t.Helper()
	var text strings.Builder
	for rest := quoted[1 : len(quoted)-1]; rest != ""; {
		if rest[0] == '\\' && strings.ContainsRune("\"$`", rune(rest[1])) {
			text.WriteByte(rest[1])
			rest = rest[2:]
			continue
		}
		char, multibyte, tail, err := strconv.UnquoteChar(rest, 0)
		if err != nil {
			t.Fatalf("unknown escape in %q: %v", rest, err)
		}
		if multibyte {
			text.WriteRune(char)
		} else {
			text.WriteByte(byte(char))
		}
		rest = tail
	}
	return text.String()
}
