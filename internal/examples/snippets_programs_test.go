package examples

import (
	"bytes"
	"os/exec"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/beamcluster/terraform-provider-beam/internal/testtool"
)

func TestSnippetsOfShellAreShell(t *testing.T) {
	t.Parallel()
	bash := testtool.Require(t, "bash")
	for _, s := range snippets(t, "shell") {
		judge(t, s, bash, "-n", "-s")
	}
}

func TestSnippetsOfElixirAreElixir(t *testing.T) {
	t.Parallel()
	elixir := testtool.Require(t, "elixir")
	for _, s := range snippets(t, "elixir") {
		judge(t, s, elixir, "-e", `Code.string_to_quoted!(IO.read(:stdio, :eof))`)
	}
}

// What stands in files such as rebar.config are terms, each with a full stop; the
// rest is a module.
func TestSnippetsOfErlangAreErlang(t *testing.T) {
	t.Parallel()
	erl := testtool.Require(t, "erl")
	const parse = `
		Read = fun Read(Sofar) -> case io:get_line("") of eof -> lists:append(lists:reverse(Sofar)); Line -> Read([Line | Sofar]) end end,
		Parse = fun
			Parse([], _) -> ok;
			Parse(Tokens, Form) ->
				{Up, [Dot | Rest]} = lists:splitwith(fun(Token) -> element(1, Token) =/= dot end, Tokens),
				case {erl_parse:parse_form(Up ++ [Dot]), erl_parse:parse_exprs(Up ++ [Dot])} of
					{{error, Why}, {error, _}} -> io:format("~p~n", [Why]), halt(1);
					_ -> Parse(Rest, Form)
				end
			end,
		{ok, Tokens, _} = erl_scan:string(Read([])),
		Parse(Tokens, 1), halt(0).`
	for _, s := range snippets(t, "erlang") {
		judge(t, s, erl, "-noshell", "-eval", parse)
	}
}

func TestSnippetsOfYAMLAreYAML(t *testing.T) {
	t.Parallel()
	for _, s := range snippets(t, "yaml") {
		var out any
		if err := yaml.Unmarshal([]byte(s.Text), &out); err != nil {
			t.Errorf("%s: %v", s, err)
		}
	}
}

// judge gives the snippet to a program that says whether it is right.
func judge(t *testing.T, s testtool.Block, program string, arguments ...string) {
	t.Helper()
	var said bytes.Buffer
	command := exec.CommandContext(t.Context(), program, arguments...)
	command.Stdin, command.Stdout, command.Stderr = strings.NewReader(s.Text), &said, &said
	if err := command.Run(); err != nil {
		t.Errorf("%s: %v\n%s", s, err, said.String())
	}
}
