// Package simulator is a DigitalOcean that lives in one process: the v2 API
// over HTTP with its real JSON, status codes, error texts, pagination, rate
// limits and delays, and faults on demand. It serves any client.
//
// State changes only while a request is being served: what takes time is kept
// on a timeline and carried out, at the instant it was due, before the next
// request looks. So nothing runs in the background, and under testing/synctest
// every delay costs virtual time only.
package simulator

import (
	"cmp"
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/google/uuid"
)

// What a new account may have.
const (
	DefaultDropletLimit    = 10
	DefaultReservedIPLimit = 3
	DefaultVolumeLimit     = 100
)

// Options say how the simulated DigitalOcean behaves. The zero value has no
// delays, takes any token and enforces no rate limits.
type Options struct {
	// Token is the only bearer token that is accepted. When empty, any token
	// is; a request without one is always refused with 401.
	Token string
	// Latency is how long every call takes.
	Latency time.Duration
	// BootTime is how long a droplet takes from its creation until it is active.
	BootTime time.Duration
	// AddressLag is how long a droplet takes from its creation until its
	// networks are filled in. It may be longer than BootTime.
	AddressLag time.Duration
	// ActionTime is how long every other action takes: power and resize of a
	// droplet, attaching a volume, assigning a reserved IP, peering VPCs.
	ActionTime time.Duration
	// MemberLinger is how long a destroyed droplet stays a member of its VPC,
	// keeps its volumes attached and its reserved IP locked.
	MemberLinger time.Duration
	// DropletLimit is how many droplets the account may have;
	// zero means DefaultDropletLimit.
	DropletLimit int
	// ReservedIPLimit is how many reserved IPs it may have; zero means
	// DefaultReservedIPLimit.
	ReservedIPLimit int
	// VolumeLimit is how many volumes it may have; zero means DefaultVolumeLimit.
	VolumeLimit int
	// RateLimits enforces 5,000 requests an hour and 250 a minute for each
	// token, and 10 listings of SSH keys a minute. The headers are always sent.
	RateLimits bool
	// Faults are what goes wrong; SetFaults changes them later.
	Faults []Fault
	// Hosts is what droplets are made of; nil means records in memory.
	Hosts Hosts
	// Observe, when set, is called after each request has been answered. Calls
	// may overlap.
	Observe func(Request)
}

// Simulator is an http.Handler that serves the API. Its methods may be called
// by several goroutines at once.
type Simulator struct {
	options Options
	mux     *http.ServeMux
	limiter *limiter
	faults  injector

	mu       sync.Mutex // guards everything below
	requests []Request
	wired    Network // what machines were told last
	timeline

	regions []*region
	sizes   []*size

	records
	past    []moment      // how the account was, oldest first; empty unless faults look back
	memory  time.Duration // how far back faults look
	serving call          // the call that is being served

	lastID       int // of actions
	lastDroplet  int
	lastImage    int
	lastAddress  uint32 // host part of the last public IPv4 address
	lastKey      int
	lastRecord   int
	actions      table[int, *action]
	destructions table[int, *destruction] // by droplet
	account      account
	// databaseCertificate is PEM, nil until a client asks for it.
	databaseCertificate []byte

	taggables map[string]taggable // by resource_type
}

// New returns a simulator of an account that has nothing but the default VPC
// of each region.
func New(options Options) *Simulator {
	options.DropletLimit = cmp.Or(options.DropletLimit, DefaultDropletLimit)
	options.ReservedIPLimit = cmp.Or(options.ReservedIPLimit, DefaultReservedIPLimit)
	options.VolumeLimit = cmp.Or(options.VolumeLimit, DefaultVolumeLimit)
	if options.Hosts == nil {
		options.Hosts = newMemoryHosts()
	}
	sizes := newSizes()
	s := &Simulator{
		options:     options,
		mux:         http.NewServeMux(),
		limiter:     newLimiter(options.RateLimits),
		sizes:       sizes,
		regions:     newRegions(sizes),
		lastID:      2_100_000_000,
		lastDroplet: 512_000_000,
		lastImage:   215_000_000,
		taggables:   map[string]taggable{},
	}
	s.passed = s.remember
	s.advance(time.Now())
	s.openAccount()
	s.openRegions()
	for _, image := range newImages() {
		s.images.add(image.ID, image)
	}
	s.routes()
	s.SetFaults(options.Faults)
	return s
}

// routes registers every resource family.
func (s *Simulator) routes() {
	s.mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		s.answer(w, reply{err: notFound()})
	})
	s.actionRoutes()
	s.dropletRoutes()
	s.dropletActionRoutes()
	s.dropletBackupRoutes()
	s.dropletRelationRoutes()
	s.dropletDestroyRoutes()
	s.snapshotRoutes()
	s.volumeRoutes()
	s.volumeActionRoutes()
	s.tagRoutes()
	s.firewallRoutes()
	s.vpcRoutes()
	s.vpcPeeringRoutes()
	s.reservedIPRoutes()
	s.accountRoutes()
	s.keyRoutes()
	s.catalogueRoutes()
	s.imageRoutes()
	s.domainRoutes()
	s.projectRoutes()
	s.databaseRoutes()
	s.loadBalancerRoutes()
	s.pageRoutes()
	s.inventoryRoutes()
}

// Request is one call that the simulator has answered.
type Request struct {
	Time   time.Time // when it arrived
	Method string
	Path   string    // without the query
	Route  string    // method and pattern, such as "GET /v2/droplets/{id}"; "" when refused before routing
	Status int       // 0 when there was no answer
	Fault  FaultKind // what struck it; "" when nothing did
}

// Requests lists the calls answered so far, oldest first.
func (s *Simulator) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Request(nil), s.requests...)
}

// ServeHTTP answers one API call. When the request's context ends during the
// latency, nothing is done and nothing is written.
func (s *Simulator) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	seen := Request{Time: time.Now(), Method: r.Method, Path: r.URL.Path}
	if !pause(r.Context(), s.options.Latency) {
		return
	}
	answer := &statusRecorder{ResponseWriter: w}
	answer.Header().Set("X-Request-Id", uuid.NewString())
	answer.Header().Set("Date", time.Now().UTC().Format(http.TimeFormat))
	seen.Fault = s.serve(answer, r)
	seen.Route, seen.Status = r.Pattern, answer.status
	s.mu.Lock()
	s.requests = append(s.requests, seen)
	s.mu.Unlock()
	if s.options.Observe != nil {
		s.options.Observe(seen)
	}
	if answer.status == 0 && seen.Fault != "" && r.Context().Err() == nil {
		breakConnection(w, r, seen.Fault)
	}
}

// admit checks the token and the rate limits, and sets their headers.
func (s *Simulator) admit(w http.ResponseWriter, r *http.Request) *apiError {
	token := bearerToken(r)
	if token == "" || (s.options.Token != "" && token != s.options.Token) {
		return errUnauthorized()
	}
	return s.limiter.admit(w.Header(), token, r, time.Now())
}

func errUnauthorized() *apiError {
	return &apiError{http.StatusUnauthorized, "unauthorized", "Unable to authenticate you."}
}

// pause waits for d and reports whether the context outlived it.
func pause(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// statusRecorder remembers the status of an answer.
type statusRecorder struct {
	http.ResponseWriter
	status int
}

func (w *statusRecorder) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

func (w *statusRecorder) Write(p []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	return w.ResponseWriter.Write(p)
}
