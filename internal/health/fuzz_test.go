package health_test

import (
	"encoding/json"
	"testing"

	"github.com/beamcluster/terraform-provider-beam/internal/cluster"
	"github.com/beamcluster/terraform-provider-beam/internal/health"
)

// Whatever a host answers, it is judged together with hosts that are well.
func FuzzParseReport(f *testing.F) {
	for _, host := range formedHosts() {
		report := *host.Report
		report.Version = 1
		text, err := json.Marshal(report)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Add([]byte(`{"version": 1}`))
	f.Add([]byte(`{"version": 1, "role": "database", "node": {"missing": [{}]}, "servers": [{}], "postgres": null}`))
	f.Add([]byte(`{"version": 1, "nodes": [null, "chat@10.0.0.2"], "failed": null, "file": "", "staged": null}`))
	f.Add([]byte(`null`))
	f.Fuzz(func(t *testing.T, text []byte) {
		if switched, err := health.ParseSwitchReport(text); err == nil && switched.Version != 1 {
			t.Errorf("version %d is taken", switched.Version)
		}
		if cookies, err := health.ParseCookieReport(text); err == nil && cookies.Version != 1 {
			t.Errorf("version %d is taken", cookies.Version)
		}
		report, err := health.ParseReport(text)
		if err != nil {
			return
		}
		for name := range formedHosts() {
			var hosts []health.HostReport
			for other, host := range formedHosts() {
				if other == name {
					host.Report = &report
				}
				hosts = append(hosts, *host)
			}
			_ = health.Judge(formedSpec(), cluster.Memory{}, hosts).String()
			_ = health.JudgeBoot(hosts).String()
			health.NodesRun(hosts)
		}
	})
}
