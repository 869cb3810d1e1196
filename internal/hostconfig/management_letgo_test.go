package hostconfig_test

import (
	"errors"
	"io"
	"testing"
	"time"

	"github.com/beamcluster/terraform-provider-beam/internal/hostconfig"
)

// A load balancer that goes is rid of those who keep a connection soon: they can ask
// once more, as after each reload. What lasts is given its time, and no more.
func TestClientsAreLetGo(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		begun       string // a request that has yet to end
		seconds     int
		least, most time.Duration
	}{
		"idle":   {"", 50, 0, 45 * time.Second},
		"asking": {"GET / HTTP/1.1\r\nHost: ", 2, 2 * time.Second, 9 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			one := startNode(t, "chat-1")
			r := runManaged(t, trafficLoadBalancer(t, one))
			r.set(t, one)
			client := r.keep(t)
			client.ask(t, newRequest(t, "http://chat.example.com/"))
			_, err := io.WriteString(client.conn, tt.begun)
			must(t, err)
			begin := time.Now()
			if _, messages, status := r.ask(t, hostconfig.CommandLetGo(tt.seconds), ""); status != 0 {
				t.Fatalf("exit status %d: %s", status, messages)
			}
			if took := time.Since(begin); took < tt.least || took > tt.most {
				t.Errorf("it took %v, want %v to %v", took, tt.least, tt.most)
			}
			if tt.begun != "" {
				return
			}
			must(t, client.conn.SetReadDeadline(time.Now().Add(time.Second)))
			if _, err := client.answers.ReadByte(); !errors.Is(err, io.EOF) {
				t.Errorf("the connection is kept: %v", err)
			}
		})
	}
}
