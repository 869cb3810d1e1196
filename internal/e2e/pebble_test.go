//go:build linux

package e2e_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"github.com/beamcluster/terraform-provider-beam/internal/e2e"
	"github.com/beamcluster/terraform-provider-beam/internal/testtool"
)

// Where pebble, an authority for tests, answers: at the stranger's address, as
// on the internet. It looks names up beside it.
var (
	pebbleAddress = netip.AddrPortFrom(e2e.Stranger, 14000)
	pebbleManaged = netip.AddrPortFrom(e2e.Stranger, 15000)
	namesAddress  = netip.AddrPortFrom(e2e.Stranger, 5353)
)

const pebbleDirectory = "https://203.0.113.8:14000/dir"

// startPebble runs an authority that validates names as Let's Encrypt does, and
// returns who believes it. Its own certificate is by the authority that hosts
// believe.
func (w *world) startPebble(t *testing.T, signs authority) *x509.CertPool {
	t.Helper()
	folder := t.TempDir()
	certificate, key := signs.issue(t, e2e.Stranger.String())
	config, err := json.Marshal(map[string]any{"pebble": map[string]any{
		"listenAddress": pebbleAddress.String(), "managementListenAddress": pebbleManaged.String(),
		"certificate": filepath.Join(folder, "certificate.pem"), "privateKey": filepath.Join(folder, "key.pem"),
		"httpPort": 80, "tlsPort": 443,
	}})
	must(t, err)
	for name, content := range map[string]string{"certificate.pem": certificate, "key.pem": key, "config.json": string(config)} {
		must(t, os.WriteFile(filepath.Join(folder, name), []byte(content), 0o600))
	}
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	pebble := w.Hosts.Client().Command(ctx, testtool.Require(t, "pebble"),
		"-config", filepath.Join(folder, "config.json"), "-dnsserver", namesAddress.String())
	var said bytes.Buffer
	pebble.Stdout, pebble.Stderr = &said, &said
	pebble.Env = append(os.Environ(), "PEBBLE_VA_NOSLEEP=1", "PEBBLE_WFE_NONCEREJECT=0")
	must(t, pebble.Start())
	t.Cleanup(func() {
		stop()
		_ = pebble.Wait() // it was killed
		if t.Failed() {
			t.Logf("pebble said:\n%s", &said)
		}
	})
	return w.pebbleRoots(t, signs)
}

// pebbleRoots is what pebble signs with, which it draws anew at each start.
func (w *world) pebbleRoots(t *testing.T, signs authority) *x509.CertPool {
	t.Helper()
	client := &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{
		DialContext: w.Hosts.Client().Dial, TLSClientConfig: &tls.Config{RootCAs: signs.roots(), MinVersion: tls.VersionTLS12},
	}}
	defer client.CloseIdleConnections()
	roots := x509.NewCertPool()
	within(t, patience, "pebble answers", func() bool {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://"+pebbleManaged.String()+"/roots/0", http.NoBody)
		must(t, err)
		response, err := client.Do(request)
		if err != nil {
			return false
		}
		defer response.Body.Close()
		root, err := io.ReadAll(response.Body)
		return err == nil && roots.AppendCertsFromPEM(root)
	})
	return roots
}

// serveNames lets every name lead to the account's reserved IP.
func (w *world) serveNames(t *testing.T) {
	t.Helper()
	var connection net.PacketConn
	must(t, w.Hosts.Client().Within(func() (err error) {
		connection, err = new(net.ListenConfig).ListenPacket(t.Context(), "udp4", namesAddress.String())
		return err
	}))
	t.Cleanup(func() { connection.Close() })
	ctx := t.Context()
	go func() {
		for packet := make([]byte, 512); ; {
			length, from, err := connection.ReadFrom(packet)
			if err != nil {
				return // closed
			}
			if answer, err := w.lookUp(ctx, packet[:length]); err == nil {
				_, _ = connection.WriteTo(answer, from) // a lost answer is asked for again
			}
		}
	}()
}

// lookUp answers a question for an IPv4 address; to others the answer is that
// there is none.
func (w *world) lookUp(ctx context.Context, query []byte) ([]byte, error) {
	var message dnsmessage.Message
	if err := message.Unpack(query); err != nil {
		return nil, err
	}
	message.Response, message.Additionals = true, nil
	var account struct {
		ReservedIPs []struct {
			IP netip.Addr `json:"ip"`
		} `json:"reserved_ips"`
	}
	if err := w.Call(ctx, http.MethodGet, "/v2/reserved_ips", nil, &account); err != nil {
		return nil, err
	}
	for _, question := range message.Questions {
		if question.Type == dnsmessage.TypeA && len(account.ReservedIPs) > 0 {
			message.Answers = append(message.Answers, dnsmessage.Resource{
				Header: dnsmessage.ResourceHeader{Name: question.Name, Class: question.Class, TTL: 1},
				Body:   &dnsmessage.AResource{A: account.ReservedIPs[0].IP.As4()},
			})
		}
	}
	return message.Pack()
}
