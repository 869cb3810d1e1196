package beam

import "time"

// DialerEvery is Dialer with another pace, for tests on loopback.
func (n Node) DialerEvery(interval, poll time.Duration) string { return n.dialer(interval, poll) }
