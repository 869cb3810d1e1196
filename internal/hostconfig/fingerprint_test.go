package hostconfig

import (
	"fmt"
	"slices"
	"testing"

	"github.com/beamcluster/terraform-provider-beam/internal/testtool"
)

// A fingerprint that changes makes every running host of every user outdated:
// this golden file is not to be written anew without need.
func TestFingerprintsStayTheSameFromVersionToVersion(t *testing.T) {
	t.Parallel()
	base := Base{Cluster: "chat", User: "deploy", SSHPort: 22, Locale: "en_US.UTF-8", SwapMiB: 2048, UnattendedUpgrades: true, Fail2ban: true}
	node := Node{
		Base: base, Basename: "chat", Cookie: "cookie", EPMDPort: 4369, PortMin: 9100, PortMax: 9155, Sync: "optional", SyncTimeoutMS: 30000,
		App: "chat", HTTPPort: 8080, Environment: map[string]string{"PHX_HOST": "chat.example.com"}, DatabaseAddress: "10.0.0.2",
		Release: &Release{Name: "chat", URL: "https://example.com/chat.tar.gz", SHA256: "0f", Kind: "mix"},
	}
	lb := LoadBalancer{
		Base: base, Servers: []Server{{Name: "chat-us-1", Address: "10.0.0.3", Port: 8080}}, Algorithm: "roundrobin", StickyCookie: "SERVERID",
		HealthCheck: HealthCheck{Path: "/", Host: "localhost", IntervalMS: 2000, Rise: 2, Fall: 3},
	}
	db := Database{Base: base, ServerName: "database.chat.internal", Name: "chat", User: "chat", Owner: "chat_owner", VolumeName: "chat-database"}
	testtool.Golden(t, "fingerprints.txt", fmt.Sprintf("node %s\nload balancer %s\ndatabase %s\n", node.Fingerprint(), lb.Fingerprint(), db.Fingerprint()))
}

// The user who may log in is a database's host's own affair as well, although its
// role has a user, too. Of hosts of earlier versions nobody knows theirs.
func TestAnotherLoginConcernsTheDatabasesHost(t *testing.T) {
	t.Parallel()
	db := Database{Base: Base{User: "deploy"}, User: "chat"}
	moved, earlier := db, db.Parts()
	moved.Base.User = "ops"
	if changed := db.Parts().Changed(moved.Parts()); !slices.Equal(changed, []Part{PartLogin}) {
		t.Errorf("another host.user changes %v", changed)
	}
	delete(earlier, PartLogin)
	if changed := earlier.Changed(moved.Parts()); len(changed) > 0 {
		t.Errorf("another host.user changes %v of a host of an earlier version", changed)
	}
}

// Peers may grow without a node being told; its database may not move, unless
// it can be told.
func TestFingerprintsOfNodesCoverWhatANodeMustBeTold(t *testing.T) {
	t.Parallel()
	told := Node{Peers: []string{"chat@10.0.0.3"}, DatabaseAddress: "10.0.0.2"}
	grown, moved := told, told
	grown.Peers = nil
	moved.DatabaseAddress = "10.0.0.9"
	if told.Fingerprint() != grown.Fingerprint() {
		t.Error("a younger peer makes a node outdated")
	}
	if told.Fingerprint() == moved.Fingerprint() {
		t.Error("a node that does not know its database's address is not outdated")
	}
	told.Management, moved.Management = &Management{}, &Management{}
	if told.Fingerprint() != moved.Fingerprint() {
		t.Error("a node that can be told its database's address is outdated")
	}
}
