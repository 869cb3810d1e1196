//go:build linux

package e2e_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"testing"
	"time"
)

// site is what visitors of a load balancer know of it.
type site struct {
	dial    func(ctx context.Context, network, address string) (net.Conn, error)
	address string
	name    string
	roots   *x509.CertPool // who vouches for the name; nil for a site without TLS
}

// site is the world's own, as seen from the operator's address.
func (w *world) site(name string, roots *x509.CertPool) site {
	return site{dial: w.Hosts.Client().Dial, address: w.state.LoadBalancerIPv4, name: name, roots: roots}
}

func (s site) scheme() string {
	if s.roots == nil {
		return "http"
	}
	return "https"
}

// connect opens a connection, which lasts until the context's deadline.
func (s site) connect(ctx context.Context) (net.Conn, error) {
	port := map[string]string{"http": "80", "https": "443"}[s.scheme()]
	connection, err := s.dial(ctx, "tcp", net.JoinHostPort(s.address, port))
	if err != nil {
		return nil, err
	}
	if deadline, ok := ctx.Deadline(); ok {
		err = connection.SetDeadline(deadline)
	}
	if s.roots != nil && err == nil {
		secured := tls.Client(connection, &tls.Config{RootCAs: s.roots, ServerName: s.name, MinVersion: tls.VersionTLS12})
		connection, err = secured, secured.HandshakeContext(ctx)
	}
	if err != nil {
		connection.Close()
		return nil, err
	}
	return connection, nil
}

// certificate is the one that the site shows, as PEM.
func (s site) certificate(t *testing.T) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), answerTime)
	defer cancel()
	connection, err := s.connect(ctx)
	must(t, err)
	defer connection.Close()
	secured, _ := connection.(*tls.Conn)
	return pemOf("CERTIFICATE", secured.ConnectionState().PeerCertificates[0].Raw)
}

// visitor sends requests one after the other. It never repeats one that was
// sent: no answer is a lost request.
type visitor struct {
	site   site
	path   string
	limit  time.Duration // that an answer may take
	keeps  bool          // the connection and the cookie, as browsers do
	cookie *http.Cookie

	connection net.Conn // nil until the next request needs one
	answers    *bufio.Reader
}

// ask sends one request, whose answer is waited for even if the context ends.
func (v *visitor) ask(ctx context.Context) (string, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), v.limit)
	defer cancel()
	body, err := v.get(ctx)
	if err != nil {
		v.hangUp()
	}
	return body, err
}

func (v *visitor) get(ctx context.Context) (string, error) {
	if err := v.connect(ctx); err != nil {
		return "", err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, v.site.scheme()+"://"+v.site.name+v.path, http.NoBody)
	if err != nil {
		return "", err
	}
	if request.Close = !v.keeps; v.cookie != nil {
		request.AddCookie(v.cookie)
	}
	if err := request.Write(v.connection); err != nil {
		return "", err
	}
	response, err := http.ReadResponse(v.answers, request)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return "", err
	}
	if set := response.Cookies(); v.keeps && len(set) > 0 {
		v.cookie = set[0]
	}
	if response.Close {
		v.hangUp()
	}
	if response.StatusCode != http.StatusOK {
		return "", errors.New(response.Status)
	}
	return string(body), nil
}

// connect makes sure of a connection, which lasts until the context's deadline.
// Between two requests the server may have closed the one before.
func (v *visitor) connect(ctx context.Context) (err error) {
	if v.connection != nil && v.closedMeanwhile() {
		v.hangUp()
	}
	if v.connection == nil {
		if v.connection, err = v.site.connect(ctx); err != nil {
			return err
		}
		v.answers = bufio.NewReader(v.connection)
	}
	deadline, _ := ctx.Deadline()
	return v.connection.SetDeadline(deadline)
}

// closedMeanwhile looks whether anything has arrived. Of an open connection it
// has not: nothing was asked.
func (v *visitor) closedMeanwhile() bool {
	if err := v.connection.SetReadDeadline(time.Now().Add(time.Millisecond)); err != nil {
		return true
	}
	_, err := v.answers.Peek(1)
	return !errors.Is(err, os.ErrDeadlineExceeded)
}

func (v *visitor) hangUp() {
	if v.connection != nil {
		_ = v.connection.Close() // nothing more is expected of it
		v.connection = nil
	}
}
