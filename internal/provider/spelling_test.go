package provider

import (
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	certificates "github.com/beamcluster/terraform-provider-beam/internal/secret"
	"github.com/beamcluster/terraform-provider-beam/internal/simulator"
	"github.com/beamcluster/terraform-provider-beam/internal/testtool"
)

// sum is the SHA-256 of some archive.
const sum = "0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f"

func fetched(more object) object {
	release := object{"name": "talk", "url": "https://example.com/talk.tar.gz", "sha256": sum}
	for name, v := range more {
		release[name] = v
	}
	return object{"release": release}
}

// respelled are arguments that are written in two ways which mean the same.
var respelled = map[string]struct{ was, is object }{
	"a null element of a map":    {object{"environment": object{"A": "x"}}, object{"environment": object{"A": "x", "B": nil}}},
	"an empty map":               {object{}, object{"environment": object{}}},
	"a map without a map before": {object{}, object{"environment": object{"A": nil}}},
	"no map after an empty one":  {object{"environment": object{}}, object{}},
	"a null element of a list":   {object{"host": object{"packages": []any{"htop"}}}, object{"host": object{"packages": []any{"htop", nil}}}},
	"empty lists":                {object{}, object{"host": object{"packages": []any{}, "run": []any{}, "files": object{}}}},
	"a checksum in capitals":     {fetched(nil), fetched(object{"sha256": strings.ToUpper(sum)})},
	"with another address":       {fetched(nil), fetched(object{"sha256": strings.ToUpper(sum), "url": "https://example.com/2.tar.gz"})},
	"empty texts":                {object{"release": object{"name": "talk"}}, object{"release": object{"name": "talk", "url": "", "sha256": "", "migrate": ""}}},
	"empty headers":              {fetched(nil), fetched(object{"headers": object{}})},
	"a mode without the zero":    {files("0640"), files("640")},
	"a mode with the zero":       {files("640"), files("0640")},
	"a key without its line end": {aptKey(testtool.PublicKey), aptKey(strings.TrimSpace(testtool.PublicKey))},
	"a key with its line end":    {aptKey(strings.TrimSpace(testtool.PublicKey)), aptKey(testtool.PublicKey)},
	"a key of Windows":           {aptKey(testtool.PublicKey), aptKey(ofWindows(testtool.PublicKey))},
}

// ofWindows is the text with the line ends of Windows.
func ofWindows(text string) string { return strings.ReplaceAll(text, "\n", "\r\n") }

func aptKey(key string) object {
	return object{"host": object{"apt_sources": object{"example": object{
		"uris": []string{"https://example.com"}, "suites": []string{"stable"}, "components": []string{"main"}, "key": key,
	}}}}
}

func files(mode string) object {
	return object{"host": object{"files": object{"/etc/talk": object{"content": "x", "mode": mode}}}}
}

// What is written in another way and means the same changes no host, neither of a
// cluster nor of a beam_node.
func TestAnotherSpellingChangesNoHost(t *testing.T) {
	t.Parallel()
	for name, s := range respelled {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			virtually(t, func(t *testing.T) {
				c := newAccount(t, simulator.Options{})
				chat := object{"name": "chat", "cookie": "monster", "region": "nyc3", "node_pools": object{"us": object{}}}
				worker := object{"name": "worker-1", "cluster": "chat", "cookie": "monster", "region": "nyc3"}
				ofCluster := newCore(t, c, with(maps.Clone(chat), s.was))
				ofCluster.must(ofCluster.apply())
				ofNode := newCoreOf(t, c, "beam_node", nodeSchema(t), with(maps.Clone(worker), s.was))
				ofNode.must(ofNode.apply())
				ofCluster.configure(with(maps.Clone(chat), s.is))
				ofNode.configure(with(maps.Clone(worker), s.is))
				for _, p := range []*core{ofCluster, ofNode} {
					planned := p.planFrom(p.state, p.config)
					p.must(tell(planned.Diagnostics))
					if warned := warnings(planned.Diagnostics); len(planned.RequiresReplace) > 0 || strings.Contains(warned, "eplaced") {
						t.Errorf("%s: made anew for %v: %s", p.typeName, planned.RequiresReplace, warned)
					}
				}
			})
		})
	}
}

// A load balancer serves with the same, and names the same, however its TLS is written.
func TestAnotherSpellingOfTLSIsNoChange(t *testing.T) {
	t.Parallel()
	_, certificate, key, err := certificates.DatabaseCertificates("chat.example.com", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	given := func(certificate, key string) object {
		return object{"certificate_pem": certificate, "private_key_pem": key}
	}
	asked := func(domains ...string) object {
		return object{"acme": object{"email": "ops@example.com", "domains": domains}}
	}
	const first, second, third = "chat.example.com", "a.example.com", "b.example.com"
	for name, tt := range map[string]struct {
		was  object
		same []object
		not  object // nil for none
	}{
		"a pair": {
			given(certificate, key),
			[]object{given(ofWindows(certificate), strings.TrimSpace(key)), given(strings.TrimSpace(certificate)+"\n\n", ofWindows(key))},
			nil,
		},
		"domains": {
			asked(first, second, third),
			[]object{asked(first, third, second), asked(first, second, third, second, first)},
			asked(second, first, third),
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newAccount(t, simulator.Options{}) // in the time of the certificate
			config := func(tls object) object {
				return with(smallest(), object{"name": "chat", "cookie": "monster", "load_balancer": object{"tls": tls}})
			}
			p := newCore(t, c, object{})
			p.becomes(created, "at first", config(tt.was))
			for _, tls := range tt.same {
				p.becomes(stays, fmt.Sprint(tls["acme"]), config(tls))
			}
			if p.configure(config(tt.not)); tt.not != nil && p.action() == stays {
				t.Error("another first name changes nothing")
			}
		})
	}
}
