//go:build linux

package e2e_test

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/net/websocket"
)

// socketEvery is how often something is said into a WebSocket.
const socketEvery = time.Second

// socket keeps a WebSocket open. One that cannot be opened counts as a request
// that is lost.
func (st *steady) socket(ctx context.Context, index int) {
	for ctx.Err() == nil {
		start := time.Now()
		opened, err := st.site.openSocket(ctx)
		st.count(start, live, err)
		if err == nil {
			err = talk(ctx, opened)
			opened.Close()
		}
		if ctx.Err() == nil && err != nil && opened != nil {
			st.cut(index, err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(100 * time.Millisecond): // a client waits longer, and notices less
		}
	}
}

func (st *steady) cut(index int, err error) {
	st.mu.Lock()
	defer st.mu.Unlock()
	st.cuts[index]++
	st.cutBy = append(st.cutBy, fmt.Sprintf("WebSocket %d after %.1f s: %v", index, time.Since(st.started).Seconds(), err))
}

// talk says something again and again, until it is not answered or the context
// ends.
func talk(ctx context.Context, socket *websocket.Conn) error {
	tick := time.NewTicker(socketEvery)
	defer tick.Stop()
	for n := 0; ; n++ {
		if err := echo(socket, fmt.Sprint(n)); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// echo says something and waits for the answer.
func echo(socket *websocket.Conn, text string) error {
	if err := socket.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		return err
	}
	if err := websocket.Message.Send(socket, text); err != nil {
		return err
	}
	var answer string
	if err := websocket.Message.Receive(socket, &answer); err != nil {
		return err
	}
	if answer != text {
		return fmt.Errorf("the WebSocket answers %q to %q", answer, text)
	}
	return nil
}

// live is where the releases have their WebSocket, as LiveView does.
const live = "/live/websocket"

// openSocket opens a WebSocket, as a page of the site does.
func (s site) openSocket(ctx context.Context) (*websocket.Conn, error) {
	return s.openSocketOf(ctx, s.scheme()+"://"+s.name)
}

// openSocketOf opens a WebSocket, as a page of another site does.
func (s site) openSocketOf(ctx context.Context, origin string) (*websocket.Conn, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), answerTime)
	defer cancel()
	scheme := map[string]string{"http": "ws", "https": "wss"}[s.scheme()]
	config, err := websocket.NewConfig(scheme+"://"+s.name+live, origin)
	if err != nil {
		return nil, err
	}
	raw, err := s.connect(ctx)
	if err != nil {
		return nil, err
	}
	opened, err := websocket.NewClient(config, raw)
	if err != nil {
		raw.Close()
		return nil, err
	}
	return opened, nil
}
