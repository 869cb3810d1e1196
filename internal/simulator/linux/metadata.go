//go:build linux

package linux

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"time"

	"github.com/beamcluster/terraform-provider-beam/internal/simulator"
)

// advanceEvery is how often what is due is carried out while nobody asks the
// simulator for anything.
const advanceEvery = 100 * time.Millisecond

// Attach connects the hosts to the simulator whose droplets they are: the
// metadata service answers for it, and time passes for it until ctx ends.
func (h *Hosts) Attach(ctx context.Context, s *simulator.Simulator) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.metadata = s.MetadataHandler
	go func() {
		tick := time.NewTicker(advanceEvery)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				if err := s.Advance(); err != nil {
					h.log.Error("carry out what is due", "error", err)
				}
			}
		}
	}()
}

// serveMetadata answers in the fabric, at the address that droplets know. It
// ends when h.service is closed.
func (h *Hosts) serveMetadata(ctx context.Context) error {
	err := h.fabric.within(func() (err error) {
		h.service, err = new(net.ListenConfig).Listen(ctx, "tcp4", netip.AddrPortFrom(metadataAddress, 80).String())
		return err
	})
	if err != nil {
		return err
	}
	server := &http.Server{Handler: http.HandlerFunc(h.answerMetadata), ReadHeaderTimeout: time.Minute}
	go func(listener net.Listener) {
		if err := server.Serve(listener); !errors.Is(err, net.ErrClosed) {
			h.log.Error("the metadata service has ended", "error", err)
		}
	}(h.service)
	return nil
}

// answerMetadata tells droplets by the address they ask from.
func (h *Hosts) answerMetadata(w http.ResponseWriter, r *http.Request) {
	h.mu.Lock()
	handler := http.NotFoundHandler()
	from, err := netip.ParseAddrPort(r.RemoteAddr)
	for id, m := range h.machines {
		if err == nil && h.metadata != nil && (m.host.PublicIPv4 == from.Addr() || m.host.PrivateIPv4.Addr() == from.Addr()) {
			handler = h.metadata(id)
		}
	}
	h.mu.Unlock()
	handler.ServeHTTP(w, r)
}
