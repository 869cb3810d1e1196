package engine_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
)

// listed answers every list with one text, and every read by id with what that text
// has of the object.
type listed []byte

// RoundTrip implements http.RoundTripper.
func (l listed) RoundTrip(r *http.Request) (*http.Response, error) {
	status, body := http.StatusOK, []byte(l)
	if parts := strings.Split(r.URL.Path, "/"); len(parts) == 4 {
		status, body = http.StatusNotFound, []byte(`{"id": "not_found"}`)
		if one := l.one(parts[2], parts[3]); one != nil {
			status, body = http.StatusOK, one
		}
	}
	return &http.Response{
		StatusCode: status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Request: r,
		Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(bytes.NewReader(body)),
	}, nil
}

// one is the answer to a read by id; nil for none.
func (l listed) one(list, id string) []byte {
	var lists map[string]json.RawMessage
	var items []json.RawMessage
	if json.Unmarshal(l, &lists) != nil || json.Unmarshal(lists[list], &items) != nil {
		return nil
	}
	for _, item := range items {
		var known struct{ ID, IP json.RawMessage }
		_ = json.Unmarshal(item, &known) // what is no object has no id
		if strings.Trim(string(known.ID), `"`) == id || strings.Trim(string(known.IP), `"`) == id {
			return fmt.Appendf(nil, `{%q: %s}`, strings.TrimSuffix(list, "s"), item)
		}
	}
	return nil
}

// Whatever the API says that there is, it is looked at, planned for and imported.
// The corpus has an account with a cluster, all lists in one answer.
func FuzzAccount(f *testing.F) {
	f.Add([]byte(`{"droplets": [{"id": 7, "tags": ["beam:chat", "beam:chat:id:", "beam:chat:pool:", "beam:chat:lease:x:9e9", "beam:chat:node"]}, {"id": 7}],
		"volumes": [{"id": "v", "name": "chat-database", "droplet_ids": [7, 7], "tags": ["beam:chat:id:abc"]}], "firewalls": [{"id": "f", "name": "chat-node",
		"tags": ["beam:chat:id:abc:firewall"], "inbound_rules": [{"ports": "-"}]}], "vpcs": [{"id": "p", "description": "beam:chat:id:abc"}],
		"vpc_peerings": [{"id": "q", "name": "chat-", "vpc_ids": []}], "reserved_ips": [{"ip": "x", "droplet": {"id": 7}}], "tags": [{"name": "beam"}, {"name": "beam:chat:lease:abc:-9"}],
		"meta": {"total": 1}}`))
	f.Fuzz(func(t *testing.T, answer []byte) {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			engine := newEngine(t, listed(answer))
			for _, mem := range []cluster.Memory{{}, {ID: "abc"}, {ID: "abc", VolumeID: "v", Hosts: map[int]cluster.HostRecord{7: {Role: cluster.RoleNode, Pool: "us"}}}} {
				if p, o, err := engine.Diff(ctx, chat(2), mem); err == nil {
					_, _, _ = p.Summary(), p.Drift(), p.Growth()
					cluster.OutputsOf(chat(2), mem, o)
					_, _ = engine.Catalogue(ctx, chat(2), p, o) // that it ends is what this is about
				}
			}
			imported := cluster.Memory{}
			if _, ids, err := engine.Find(ctx, "chat"); err == nil && len(ids) > 0 {
				imported.ID = ids[0]
			}
			if o, err := engine.Observe(ctx, "chat", "", imported); err == nil {
				imported.Adopt(o)
				_, _, _ = engine.Diff(ctx, cluster.SpecOf("chat", o), imported)
			}
			_, _ = engine.DiffNode(ctx, cluster.NodeSpec{Name: "worker", Cluster: "chat"}, 0, cluster.Memory{})
		})
	})
}
