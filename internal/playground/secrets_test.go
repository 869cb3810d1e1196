package playground_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"maps"
	"math/big"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/beamcluster/terraform-provider-beam/internal/playground"
	"github.com/beamcluster/terraform-provider-beam/internal/simulator"
	"github.com/beamcluster/terraform-provider-beam/internal/testtool"
)

// What the configuration holds of secrets, and the token.
const (
	plantedToken       = "dop_v1_6b1f0c9e7d2a48b3950e"
	plantedCookie      = "COOKIE_k7Qm2xV9tLw4"
	plantedEnvironment = "env/value+with&signs=9f3b"
)

const secretive = requirement + `
provider "beam" {
  token = %q
}

resource "beam_cluster" "chat" {
  name          = "chat"
  region        = "nyc3"
  cookie        = %q
  environment   = { API_KEY = %q }
  node_pools    = { us = { count = 2 } }
  access        = { ssh_from = ["203.0.113.7/32"] }
  database      = {}
  load_balancer = {
    tls = {
      certificate_pem = %q
      private_key_pem = %q
    }
  }
}
`

// secretsWorld is a playground in which everything that can be read on
// Terraform's machine is kept.
type secretsWorld struct {
	*testing.T
	*playground.Playground
	dir     string
	secrets map[string]string // by what they are

	mu       sync.Mutex
	commands map[string]bool // what a process list showed
}

// Nothing that can be read on Terraform's machine, but the state, the plan and
// the configuration, tells a secret: neither the most detailed log, nor what is
// printed, nor a list of processes.
func TestAccSecretsStaySecret(t *testing.T) {
	t.Parallel()
	w := openSecrets(t)
	w.Simulator.SetFaults([]simulator.Fault{{Kind: simulator.Quota, Call: "POST /v2/reserved_ips"}})
	w.run("a create that fails", false, "apply", "-auto-approve")
	w.Simulator.SetFaults(nil)
	w.run("a destroy of what it left", true, "destroy", "-auto-approve")
	w.run("a create", true, "apply", "-auto-approve")
	for id := range w.Hosts.UserData() {
		must(t, w.Call(t.Context(), http.MethodPost, fmt.Sprintf("/v2/droplets/%d/actions", id), map[string]string{"type": "power_off"}, nil))
	}
	w.run("a plan after a refresh", true, "plan", "-out=plan")
	w.run("the plan", true, "show", "plan")
	w.Simulator.SetFaults([]simulator.Fault{{Kind: simulator.Unauthorized, Call: "GET"}})
	w.run("a refresh that fails", false, "plan")
	w.Simulator.SetFaults(nil)
	w.run("a destroy", true, "destroy", "-auto-approve")
	if !slices.ContainsFunc(slices.Collect(maps.Keys(w.commands)), func(c string) bool { return strings.Contains(c, "terraform-provider-beam") }) {
		t.Error("the provider was in no list of processes")
	}
	w.search("the process list", strings.Join(slices.Collect(maps.Keys(w.commands)), "\n"))
}

func openSecrets(t *testing.T) *secretsWorld {
	t.Helper()
	certificate, key := keyPair(t)
	w := &secretsWorld{T: t, dir: t.TempDir(), commands: map[string]bool{}, secrets: map[string]string{
		"token": plantedToken, "cookie": plantedCookie, "environment": plantedEnvironment, "TLS key": key,
		"user data": "#cloud-config", // its first line
	}}
	config := fmt.Sprintf(secretive, plantedToken, plantedCookie, plantedEnvironment, certificate, key)
	must(t, os.WriteFile(filepath.Join(w.dir, "main.tf"), []byte(config), 0o600))
	p, err := playground.Open(t.Context(), playground.Options{CLI: testtool.Terraform(t), Provider: built(t), Dir: w.dir, Wrap: w.listProcesses})
	must(t, err)
	w.Playground = p
	t.Cleanup(func() { must(t, p.Close()) })
	return w
}

// listProcesses looks at the list at each request, while the provider runs.
func (w *secretsWorld) listProcesses(next http.Handler) http.Handler {
	return http.HandlerFunc(func(response http.ResponseWriter, request *http.Request) {
		files, _ := filepath.Glob("/proc/[0-9]*/cmdline") // the pattern is well-formed
		w.mu.Lock()
		for _, file := range files {
			if command, err := os.ReadFile(file); err == nil {
				w.commands[string(command)] = true
			}
		}
		w.mu.Unlock()
		next.ServeHTTP(response, request)
	})
}

// run runs Terraform with the most detailed log there is, and searches that and
// what it printed.
func (w *secretsWorld) run(what string, succeeds bool, args ...string) {
	w.Helper()
	log := filepath.Join(w.TempDir(), "log")
	command := w.Command(w.Context(), slices.Insert(slices.Clone(args), 1, "-no-color")...)
	command.Env = append(command.Env, "TF_LOG=TRACE", "TF_LOG_PATH="+log)
	output, err := command.CombinedOutput()
	if (err == nil) != succeeds {
		w.Fatalf("%s: %v\n%s", what, err, output)
	}
	w.learn()
	text, err := os.ReadFile(log)
	must(w.T, err)
	if !strings.Contains(string(text), "provider.terraform-provider-beam") && args[0] != "show" {
		w.Errorf("%s: the log has nothing of the provider", what)
	}
	w.search(what+", printed", string(output))
	w.search(what+", log", string(text))
}

// public is what the memory keeps beside secrets.
var public = []string{"authorized_key", "host_public_key", "database_ca_pem", "database_cert_pem", "running_cookie_fingerprint"}

// learn takes the secrets that were drawn from the state.
func (w *secretsWorld) learn() {
	w.Helper()
	var state struct {
		Resources []struct {
			Instances []struct {
				Attributes struct {
					Memory string `json:"memory"`
				} `json:"attributes"`
			} `json:"instances"`
		} `json:"resources"`
	}
	text, err := os.ReadFile(filepath.Join(w.dir, "terraform.tfstate"))
	must(w.T, err)
	must(w.T, json.Unmarshal(text, &state))
	if len(state.Resources) == 0 {
		return
	}
	var memory struct {
		Secrets map[string]any `json:"secrets"`
	}
	must(w.T, json.Unmarshal([]byte(state.Resources[0].Instances[0].Attributes.Memory), &memory))
	w.take(memory.Secrets)
	for _, drawn := range []string{"secret_key_base", "user_password", "owner_password", "stats_password", "database_key_pem", "client_key_pem", "host_key_pem"} {
		if w.secrets[drawn] == "" {
			w.Errorf("the state has no %s to search for", drawn)
		}
	}
}

func (w *secretsWorld) take(secrets map[string]any) {
	for name, value := range secrets {
		switch value := value.(type) {
		case map[string]any:
			w.take(value)
		case string:
			if value != "" && !slices.Contains(public, name) {
				w.secrets[name] = value
			}
		}
	}
}

// search looks for each secret in each encoding.
func (w *secretsWorld) search(where, text string) {
	w.Helper()
	for name, secret := range w.secrets {
		for _, needle := range testtool.Needles(secret) {
			if i := strings.Index(text, needle); i >= 0 {
				w.Errorf("%s tells the %s: …%s…", where, name, text[max(0, i-200):min(len(text), i+len(needle)+100)])
				break
			}
		}
	}
}

// keyPair is a certificate that signs itself, and its key.
func keyPair(t *testing.T) (certificate, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), DNSNames: []string{"chat.example.com"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
	}
	signed, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	must(t, err)
	encoded, err := x509.MarshalPKCS8PrivateKey(private)
	must(t, err)
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: signed})),
		string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: encoded}))
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
