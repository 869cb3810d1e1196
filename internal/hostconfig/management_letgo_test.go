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
		request     string // that begins what lasts
		seconds     int
		least, most time.Duration
	}{
		"idle": {"", 50, 0, 45 * time.Second},
		"busy": {
			"GET /socket HTTP/1.1\r\nHost: chat.example.com\r\nOrigin: http://chat.example.com\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
				"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: x3JJHMbDL1EzLkh9GBhXDw==\r\n\r\n",
			2, 11 * time.Second, 45 * time.Second,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			one := startNode(t, "chat-1")
			r := runManaged(t, trafficLoadBalancer(t, one))
			r.set(t, one)
			client := r.keep(t)
			client.ask(t, newRequest(t, "http://chat.example.com/"))
			if tt.request != "" {
				_, err := io.WriteString(client.conn, tt.request)
				must(t, err)
				_, err = client.answers.ReadString('\n') // it lasts from now on
				must(t, err)
			}
			begin := time.Now()
			if _, messages, status := r.ask(t, hostconfig.CommandLetGo(tt.seconds), ""); status != 0 {
				t.Fatalf("exit status %d: %s", status, messages)
			}
			if took := time.Since(begin); took < tt.least || took > tt.most {
				t.Errorf("it took %v, want %v to %v", took, tt.least, tt.most)
			}
			if tt.request != "" {
				return
			}
			must(t, client.conn.SetReadDeadline(time.Now().Add(time.Second)))
			if _, err := client.answers.ReadByte(); !errors.Is(err, io.EOF) {
				t.Errorf("the connection is kept: %v", err)
			}
		})
	}
}
