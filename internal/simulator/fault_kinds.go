package simulator

import (
	"net/http"
	"slices"
	"strings"
)

// kind is what there is to know of a FaultKind.
type kind struct {
	befalls func(route) bool // the calls that can meet it
	delayed bool             // it needs a Delay
	after   bool             // it may come after the call was carried out
	droplet bool             // it counts droplets, and knows their names
}

// route is a method and the segments of a path, which may be a pattern.
type route struct {
	method   string
	segments []string
}

var kinds = map[FaultKind]kind{
	RateLimited:  {befalls: anyCall},
	ServerError:  {befalls: anyCall, after: true},
	BadGateway:   {befalls: anyCall, after: true},
	StrayPage:    {befalls: anyCall, after: true},
	Unavailable:  {befalls: anyCall, after: true},
	Unauthorized: {befalls: anyCall},
	Quota:        {befalls: hasQuota},
	Refused:      {befalls: anyCall},
	Cut:          {befalls: anyCall, after: true},
	NoAnswer:     {befalls: anyCall, after: true},

	Slow:        {befalls: anyCall, delayed: true},
	Truncated:   {befalls: answersJSON},
	EmptyObject: {befalls: answersJSON},
	NotFound:    {befalls: getsByID, delayed: true},
	StaleList:   {befalls: lists, delayed: true},
	EmptyList:   {befalls: lists},
	DoubledList: {befalls: lists},

	ActionErrored:  {befalls: startsAction},
	NeverActive:    {befalls: makesDroplets, droplet: true},
	NeverAddressed: {befalls: makesDroplets, droplet: true},
	Vanishes:       {befalls: makesDroplets, droplet: true, delayed: true},
	GoesOff:        {befalls: makesDroplets, droplet: true, delayed: true},
	BoundLate:      {befalls: binds, delayed: true},
	NeverBound:     {befalls: binds},
}

func anyCall(route) bool { return true }

// answersJSON: a DELETE answers nothing, and so do the calls that change a part
// of a firewall or what carries a tag. Peerings are deleted with an answer.
func answersJSON(r route) bool {
	collection, part := r.segment(1), r.segment(3)
	switch r.method {
	case http.MethodDelete:
		return collection == "vpc_peerings"
	case http.MethodPost:
		return part == "" || collection != "firewalls" && collection != "tags"
	default:
		return true
	}
}

// collections are the last segments of the paths whose GET is a list.
var collections = []string{
	"actions", "backups", "domains", "droplets", "firewalls", "floating_ips", "images", "keys", "load_balancers",
	"members", "peerings", "projects", "records", "reserved_ips", "resources", "snapshots", "tags", "volumes",
	"vpc_peerings", "vpcs", "databases",
}

// lists: what follows a collection is an id, even if it reads like one.
func lists(r route) bool {
	return r.method == http.MethodGet && slices.Contains(collections, r.segment(-1)) &&
		!slices.Contains(collections, r.segment(-2))
}

// getsByID: what has an id after a collection. Actions are left out: one can
// always be looked up as soon as it was started.
func getsByID(r route) bool {
	return r.method == http.MethodGet && !lists(r) &&
		slices.Contains(collections, r.segment(-2)) && r.segment(-2) != "actions"
}

func startsAction(r route) bool {
	return r.method == http.MethodPost && r.segment(-1) == "actions" || makesDroplets(r)
}

func makesDroplets(r route) bool { return r.creates("droplets") }

// binds tells whether a call may assign a reserved IP to a droplet.
func binds(r route) bool {
	return r.method == http.MethodPost && slices.Contains([]string{"reserved_ips", "floating_ips"}, r.segment(1)) &&
		(len(r.segments) == 2 || r.segment(-1) == "actions")
}

func hasQuota(r route) bool {
	return makesDroplets(r) || r.creates("volumes") || r.creates("reserved_ips") || r.creates("floating_ips")
}

// creates tells whether this is a create in a collection.
func (r route) creates(collection string) bool {
	return r.method == "POST" && len(r.segments) == 2 && r.segment(1) == collection
}

// segment is one segment of the path, counted from the end when negative;
// empty when there is none.
func (r route) segment(i int) string {
	if i < 0 {
		i += len(r.segments)
	}
	if i < 0 || i >= len(r.segments) {
		return ""
	}
	return r.segments[i]
}

// parseCall reads what Fault.Call holds. What it leaves out is empty.
func parseCall(text string) route {
	method, path, _ := strings.Cut(text, " ")
	if strings.HasPrefix(method, "/") {
		method, path = "", text
	}
	if path == "" {
		return route{method: method}
	}
	return route{method, strings.Split(strings.Trim(path, "/"), "/")}
}

// covers tells whether a call is one that the pattern describes.
func (r route) covers(other route) bool {
	if r.method != "" && r.method != other.method {
		return false
	}
	if r.segments == nil {
		return true
	}
	return slices.EqualFunc(r.segments, other.segments, func(pattern, segment string) bool {
		return pattern == "*" || strings.HasPrefix(pattern, "{") || pattern == segment
	})
}
