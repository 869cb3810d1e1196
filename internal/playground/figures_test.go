package playground_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-exec/tfexec"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/encoding"

	"github.com/beamcluster/terraform-provider-beam/internal/playground"
	"github.com/beamcluster/terraform-provider-beam/internal/simulator"
	"github.com/beamcluster/terraform-provider-beam/internal/testtool"
)

const (
	schemaTime    = 500 * time.Millisecond
	refreshMemory = 100 << 10 // KiB
	planCalls     = 7
)

// hundredNodes is a cluster as large as the figures speak of.
const hundredNodes = `
terraform {
  required_providers {
    beam = { source = "beamcluster/beam" }
  }
}

resource "beam_cluster" "big" {
  name          = "big"
  region        = "nyc3"
  node_pools    = { us = { count = 100 } }
  load_balancer = {}
  database      = {}
}
`

func TestFiguresOfTheStart(t *testing.T) {
	binary := filepath.Join(built(t), "provider")
	var best time.Duration
	for try := range 3 { // other tests share the processors
		if took := answerSchema(t, binary); try == 0 || took < best {
			best = took
		}
	}
	testtool.Figures(t, "Start of the provider", fmt.Sprintf("its schema after %v (at most %v)", best.Round(time.Millisecond), schemaTime))
	if best > schemaTime {
		t.Errorf("the schema came after %v, want at most %v", best, schemaTime)
	}
}

// answerSchema starts the provider as Terraform does and asks for its schema.
func answerSchema(t *testing.T, binary string) time.Duration {
	t.Helper()
	started := time.Now()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	provider := exec.CommandContext(ctx, binary)
	// The handshake of go-plugin, as Terraform's providers have it.
	provider.Env = append(os.Environ(), "TF_PLUGIN_MAGIC_COOKIE=d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2", "PLUGIN_PROTOCOL_VERSIONS=6")
	output, err := provider.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := provider.Start(); err != nil {
		t.Fatal(err)
	}
	defer provider.Wait() // it was killed
	defer stop()
	line, err := bufio.NewReader(output).ReadString('\n')
	fields := strings.Split(line, "|")
	if err != nil || len(fields) < 5 {
		t.Fatalf("handshake %q: %v", line, err)
	}
	connection, err := grpc.NewClient("passthrough:///"+fields[3],
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, address string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, fields[2], address)
		}))
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close()
	request, answer := []byte{}, []byte{}
	if err := connection.Invoke(ctx, "/tfplugin6.Provider/GetProviderSchema", &request, &answer, grpc.ForceCodec(raw{}), grpc.MaxCallRecvMsgSize(64<<20)); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(answer), "beam_cluster") {
		t.Errorf("an answer of %d bytes has no beam_cluster", len(answer))
	}
	return time.Since(started)
}

// raw passes messages as they are: the test needs no more than their arrival.
type raw struct{}

var _ encoding.Codec = raw{}

func (raw) Marshal(v any) ([]byte, error)      { return *v.(*[]byte), nil }
func (raw) Unmarshal(data []byte, v any) error { *v.(*[]byte) = data; return nil }
func (raw) Name() string                       { return "raw" }

func TestAccFiguresOfAHundredNodes(t *testing.T) {
	t.Parallel()
	provider, dir := built(t), t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "main.tf"), []byte(hundredNodes), 0o600); err != nil {
		t.Fatal(err)
	}
	p, err := playground.Open(t.Context(), playground.Options{
		CLI: testtool.Terraform(t), Provider: provider, Dir: dir,
		Simulator: simulator.Options{DropletLimit: 150},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close() })
	if err := p.Terraform.Apply(t.Context()); err != nil {
		t.Fatal(err)
	}
	planOfNothing(t, p)
	pid, info := reattachable(t, filepath.Join(provider, "provider"), p.URL)
	if err := p.Terraform.Refresh(t.Context(), tfexec.Reattach(info)); err != nil {
		t.Fatal(err)
	}
	peak := peakMemory(t, pid)
	testtool.Figures(t, "Memory", fmt.Sprintf("refresh of 100 nodes: %d MiB resident at most (at most %d)", peak>>10, refreshMemory>>10))
	if peak > refreshMemory {
		t.Errorf("%d KiB were resident, want at most %d", peak, refreshMemory)
	}
	if err := p.Terraform.Destroy(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// planOfNothing measures the plan of a cluster that is as it shall be.
func planOfNothing(t *testing.T, p *playground.Playground) {
	t.Helper()
	before, started := len(p.Simulator.Requests()), time.Now()
	changes, err := p.Terraform.Plan(t.Context())
	if err != nil || changes {
		t.Fatalf("the plan changes something: %t (%v)", changes, err)
	}
	took, calls := time.Since(started), len(p.Simulator.Requests())-before
	testtool.Figures(t, "Plan of 100 nodes", fmt.Sprintf("%.1f s, API calls %d (at most %d)", took.Seconds(), calls, planCalls))
	if calls > planCalls {
		t.Errorf("the plan took %d API calls, want at most %d", calls, planCalls)
	}
}

// reattachable starts the provider by itself, so that its memory can be looked
// at after Terraform used it.
func reattachable(t *testing.T, binary, api string) (pid int, info tfexec.ReattachInfo) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	provider := exec.CommandContext(ctx, binary, "-debug")
	// With as much garbage as users' providers have, whatever the tests are given.
	provider.Env = append(os.Environ(), "DIGITALOCEAN_TOKEN=playground", "DIGITALOCEAN_API_URL="+api, "GOGC=100")
	output, err := provider.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := provider.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stop()
		_ = provider.Wait() // it was killed
	})
	lines := bufio.NewScanner(output)
	for lines.Scan() {
		if _, value, found := strings.Cut(strings.TrimSpace(lines.Text()), "TF_REATTACH_PROVIDERS="); found {
			if err := json.Unmarshal([]byte(strings.Trim(value, "'")), &info); err != nil {
				t.Fatal(err)
			}
			go io.Copy(io.Discard, output) // ends with the provider
			return provider.Process.Pid, info
		}
	}
	t.Fatal("the provider did not say how to reach it")
	return 0, nil
}

// peakMemory is the most that was resident so far, in KiB (proc(5), VmHWM).
func peakMemory(t *testing.T, pid int) int {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		testtool.Skip(t, fmt.Sprintf("needs Linux's /proc: %v", err))
	}
	for line := range strings.Lines(string(status)) {
		if value, found := strings.CutPrefix(line, "VmHWM:"); found {
			kib, err := strconv.Atoi(strings.TrimSuffix(strings.TrimSpace(value), " kB"))
			if err != nil {
				t.Fatal(err)
			}
			return kib
		}
	}
	t.Fatal("no VmHWM")
	return 0
}
