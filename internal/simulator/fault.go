package simulator

import (
	"fmt"
	"time"
)

// FaultKind is one thing that goes wrong.
type FaultKind string

// What a call may meet in place of its answer. The calls are not carried out
// unless Fault.After says so.
const (
	RateLimited  FaultKind = "rate_limited" // 429; with Retry-After when there is a Delay
	ServerError  FaultKind = "server_error" // 500
	BadGateway   FaultKind = "bad_gateway"  // 502 with a page of HTML
	StrayPage    FaultKind = "stray_page"   // 404 with a page of HTML, as of a proxy that knows nothing of the API
	Unavailable  FaultKind = "unavailable"  // 503
	Unauthorized FaultKind = "unauthorized" // 401, as for a token that was revoked
	Quota        FaultKind = "quota"        // the refusal of an account that has no room, though this one has
	Refused      FaultKind = "refused"      // no connection; over a real listener, one that is reset at once
	Cut          FaultKind = "cut"          // the connection is reset in place of the answer
	NoAnswer     FaultKind = "no_answer"    // nothing at all, until the client gives up
)

// What becomes of the answer to a call that was carried out.
const (
	Slow        FaultKind = "slow"         // the answer comes Delay late
	Truncated   FaultKind = "truncated"    // the connection ends in the middle of the JSON
	EmptyObject FaultKind = "empty_object" // {} where the object should be
	NotFound    FaultKind = "not_found"    // 404 for a GET by id, for Delay after the creation
	StaleList   FaultKind = "stale_list"   // a list shows everything as it was Delay ago
	EmptyList   FaultKind = "empty_list"   // a list has nothing in it
	DoubledList FaultKind = "doubled_list" // a list has everything twice
)

// What becomes of the objects that a call makes or works on.
const (
	ActionErrored  FaultKind = "action_errored"  // the action ends errored, its work undone
	NeverActive    FaultKind = "never_active"    // a droplet stays new
	NeverAddressed FaultKind = "never_addressed" // a droplet's networks stay empty
	Vanishes       FaultKind = "vanishes"        // a droplet is gone, Delay after its creation
	GoesOff        FaultKind = "goes_off"        // a droplet's power is off, from Delay after its creation
	BoundLate      FaultKind = "bound_late"      // a reserved IP is assigned only Delay after the call
	NeverBound     FaultKind = "never_bound"     // the assignment completes, and yet no droplet has the address
)

// Fault is one rule about what goes wrong. It counts the calls that match it
// and strikes some of them. Faults of an answer count only the calls that got
// one, and faults of droplets count the droplets that calls make. Of several
// faults that could strike at the same moment, the first in the list does, and
// the others stay due.
type Fault struct {
	Kind FaultKind `yaml:"kind"`
	// Call is what it strikes: a method, a path, or both, such as
	// "GET /v2/droplets/*/actions". A parameter in braces, as in
	// Request.Route, is as good as the asterisk. Empty means every call that
	// the kind can befall.
	Call string `yaml:"call"`
	// Token, when set, spares the calls of every other token.
	Token string `yaml:"token"`
	// Name, when set, spares droplets whose names do not match this pattern
	// of path.Match. It is for faults of droplets only.
	Name string `yaml:"name"`

	// Nth is the first of the matching calls that it strikes. They are
	// counted from 1, and zero means 1.
	Nth int `yaml:"nth"`
	// Times is how often it strikes; zero means for ever.
	Times int `yaml:"times"`
	// Rate, when set, is the share of the matching calls that it strikes,
	// above 0 and up to 1. Which ones, Seed decides.
	Rate float64 `yaml:"rate"`
	Seed uint64  `yaml:"seed"`
	// From and For bound the time in which calls match, counted from when the
	// fault was set. For zero has no end.
	From time.Duration `yaml:"from"`
	For  time.Duration `yaml:"for"`

	// After lets the call be carried out first: only its answer is lost. It
	// is for server_error, bad_gateway, stray_page, unavailable, cut and no_answer.
	After bool `yaml:"after"`
	// Delay is how long or how late, as the kind says.
	Delay time.Duration `yaml:"delay"`
}

// String names the fault in a few words.
func (f Fault) String() string {
	text := string(f.Kind)
	if f.After {
		text += " after"
	}
	if f.Call != "" {
		text += " " + f.Call
	}
	if f.Delay > 0 {
		text += fmt.Sprintf(" (%s)", f.Delay)
	}
	return text
}

// FaultsOf lists each way in which a call can go wrong, with delays as they
// are met with. The call is a method and a path, such as Request.Route. Nth and
// Times are left open: as they are, the faults last.
func FaultsOf(call string) []Fault {
	var faults []Fault
	for _, f := range catalogueOfFaults {
		if kinds[f.Kind].befalls(parseCall(call)) {
			f.Call = call
			faults = append(faults, f)
		}
	}
	return faults
}

// catalogueOfFaults has every way in which something can go wrong.
var catalogueOfFaults = []Fault{
	{Kind: RateLimited},
	{Kind: RateLimited, Delay: 20 * time.Second},
	{Kind: ServerError},
	{Kind: ServerError, After: true},
	{Kind: BadGateway},
	{Kind: BadGateway, After: true},
	{Kind: StrayPage},
	{Kind: StrayPage, After: true},
	{Kind: Unavailable},
	{Kind: Unavailable, After: true},
	{Kind: Unauthorized},
	{Kind: Quota},
	{Kind: Refused},
	{Kind: Cut},
	{Kind: Cut, After: true},
	{Kind: NoAnswer},
	{Kind: NoAnswer, After: true},
	{Kind: Slow, Delay: 20 * time.Second},
	{Kind: Truncated},
	{Kind: EmptyObject},
	{Kind: NotFound, Delay: 5 * time.Second},
	{Kind: StaleList, Delay: 5 * time.Second},
	{Kind: EmptyList},
	{Kind: DoubledList},
	{Kind: ActionErrored},
	{Kind: NeverActive},
	{Kind: NeverAddressed},
	{Kind: Vanishes, Delay: 3 * time.Second},
	{Kind: Vanishes, Delay: 2 * time.Minute},
	{Kind: GoesOff, Delay: 3 * time.Second},
	{Kind: GoesOff, Delay: 2 * time.Minute},
	{Kind: BoundLate, Delay: 8 * time.Second},
	{Kind: NeverBound},
}
