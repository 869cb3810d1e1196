package beam

import (
	_ "embed"
	"fmt"
	"strings"
	"time"
)

// dialerSource has tokens in the form @NAME@ for what differs between nodes.
//
//go:embed dialer.eval
var dialerSource string

// dialInterval is the least time between two rounds of the dialer. Faster
// dialling is dangerous: with prevent_overlapping_partitions, the default since
// OTP 25, a pair of nodes that cannot shake hands and tries every second tears
// down connections of healthy nodes.
const dialInterval = 5 * time.Second

// pollInterval is how soon the dialer sees what the host asks of it: a few small
// files, read again each time.
const pollInterval = 500 * time.Millisecond

// switchTimeout is how long a node waits for others to take a cookie.
const switchTimeout = 5 * time.Second

// learnedMemory is for how long the dialer remembers a node that it has not
// met again.
const learnedMemory = 24 * time.Hour

// PeersFileContent lists the peers as file:consult reads them.
func (n Node) PeersFileContent() string {
	var content strings.Builder
	content.WriteString("%% Nodes that this one dials, one term each. Read again on every round.\n")
	for _, peer := range n.Peers {
		content.WriteString(quoteAtom(peer) + ".\n")
	}
	return content.String()
}

// Dialer is the code that a node evaluates at boot. It keeps dialling the nodes
// in the peers file and those it has met before. Each node knows all older
// ones, so of any two the younger dials, and the mesh heals after any restart.
// What it learns is only needed by a node that comes back while others do not.
//
// It also keeps NodesFile up to date, which tells the host with whom its node is
// connected without asking the node.
//
// And it keeps the node's cookie what the host says. The one in CookieFile is
// what a restart uses. While another lies in StagedFile, both are tried with
// peers that do not answer, RequestFile may ask for a switch of all connected
// nodes to it, and a node that meets a switched one follows. Once none is staged
// the node uses the one in CookieFile.
//
// It ends at once in a VM that is not a node, such as one started for `eval`.
func (n Node) Dialer() string {
	return n.dialer(dialInterval, pollInterval)
}

func (n Node) dialer(interval, poll time.Duration) string {
	return strings.NewReplacer(
		"@PEERS@", quoteString(n.path(PeersFile)),
		"@LEARNED@", quoteString(n.LearnedFile),
		"@NODES@", quoteString(n.NodesFile),
		"@COOKIE@", quoteString(n.CookieFile),
		"@STAGED@", quoteString(n.StagedFile),
		"@RUNNING@", quoteString(n.RunningFile),
		"@REQUEST@", quoteString(n.RequestFile),
		"@ANSWER@", quoteString(n.AnswerFile),
		"@POLL_MS@", fmt.Sprint(poll.Milliseconds()),
		"@SWITCH_MS@", fmt.Sprint(switchTimeout.Milliseconds()),
		"@INTERVAL_MS@", fmt.Sprint(interval.Milliseconds()),
		"@MEMORY_S@", fmt.Sprint(int(learnedMemory.Seconds())),
	).Replace(dialerSource)
}
