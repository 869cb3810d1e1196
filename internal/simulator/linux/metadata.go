package linux

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"time"
)

// ServeMetadata makes the metadata service answer each droplet with its own
// handler. Before, it answers 404.
func (h *Hosts) ServeMetadata(handler func(dropletID int) http.Handler) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.metadata = handler
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
