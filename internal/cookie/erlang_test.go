package cookie_test

import (
	"bufio"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"unicode"

	"pgregory.net/rapid"

	"github.com/beamcluster/terraform-provider-beam/internal/cookie"
	"github.com/beamcluster/terraform-provider-beam/internal/erltest"
	"github.com/beamcluster/terraform-provider-beam/internal/testtool"
)

// Whatever Check accepts is what a node uses after reading ~/.erlang.cookie.
func TestErlangTakesEveryLegalCookieExactly(t *testing.T) {
	t.Parallel()
	probe := startProbe(t)
	for _, special := range []string{printable(), " ", "  two", "nocookie", "'", "#", strings.Repeat("~", cookie.MaxLength)} {
		if cookie.Check(special) == nil && probe.read(t, special) != special {
			t.Errorf("Erlang changed the cookie %q", special)
		}
	}
	rapid.Check(t, func(r *rapid.T) {
		value := legal().Draw(r, "cookie")
		if got := probe.read(r, value); got != value {
			r.Fatalf("Erlang read %q, want %q", got, value)
		}
	})
}

// probe is an Erlang VM that becomes a node, tells its cookie and stops being a
// node, once for each line it is sent.
type probe struct {
	cookieFile string
	in         io.Writer
	out        *bufio.Reader
	rounds     int
}

const probeScript = `
Loop = fun Loop() ->
  case io:get_line("") of
    eof -> halt();
    Line ->
      {ok, _} = net_kernel:start([list_to_atom(string:trim(Line)), longnames]),
      Cookie = atom_to_binary(erlang:get_cookie()),
      io:format("~s~n", [binary:encode_hex(Cookie)]),
      ok = net_kernel:stop(),
      Loop()
  end
end,
Loop().`

func startProbe(t *testing.T) *probe {
	t.Helper()
	home := t.TempDir()
	port := erltest.StartEPMD(t, "127.0.0.1")
	cmd := exec.CommandContext(t.Context(), testtool.Require(t, "erl"), "-noshell", "-eval", probeScript)
	cmd.Env = append(os.Environ(), "HOME="+home, fmt.Sprintf("ERL_EPMD_PORT=%d", port))
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	erltest.Start(t, cmd)
	return &probe{cookieFile: filepath.Join(home, ".erlang.cookie"), in: in, out: bufio.NewReader(out)}
}

func (p *probe) read(t rapid.TB, value string) string {
	t.Helper()
	p.rounds++
	must(t, os.WriteFile(p.cookieFile, []byte(value), 0o600))
	_, err := fmt.Fprintf(p.in, "probe%d@127.0.0.1\n", p.rounds)
	must(t, err)
	line, err := p.out.ReadString('\n')
	must(t, err)
	got, err := hex.DecodeString(strings.TrimSpace(line))
	must(t, err)
	return string(got)
}

func must(t rapid.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// asciiTable is 0x20 to 0x7E.
var asciiTable = &unicode.RangeTable{R16: []unicode.Range16{{Lo: 0x20, Hi: 0x7E, Stride: 1}}}

// printable holds every character that a cookie may have.
func printable() string {
	var all []rune
	for char := rune(0x20); char <= 0x7E; char++ {
		all = append(all, char)
	}
	return "x" + string(all)
}
