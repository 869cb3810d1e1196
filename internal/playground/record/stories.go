package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"github.com/beamcluster/terraform-provider-beam/internal/playground"
	"github.com/beamcluster/terraform-provider-beam/internal/simulator"
)

// latency leaves Terraform the time to be interrupted in the middle.
const latency = 20 * time.Millisecond

// publicKey is that of the fingerprint in the configurations. Nobody has its
// private half.
const publicKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAILfJRAVz1HDFDXxFGlC0oZ6SqPu/zugEDfwuo0MlsEdM states@example.com"

// teller is a playground in which a story happens.
type teller struct {
	*playground.Playground
	dir         string
	creates     atomic.Int32  // of droplets
	twoDroplets chan struct{} // closed when there are that many
}

func (t *teller) observe(r simulator.Request) {
	if r.Route == "POST /v2/droplets" && t.creates.Add(1) == 2 {
		close(t.twoDroplets)
	}
}

// A step is one thing that happens to a cluster.
type step func(context.Context, *teller) error

// stories are how states came to be, by the name of their folder.
var stories = map[string][]step{
	"managed":          {addKey, apply},
	"smallest":         {apply},
	"imported":         {apply, importAs("beam_cluster.chat", "chat")},
	"imported-adopted": {apply, importAs("beam_cluster.chat", "chat"), apply},
	"drifted":          {apply, powerOff("chat-us-2"), untag("chat-us-1", "beam:chat:node"), openFirewall("chat-database"), refresh},
	"half-made":        {applyInterrupted},
	"node":             {apply},
	"imported-node":    {apply, importAs("beam_node.worker", "chat-worker"), apply},
	"cookies":          {applyEarlier(withFormerCookie), apply},
	"older-image":      {applyEarlier(withOlderImage)},
}

func apply(ctx context.Context, t *teller) error { return t.Terraform.Apply(ctx) }

func refresh(ctx context.Context, t *teller) error { return t.Terraform.Refresh(ctx) }

func addKey(ctx context.Context, t *teller) error {
	return t.Call(ctx, http.MethodPost, "/v2/account/keys", map[string]string{"name": "states", "public_key": publicKey}, nil)
}

// importAs forgets a resource and imports it.
func importAs(address, id string) step {
	return func(ctx context.Context, t *teller) error {
		if err := t.Terraform.StateRm(ctx, address); err != nil {
			return err
		}
		return t.Terraform.Import(ctx, address, id)
	}
}

// applyInterrupted interrupts Terraform, as Ctrl-C does, when two droplets
// exist.
func applyInterrupted(ctx context.Context, t *teller) error {
	working, interrupt := context.WithCancel(ctx)
	defer interrupt()
	go func() {
		select {
		case <-t.twoDroplets:
			interrupt()
		case <-working.Done():
		}
	}()
	if err := t.Terraform.Apply(working); err == nil {
		return errors.New("the apply ended before it was interrupted")
	}
	return ctx.Err()
}

// applyEarlier applies an earlier form of the configuration.
func applyEarlier(edit func(main string) string) step {
	return func(ctx context.Context, t *teller) error {
		path := filepath.Join(t.dir, "main.tf")
		main, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if err := write(path, []byte(edit(string(main)))); err != nil {
			return err
		}
		if err := t.Terraform.Apply(ctx); err != nil {
			return err
		}
		return write(path, main)
	}
}

// withFormerCookie has the cookie that was moved since under its former name.
// OpenTofu takes the provider of a former name from its first word, so that is
// the name of which it is right.
func withFormerCookie(main string) string {
	main, _, _ = strings.Cut(main, "moved {")
	return strings.Replace(main, "resource \"erlang_cookie\" \"moved\" {\n  provider = beam\n", `resource "beam_cookie" "former" {`, 1)
}

// withOlderImage says what was the default once.
func withOlderImage(main string) string {
	return strings.Replace(main, "  node_pools ", "  image = \"debian-12-x64\"\n  node_pools ", 1)
}

func powerOff(droplet string) step {
	return func(ctx context.Context, t *teller) error {
		id, err := t.droplet(ctx, droplet)
		if err != nil {
			return err
		}
		return t.Call(ctx, http.MethodPost, fmt.Sprintf("/v2/droplets/%d/actions", id), map[string]string{"type": "power_off"}, nil)
	}
}

func untag(droplet, tag string) step {
	return func(ctx context.Context, t *teller) error {
		id, err := t.droplet(ctx, droplet)
		if err != nil {
			return err
		}
		body := map[string]any{"resources": []map[string]any{{"resource_id": fmt.Sprint(id), "resource_type": "droplet"}}}
		return t.Call(ctx, http.MethodDelete, "/v2/tags/"+tag+"/resources", body, nil)
	}
}

// openFirewall lets everybody in at one more port.
func openFirewall(name string) step {
	return func(ctx context.Context, t *teller) error {
		dump, err := t.Dump(ctx)
		if err != nil {
			return err
		}
		body := map[string]any{"inbound_rules": []map[string]any{{
			"protocol": "tcp", "ports": "8000", "sources": map[string]any{"addresses": []string{"0.0.0.0/0"}},
		}}}
		for _, f := range dump.Firewalls {
			if f.Name == name {
				return t.Call(ctx, http.MethodPost, "/v2/firewalls/"+f.ID+"/rules", body, nil)
			}
		}
		return fmt.Errorf("there is no firewall %s", name)
	}
}

func (t *teller) droplet(ctx context.Context, name string) (int, error) {
	dump, err := t.Dump(ctx)
	if err != nil {
		return 0, err
	}
	for _, d := range dump.Droplets {
		if d.Name == name {
			return d.ID, nil
		}
	}
	return 0, fmt.Errorf("there is no droplet %s", name)
}
