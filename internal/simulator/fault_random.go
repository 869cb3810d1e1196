package simulator

import (
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"math"
	"slices"
	"strings"
	"time"
)

// RandomFaults are faults that strike about the given share of all calls, each
// kind as often as the others; no kinds means all but unauthorized and quota,
// which no client can wait out. Delays are drawn, too.
//
// Everything is decided by the seed, the kind, and the how-manieth call of its
// shape it is, where the shape is the method and the path without ids. So the
// same calls in the same order meet the same faults, and calls of different
// shapes do not disturb each other.
func RandomFaults(seed uint64, rate float64, only ...FaultKind) []Fault {
	var faults []Fault
	for i, f := range catalogueOfFaults {
		if len(only) > 0 && !slices.Contains(only, f.Kind) ||
			len(only) == 0 && (f.Kind == Unauthorized || f.Kind == Quota) {
			continue
		}
		f.Seed = seed
		if f.Delay > 0 {
			longest := uint64(2 * f.Delay / time.Second)
			f.Delay = time.Second * time.Duration(1+draw(seed, "delay", i)%longest)
		}
		faults = append(faults, f)
	}
	for i := range faults {
		faults[i].Rate = rate / float64(len(faults))
	}
	return faults
}

// chosen decides whether the nth call of a shape is among those that Rate
// strikes.
func (f Fault) chosen(shape string, nth int) bool {
	what := fmt.Sprintf("%s %t %s %s", f.Kind, f.After, f.Delay, shape)
	return float64(draw(f.Seed, what, nth)) < f.Rate*math.MaxUint64
}

// draw is a number that is decided by its arguments alone.
func draw(seed uint64, what string, nth int) uint64 {
	hash := fnv.New64a()
	var number [16]byte
	binary.BigEndian.PutUint64(number[:8], seed)
	binary.BigEndian.PutUint64(number[8:], uint64(nth))
	_, _ = hash.Write(number[:])    // a hash takes
	_, _ = hash.Write([]byte(what)) // everything
	// FNV leaves the high bits of short inputs alike; this mixes them
	// (the finaliser of MurmurHash3).
	x := hash.Sum64()
	x ^= x >> 33
	x *= 0xff51afd7ed558ccd
	x ^= x >> 33
	x *= 0xc4ceb9fe1a85ec53
	return x ^ x>>33
}

// shape is the call without ids, which differ from run to run: every second
// segment after a collection is one.
func (r route) shape() string {
	segments := slices.Clone(r.segments)
	for i := 1; i < len(segments); i++ {
		if slices.Contains(collections, segments[i-1]) && !slices.Contains(collections, segments[i]) {
			segments[i] = "*"
		}
	}
	return r.method + " " + strings.Join(segments, "/")
}
