package health_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
	"github.com/beamcluster/terraform-provider-beam/internal/cookie"
	"github.com/beamcluster/terraform-provider-beam/internal/health"
)

const formedCookie = "COOKIECOOKIE"

func formedSpec() cluster.Spec {
	return cluster.Spec{
		Name: "chat", Cookie: formedCookie,
		Release: &cluster.Release{Name: "chat", URL: "https://example.com/chat.tar.gz"},
	}
}

// formedHosts are a database, three nodes and a load balancer of a cluster that
// has formed; a test then spoils some of it.
func formedHosts() map[string]*health.HostReport {
	hosts := map[string]*health.HostReport{
		"chat-lb-1": {Host: "chat-lb-1", Role: cluster.RoleLoadBalancer, Report: &health.Report{
			Boot: health.BootReport{Status: health.BootDegraded}, Service: health.ServiceReport{Unit: "haproxy.service", State: "active"},
		}},
		"chat-database": {Host: "chat-database", Role: cluster.RoleDatabase, Report: &health.Report{
			Boot:     health.BootReport{Status: health.BootDone},
			Postgres: &health.PostgresReport{Mounted: true, Ready: true},
		}},
	}
	for n := 1; n <= 3; n++ {
		host := fmt.Sprintf("chat-us-%d", n)
		var others []string
		for other := 1; other <= 3; other++ {
			if other != n {
				others = append(others, nodeName(other))
			}
		}
		hosts[host] = &health.HostReport{Host: host, Role: cluster.RoleNode, NodeName: nodeName(n), Report: &health.Report{
			Boot:     health.BootReport{Status: health.BootDone},
			Service:  health.ServiceReport{Unit: "beam.service", State: "active"},
			Node:     &health.NodeReport{Name: nodeName(n), CookieFingerprint: cookie.Fingerprint(formedCookie), Started: true, Nodes: others},
			Database: &health.LoginReport{OK: true},
		}}
		balancer := hosts["chat-lb-1"].Report
		balancer.Servers = append(balancer.Servers, health.ServerReport{Name: host, Address: fmt.Sprintf("10.0.0.%d:8080", n), Up: true, Check: "L7OK 200"})
	}
	return hosts
}

func nodeName(n int) string { return fmt.Sprintf("chat@10.0.0.%d", n) }

// part cuts the connection of two nodes, as the younger sees it.
func part(hosts map[string]*health.HostReport, older, younger int, state, detail string) {
	for _, pair := range [][2]int{{older, younger}, {younger, older}} {
		node := hosts[fmt.Sprintf("chat-us-%d", pair[0])].Report.Node
		var left []string
		for _, name := range node.Nodes {
			if name != nodeName(pair[1]) {
				left = append(left, name)
			}
		}
		node.Nodes = left
	}
	if state != "" {
		node := hosts[fmt.Sprintf("chat-us-%d", younger)].Report.Node
		node.Missing = append(node.Missing, health.PeerReport{Name: nodeName(older), State: state, Detail: detail})
	}
}

func TestJudgementNamesTheFirstCauseOfEachHost(t *testing.T) {
	t.Parallel()
	type hosts = map[string]*health.HostReport
	for _, tt := range []struct {
		story   string
		spoil   func(hosts)
		want    string
		failed  bool
		settled bool
	}{
		{"all is well", func(hosts) {}, "", false, true},
		{
			"a host cannot be reached yet",
			func(h hosts) { h["chat-us-1"].Report, h["chat-us-1"].Err = nil, errors.New("the host does not answer") },
			"chat-us-1: cannot be asked how it is: the host does not answer", false, false,
		},
		{
			"a host cannot be reached any more",
			func(h hosts) {
				h["chat-us-1"].Report, h["chat-us-1"].Err, h["chat-us-1"].Hopeless = nil, errors.New("another host key"), true
			},
			"chat-us-1: cannot be asked how it is: another host key", true, false,
		},
		{
			"a host boots",
			func(h hosts) {
				h["chat-us-2"].Report = &health.Report{Boot: health.BootReport{Status: health.BootRunning, Step: "install packages", Log: []string{"Get:1 haproxy"}}}
				part(h, 1, 3, health.PeerNoPort, "port 9100: timed out")
			},
			`chat-us-1: is not connected with every node
    chat-us-3 (chat@10.0.0.3): chat-us-3 cannot reach the node's own port on chat-us-1: port 9100: timed out
chat-us-2: still boots: install packages
    Get:1 haproxy`, false, false,
		},
		{
			"a release cannot be fetched",
			func(h hosts) {
				h["chat-us-2"].Report.Boot = health.BootReport{Status: health.BootError, Step: "fetch the release", Failed: true,
					Log: []string{"curl: (22) The requested URL returned error: 404"}}
			},
			`chat-us-2: the boot step "fetch the release" failed
    curl: (22) The requested URL returned error: 404`, true, true,
		},
		{
			"cloud-init fails on its own",
			func(h hosts) {
				h["chat-lb-1"].Report.Boot = health.BootReport{Status: health.BootError, Log: []string{"no such module"}}
			},
			"chat-lb-1: cloud-init failed\n    no such module", true, true,
		},
		{
			"a release crashes at start",
			func(h hosts) {
				h["chat-us-3"].Report.Service = health.ServiceReport{Unit: "beam.service", State: "activating", ExitCode: 1, Restarts: 4,
					Log: []string{"** (RuntimeError) no SECRET"}}
				h["chat-us-3"].Report.Node.Started = false
				h["chat-lb-1"].Report.Servers[2].Up = false
				part(h, 1, 3, health.PeerNoNode, "no epmd runs there")
			},
			`chat-us-3: the release crashes at start: exit code 1, 4 restarts in the last two minutes
    ** (RuntimeError) no SECRET`, true, true,
		},
		{
			"a release crashes until it has its database",
			func(h hosts) {
				h["chat-database"].Report.Boot = health.BootReport{Status: health.BootRunning, Step: "install Postgres"}
				h["chat-us-3"].Report.Service = health.ServiceReport{Unit: "beam.service", State: "activating", ExitCode: 1, Restarts: 4}
				h["chat-us-3"].Report.Database = &health.LoginReport{Detail: "Connection refused"}
			},
			"chat-database: still boots: install Postgres\nchat-us-3: the release does not run: exit code 1", false, false,
		},
		{
			"a release was killed once",
			func(h hosts) {
				h["chat-us-3"].Report.Service = health.ServiceReport{Unit: "beam.service", State: "activating", Signal: 9, Restarts: 1}
			},
			"chat-us-3: the release does not run: killed by signal 9", false, false,
		},
		{
			"a release runs that was restarted before",
			func(h hosts) { h["chat-us-3"].Report.Service.Restarts = 5 },
			"", false, true,
		},
		{
			"a release takes its time",
			func(h hosts) { h["chat-us-1"].Report.Node.Started = false },
			"chat-us-1: the release is starting", false, false,
		},
		{
			"a service was stopped by hand",
			func(h hosts) { h["chat-us-1"].Report.Service.State = "inactive" },
			"chat-us-1: the release does not run: beam.service is inactive", false, true,
		},
		{
			"a release is still to come",
			func(h hosts) {
				h["chat-us-1"].Report.Service.State = "inactive"
				h["chat-us-1"].Report.Release = &health.ReleaseReport{}
			},
			"chat-us-1: waits for its release", false, false,
		},
		{
			"a release was deployed into a folder within the right one",
			func(h hosts) {
				h["chat-us-1"].Report.Service.State = "inactive"
				h["chat-us-1"].Report.Release = &health.ReleaseReport{Program: "/opt/chat/bin/chat", Elsewhere: "/opt/chat/chat"}
			},
			"chat-us-1: there is a release in /opt/chat/chat, and the node starts /opt/chat/bin/chat, which does not exist", false, true,
		},
		{
			"the volume is not there",
			func(h hosts) {
				h["chat-database"].Report.Postgres = &health.PostgresReport{}
				h["chat-us-1"].Report.Database = &health.LoginReport{Detail: "Connection refused"}
			},
			"chat-database: the data volume is not mounted", false, true,
		},
		{
			"Postgres is down",
			func(h hosts) {
				h["chat-database"].Report.Postgres = &health.PostgresReport{Mounted: true, Detail: "no response"}
				h["chat-database"].Report.Service.Log = []string{"could not bind"}
			},
			"chat-database: Postgres takes no connections: no response\n    could not bind", false, true,
		},
		{
			"a role is missing",
			func(h hosts) { h["chat-database"].Report.Postgres.MissingRoles = []string{"chat", "chat_owner"} },
			"chat-database: Postgres lacks the roles chat, chat_owner", false, true,
		},
		{
			"the app's password is wrong",
			func(h hosts) {
				h["chat-us-2"].Report.Database = &health.LoginReport{Detail: `FATAL:  password authentication failed for user "chat"`}
			},
			`chat-us-2: cannot log in to the database: FATAL:  password authentication failed for user "chat"`, false, true,
		},
		{
			"a cookie was changed by hand",
			func(h hosts) {
				h["chat-us-2"].Report.Node.CookieFingerprint = "0123456789ab"
				part(h, 1, 2, health.PeerAnswers, "")
				part(h, 2, 3, health.PeerAnswers, "")
			},
			"chat-us-2: its cookie is not the cluster's, so that other nodes refuse it: the fingerprint is 0123456789ab, not 51e438ec4b07", true, true,
		},
		{
			"a cookie was changed, and the oldest node has it",
			func(h hosts) {
				h["chat-us-1"].Report.Node.CookieFingerprint = "0123456789ab"
				part(h, 1, 2, health.PeerAnswers, "")
				part(h, 1, 3, health.PeerAnswers, "")
				part(h, 2, 3, health.PeerNoHost, "port 4369: timed out")
			},
			`chat-us-1: its cookie is not the cluster's, so that other nodes refuse it: the fingerprint is 0123456789ab, not 51e438ec4b07
chat-us-2: is not connected with every node
    chat-us-3 (chat@10.0.0.3): chat-us-3 cannot reach chat-us-2: port 4369: timed out`, true, true,
		},
		{
			"a node was started with another cookie",
			func(h hosts) { part(h, 1, 2, health.PeerAnswers, "") },
			`chat-us-1: is not connected with every node
    chat-us-2 (chat@10.0.0.2): chat-us-1 answers chat-us-2, but they do not connect; one of them may have started with another cookie than its file has now`, false, true,
		},
		{
			"a node is not in epmd",
			func(h hosts) { part(h, 1, 2, health.PeerNoNode, "epmd there does not know the name") },
			`chat-us-1: is not connected with every node
    chat-us-2 (chat@10.0.0.2): chat-us-2 finds no node of that name on chat-us-1: epmd there does not know the name`, false, true,
		},
		{
			"peers files were deleted",
			func(h hosts) { part(h, 2, 3, "", "") },
			`chat-us-2: is not connected with every node
    chat-us-3 (chat@10.0.0.3): neither of the two dials the other`, false, true,
		},
		{
			"one side is late",
			func(h hosts) { h["chat-us-3"].Report.Node.Nodes = []string{nodeName(1)} },
			`chat-us-2: is not connected with every node
    chat-us-3 (chat@10.0.0.3): only one of the two has noticed the connection yet`, false, true,
		},
		{
			"HAProxy finds a node unwell and knows one less",
			func(h hosts) {
				servers := h["chat-lb-1"].Report.Servers
				servers[1].Up, servers[1].Check = false, "L7STS 503 Service Unavailable"
				h["chat-lb-1"].Report.Servers = servers[:2]
			},
			`chat-lb-1: HAProxy does not have every node up
    chat-us-2 (10.0.0.2:8080): L7STS 503 Service Unavailable
    chat-us-3 is not among its servers`, false, true,
		},
		{
			"HAProxy does not run",
			func(h hosts) {
				h["chat-lb-1"].Report.Service.State, h["chat-lb-1"].Report.Service.Log = "failed", []string{"cannot bind"}
			},
			"chat-lb-1: HAProxy does not run: haproxy.service is failed\n    cannot bind", false, true,
		},
	} {
		t.Run(tt.story, func(t *testing.T) {
			t.Parallel()
			hosts := formedHosts()
			tt.spoil(hosts)
			got := health.Judge(formedSpec(), cluster.Memory{}, listed(hosts))
			if diff := cmp.Diff(tt.want, got.String()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if got.Formed() != (tt.want == "") || got.Failed() != tt.failed || got.Settled != tt.settled {
				t.Errorf("formed %v, failed %v, settled %v; want %v, %v, %v",
					got.Formed(), got.Failed(), got.Settled, tt.want == "", tt.failed, tt.settled)
			}
		})
	}
}

func TestWhereNoHostAnswersTheWaysOutAreTold(t *testing.T) {
	t.Parallel()
	hosts := formedHosts()
	for _, h := range hosts {
		h.Report, h.Err = nil, errors.New("the host does not answer")
	}
	got := health.JudgeBoot(listed(hosts)).String()
	want := `Not one host could be asked. Where Terraform runs at an address that neither access.ssh_from nor management.from of the cluster contains, ` +
		`add it to management.from; where it has no fixed address, set wait_for = "active". Both are changed in place. ` +
		`For a cluster whose hosts Terraform shall never reach, set management = { enabled = false } before it is created`
	if _, last, _ := strings.Cut(got, "chat-lb-1: cannot be asked how it is: the host does not answer\n"); last != want {
		t.Errorf("got\n%s\nwant it to end with\n%s", got, want)
	}
}

func listed(hosts map[string]*health.HostReport) []health.HostReport {
	var list []health.HostReport
	for _, name := range []string{"chat-lb-1", "chat-us-1", "chat-us-2", "chat-us-3", "chat-database"} {
		list = append(list, *hosts[name])
	}
	return list
}

func TestAnImportedClusterIsJudgedWithoutItsCookie(t *testing.T) {
	t.Parallel()
	spec := formedSpec()
	spec.Cookie = ""
	hosts := formedHosts()
	hosts["chat-us-2"].Report.Node.CookieFingerprint = "0123456789ab"
	part(hosts, 1, 2, health.PeerAnswers, "")
	want := `chat-us-1: is not connected with every node
    chat-us-2 (chat@10.0.0.2): their cookies differ: the fingerprint is 0123456789ab on chat-us-2 and 51e438ec4b07 on chat-us-1`
	if diff := cmp.Diff(want, health.Judge(spec, cluster.Memory{}, listed(hosts)).String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestHostsThatWaitForADeployNeedOnlyBootAndHaveADatabase(t *testing.T) {
	t.Parallel()
	spec := formedSpec()
	spec.Release = nil
	hosts := formedHosts()
	for n := 1; n <= 3; n++ {
		node := hosts[fmt.Sprintf("chat-us-%d", n)].Report
		node.Service.State, node.Node.Started, node.Node.Nodes = "inactive", false, nil
	}
	hosts["chat-lb-1"].Report.Servers[0].Up = false
	if got := health.Judge(spec, cluster.Memory{}, listed(hosts)); !got.Formed() {
		t.Errorf("not formed:\n%s", got)
	}
	hosts["chat-us-1"].Report.Database = &health.LoginReport{Detail: "Connection refused"}
	if got, want := health.Judge(spec, cluster.Memory{}, listed(hosts)).String(), "chat-us-1: cannot log in to the database: Connection refused"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestBootedAsksForNothingMoreThanTheBoot(t *testing.T) {
	t.Parallel()
	hosts := formedHosts()
	hosts["chat-us-1"].Report.Service.State = "failed"
	part(hosts, 1, 2, "", "")
	if got := health.JudgeBoot(listed(hosts)); !got.Formed() {
		t.Errorf("not booted:\n%s", got)
	}
	hosts["chat-us-1"].Report.Boot = health.BootReport{Status: health.BootRunning}
	if got, want := health.JudgeBoot(listed(hosts)).String(), "chat-us-1: still boots"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestALongListOfFindingsBeginsWithTheFinalOnes(t *testing.T) {
	t.Parallel()
	var formation health.Formation
	for n := range 12 {
		formation.Findings = append(formation.Findings, health.Finding{Host: fmt.Sprint("host-", n), Cause: "waits", Final: n == 11})
	}
	want := "host-11: waits\nhost-0: waits\nhost-1: waits\nhost-2: waits\nhost-3: waits\nhost-4: waits\nhost-5: waits\nhost-6: waits\nhost-7: waits\nhost-8: waits\nand 2 more"
	if diff := cmp.Diff(want, formation.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestReportsOfAnotherVersionAreRefused(t *testing.T) {
	t.Parallel()
	report, err := health.ParseReport([]byte(`{"version": 1, "role": "node", "boot": {"status": "done"}, "service": {"state": "active"}, "node": {"started": true}}`))
	if err != nil || report.Node == nil || !report.Node.Started || report.Service.State != "active" {
		t.Errorf("got %+v, %v", report, err)
	}
	for text, want := range map[string]string{
		`{"version": 2}`: "the host's report has version 2, and this provider reads version 1",
		`sudo: no`:       "read the host's report: invalid character 's' looking for beginning of value",
	} {
		if _, err := health.ParseReport([]byte(text)); err == nil || err.Error() != want {
			t.Errorf("%s: got error %v, want %q", text, err, want)
		}
	}
}
