package engine_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
	"github.com/beamcluster/terraform-provider-beam/internal/health"
)

// handover is when the reserved IP moved and when the first droplet was deleted.
type handover struct{ moved, deleted time.Time }

func (w *world) watchHandover() *handover {
	seen := &handover{}
	w.cut.before = func(_ int, r *http.Request) {
		switch {
		case r.Method == http.MethodPost && strings.HasPrefix(r.URL.Path, "/v2/reserved_ips/"):
			seen.moved = time.Now()
		case r.Method == http.MethodDelete && strings.HasPrefix(r.URL.Path, "/v2/droplets/") && seen.deleted.IsZero():
			seen.deleted = time.Now()
		}
	}
	return seen
}

// resizeBalancer asks for another load balancer.
func (h *hosts) resizeBalancer() { h.spec.LoadBalancer.Size = "s-2vcpu-2gb" }

// servesFrom lets the host boot, and be a load balancer that has its
// nodes up from then on.
func (h *hosts) servesFrom(host string, up time.Time) {
	booted := up.Add(-10 * time.Second)
	h.report = func(r *health.Report, name string) {
		if name != host {
			return
		}
		if time.Now().Before(booted) {
			*r = health.Report{Version: r.Version, Role: r.Role, Boot: health.BootReport{Status: health.BootRunning, Step: "start HAProxy"}}
		}
		for i := range r.Servers {
			r.Servers[i].Up = !time.Now().Before(up)
		}
	}
}

// failsToBoot lets a step of the host's boot fail.
func (h *hosts) failsToBoot(host string) {
	h.report = func(r *health.Report, name string) {
		if name == host {
			*r = health.Report{Version: r.Version, Role: r.Role, Boot: health.BootReport{
				Status: health.BootError, Step: "start HAProxy", Failed: true, Log: []string{"no such package"},
			}}
		}
	}
}

func TestTheAddressMovesWhenTheNewLoadBalancerServes(t *testing.T) {
	t.Parallel()
	inManagedWorld(t, 2, func(w *world, h *hosts) {
		before := w.converge(h.spec, h.mem)
		h.resizeBalancer()
		up := time.Now().Add(4 * time.Minute)
		h.servesFrom("chat-lb-2", up)
		seen := w.watchHandover()
		after := w.converge(h.spec, h.mem)
		if late := seen.moved.Sub(up); late < 0 || late > 20*time.Second {
			w.Errorf("the address moved %v after the new load balancer served", late)
		}
		if !seen.deleted.After(seen.moved) {
			w.Errorf("the old load balancer was deleted %v after the address moved", seen.deleted.Sub(seen.moved))
		}
		if after.ReservedIP.IP != before.ReservedIP.IP || after.ReservedIP.DropletID != w.id(after, "chat-lb-2") {
			w.Errorf("the address is %v, was %v", after.ReservedIP, before.ReservedIP)
		}
	})
}

func TestTheAddressStaysWhenTheNewLoadBalancerFails(t *testing.T) {
	t.Parallel()
	inManagedWorld(t, 2, func(w *world, h *hosts) {
		before := w.converge(h.spec, h.mem)
		h.resizeBalancer()
		h.failsToBoot("chat-lb-2")
		failed := map[int]bool{}
		for range 2 {
			_, err := w.engine.Converge(w.Context(), h.spec, h.mem)
			if err == nil || !strings.Contains(err.Error(), "chat-lb-2: the boot step \"start HAProxy\" failed\n    no such package") {
				w.Fatalf("converge ended with %v", err)
			}
			o := w.observe(h.spec, *h.mem)
			if o.ReservedIP.DropletID != w.id(before, "chat-lb-1") || len(o.Hosts()) != 5 {
				w.Errorf("the address leads to %d; hosts are %v", o.ReservedIP.DropletID, names(o))
			}
			if drift := strings.Join(drift(h.spec, *h.mem, o), "\n"); !strings.Contains(drift, "chat-lb-2") {
				w.Errorf("drift is %q, want it to name the host that failed", drift)
			}
			failed[w.id(o, "chat-lb-2")] = true
		}
		h.report = nil
		after := w.converge(h.spec, h.mem)
		if id := after.ReservedIP.DropletID; failed[id] || id != w.id(after, "chat-lb-2") {
			w.Errorf("the address leads to %d; %v have failed", id, failed)
		}
	})
}

// Whatever the role of a host, its set-up does not go on once it has failed.
func TestHostsWhoseSetUpFailedAreMadeAnew(t *testing.T) {
	t.Parallel()
	for _, host := range []string{"chat-us-1", "chat-us-2", "chat-lb-1", "chat-database"} {
		t.Run(host, func(t *testing.T) {
			inManagedWorld(t, 2, func(w *world, h *hosts) {
				h.failsToBoot(host)
				if _, err := w.engine.Converge(w.Context(), h.spec, h.mem); err == nil {
					w.Fatal("no error")
				}
				before := w.observe(h.spec, *h.mem)
				h.report = nil
				after := w.converge(h.spec, h.mem)
				for _, d := range before.Hosts() {
					if _, stayed := after.Droplet(d.ID); stayed == (d.Name == host) {
						w.Errorf("%s stayed: %v", d.Name, stayed)
					}
				}
				if after.Volume.ID != before.Volume.ID || after.ReservedIP.IP != before.ReservedIP.IP {
					w.Error("the volume or the address changed")
				}
			})
		})
	}
}

func TestAnInterruptedHandoverIsResumed(t *testing.T) {
	t.Parallel()
	inManagedWorld(t, 1, func(w *world, h *hosts) {
		w.converge(h.spec, h.mem)
		h.resizeBalancer()
		h.servesFrom("chat-lb-2", time.Now().Add(10*time.Minute))
		ctx, cancel := context.WithTimeout(w.Context(), 5*time.Minute)
		defer cancel()
		_, err := w.engine.Converge(ctx, h.spec, h.mem)
		if err == nil || !strings.Contains(err.Error(), "chat-lb-2: still boots: start HAProxy") {
			w.Errorf("the interrupted converge ended with %v", err)
		}
		successor := w.id(w.observe(h.spec, *h.mem), "chat-lb-2")
		after := w.converge(h.spec, h.mem)
		if after.ReservedIP.DropletID != successor {
			w.Errorf("the address leads to %d, want %d", after.ReservedIP.DropletID, successor)
		}
	})
}

// Who does not wait for hosts may not be able to reach them.
func TestTheAddressMovesAtOnceWhenNothingWaitsForHosts(t *testing.T) {
	t.Parallel()
	inManagedWorld(t, 2, func(w *world, h *hosts) {
		h.spec.WaitFor = cluster.WaitActive
		w.converge(h.spec, h.mem)
		h.resizeBalancer()
		h.silent = "chat-lb-2"
		w.converge(h.spec, h.mem)
	})
}

// There is nothing to protect, and a certificate is only issued to where the
// address leads.
func TestTheAddressOfALostLoadBalancerMovesAtOnce(t *testing.T) {
	t.Parallel()
	inManagedWorld(t, 2, func(w *world, h *hosts) {
		before := w.converge(h.spec, h.mem)
		if err := w.deleteDroplet(w.Context(), before, "chat-lb-1"); err != nil {
			w.Fatal(err)
		}
		up := time.Now().Add(4 * time.Minute)
		h.servesFrom("chat-lb-1", up)
		seen := w.watchHandover()
		w.converge(h.spec, h.mem)
		if !seen.moved.Before(up) {
			w.Errorf("the address moved %v after the load balancer served", seen.moved.Sub(up))
		}
	})
}
