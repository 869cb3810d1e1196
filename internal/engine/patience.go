package engine

import (
	"errors"
	"time"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
	"github.com/beamcluster/terraform-provider-beam/internal/management"
)

const (
	// bootPatience is for how long a host may be away in its first boot, once it
	// and all others are active that were made with it.
	bootPatience = 2 * time.Minute
	// bootAge is the age at which a host has booted once, or never will.
	bootAge = 3 * time.Minute
	// awayPatience is how long a host that has booted once may be away: time
	// enough to restart. So much later than others a host may also be in its
	// first boot.
	awayPatience = 40 * time.Second
	// loginPatience is for how long a host that answers may turn the key or the
	// command away, or leave commands undone: nobody may log in until systemd
	// lets users in.
	loginPatience = 40 * time.Second
)

// patience tells hosts that are on their way up from those that will never
// answer.
type patience struct {
	started     time.Time
	activeSince map[int]time.Time     // by droplet id; zero for a host that was active at the start
	contacts    map[int]*contactTimes // by droplet id
	// slowest is how long after it became active a host of those in their first
	// boot answered at the latest; zero until one has.
	slowest time.Duration
}

// contactTimes is when a host answered. The times are zero where it never did.
type contactTimes struct {
	heard      time.Time // last
	turnedAway time.Time // since when it turns every command away
}

func newPatience() *patience {
	return &patience{started: time.Now(), activeSince: map[int]time.Time{}, contacts: map[int]*contactTimes{}}
}

// with returns the contact with the host. A host of an earlier apply, which has
// no first boot to be waited for, counts as heard at the start.
func (p *patience) with(d cluster.Droplet) *contactTimes {
	c, exists := p.contacts[d.ID]
	if !exists {
		c = &contactTimes{}
		if p.started.Sub(d.CreatedAt) > bootAge {
			c.heard = p.started
		}
		p.contacts[d.ID] = c
	}
	return c
}

// up is for how long the host has been active.
func (p *patience) up(d cluster.Droplet) time.Duration {
	if since := p.activeSince[d.ID]; !since.IsZero() {
		return time.Since(since)
	}
	return time.Since(p.started)
}

// heard takes note of an answer.
func (p *patience) heard(d cluster.Droplet) {
	c := p.with(d)
	if c.heard.IsZero() {
		p.slowest = max(p.slowest, p.up(d))
	}
	c.heard, c.turnedAway = time.Now(), time.Time{}
}

// over takes note that the host, asked at the given time, did not say how it is,
// and tells whether asking again will not help.
func (p *patience) over(d cluster.Droplet, asked time.Time, err error) bool {
	c := p.with(d)
	if errors.Is(err, management.ErrHostKey) {
		return true
	}
	if !away(err) {
		if c.turnedAway.IsZero() {
			c.turnedAway = asked
		}
		return time.Since(c.turnedAway) >= loginPatience
	}
	c.turnedAway = time.Time{}
	switch {
	case !c.heard.IsZero():
		return time.Since(c.heard) >= awayPatience
	case p.slowest > 0 && p.up(d) >= p.slowest+awayPatience:
		return true
	}
	return min(time.Since(p.started), p.up(d)) >= bootPatience
}
