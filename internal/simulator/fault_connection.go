package simulator

import (
	"context"
	"net"
	"net/http"
	"os"
	"syscall"
)

// breakConnection ends the connection that a request came on, without an
// answer, as far as there is one: in-process the call fails as it would over a
// network. It does not return, and net/http takes its panic for no mistake.
func breakConnection(w http.ResponseWriter, r *http.Request, kind FaultKind) {
	if outcome, inProcess := r.Context().Value(outcomeKey{}).(*outcome); inProcess {
		outcome.err = connectionError(kind)
	} else if connection, _, err := http.NewResponseController(w).Hijack(); err == nil {
		// Without lingering, closing is a reset.
		if tcp, ok := connection.(interface{ SetLinger(int) error }); ok {
			_ = tcp.SetLinger(0)
		}
		_ = connection.Close()
	}
	panic(http.ErrAbortHandler)
}

// connectionError is what a client sees of a connection that fails.
func connectionError(kind FaultKind) error {
	if kind == Refused {
		return &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
	}
	return &net.OpError{Op: "read", Net: "tcp", Err: os.NewSyscallError("read", syscall.ECONNRESET)}
}

// outcome tells Transport, through the request's context, how a call failed
// that the handler broke off.
type outcome struct{ err error }

type outcomeKey struct{}

func withOutcome(ctx context.Context) (context.Context, *outcome) {
	result := &outcome{}
	return context.WithValue(ctx, outcomeKey{}, result), result
}
