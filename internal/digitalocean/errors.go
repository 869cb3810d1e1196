package digitalocean

import (
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"unicode"

	"github.com/digitalocean/godo"
)

// maxMessage is how much of a message is told, in characters.
const maxMessage = 300

// Error is what the API answered instead of carrying a call out.
type Error struct {
	Action    string // what was tried, such as "create the VPC chat-nyc3"; may be empty
	Status    int    // HTTP status; 0 when no answer came
	ID        string // the API's own name of the error, such as "not_found"
	Message   string // the API's own words; empty when it has none
	RequestID string // for DigitalOcean's support
	cause     error
}

// Error implements error.
func (e *Error) Error() string {
	text := ""
	if e.Action != "" {
		text = e.Action + ": "
	}
	switch {
	case e.Status == 0:
		return text + oneLine(fmt.Sprint(e.cause))
	case e.Message == "":
		text += strings.TrimSpace(fmt.Sprintf("DigitalOcean answered %d %s", e.Status, http.StatusText(e.Status)))
	default:
		text += fmt.Sprintf("DigitalOcean answered %d: %s", e.Status, e.Message)
	}
	if e.RequestID != "" {
		text += fmt.Sprintf(" (request %s)", e.RequestID)
	}
	return text
}

// Unwrap gives the cause, so that errors.Is finds a cancelled context.
func (e *Error) Unwrap() error { return e.cause }

// failed says what was tried when err came; nil stays nil.
func failed(err error, format string, args ...any) error {
	if err == nil {
		return nil
	}
	action := fmt.Sprintf(format, args...)
	if e, ok := err.(*Error); ok && e.Action == "" { //nolint:errorlint // one that is wrapped has words around it that must stay
		named := *e
		named.Action = action
		return &named
	}
	return fmt.Errorf("%s: %w", action, err)
}

// apiError turns an error of godo into an *Error; nil stays nil. It leaves out
// the URL, and the request with its token.
func apiError(err error) error {
	if err == nil {
		return nil
	}
	if answer := (*godo.ErrorResponse)(nil); errors.As(err, &answer) && answer.Response != nil {
		return refusal(answer.Response)
	}
	return &Error{cause: bare(err)}
}

// bare takes off what net/http puts around an error, which has the URL in it.
func bare(err error) error {
	for {
		wrapped, ok := err.(*url.Error) //nolint:errorlint // takes off one layer after the other
		if !ok {
			return err
		}
		err = wrapped.Err
	}
}

// refusal reads the body of an answer that is no success. What is not the API's
// JSON, such as a proxy's page, is not told.
func refusal(resp *http.Response) *Error {
	e := &Error{Status: resp.StatusCode, RequestID: oneLine(resp.Header.Get("X-Request-Id"))}
	if resp.StatusCode < http.StatusBadRequest {
		e.Message = redirected(resp)
		return e
	}
	body, ok := resp.Body.(*answerBody)
	if !ok {
		return e
	}
	var parts map[string]json.RawMessage
	if json.Unmarshal(body.whole, &parts) != nil {
		return e
	}
	e.ID, e.Message = text(parts["id"]), text(parts["message"])
	if id := text(parts["request_id"]); id != "" {
		e.RequestID = id
	}
	return e
}

// text reads a JSON string; anything else is none.
func text(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) != nil {
		return ""
	}
	return oneLine(s)
}

// redirected says where a redirect led. Of its target only the host is told.
func redirected(resp *http.Response) string {
	host := "nowhere"
	if target, err := resp.Location(); err == nil {
		host = oneLine(target.Host)
	}
	return fmt.Sprintf("it redirects to %s, which is not followed: check api_endpoint (DIGITALOCEAN_API_URL)", host)
}

// oneLine makes a text that came from outside fit into a message.
func oneLine(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return ' '
	}, strings.ToValidUTF8(s, ""))
	s = strings.Join(strings.Fields(s), " ")
	if runes := []rune(s); len(runes) > maxMessage {
		return string(runes[:maxMessage]) + "…"
	}
	return s
}

// Status returns the HTTP status that the API refused a call with; 0 when the
// error is none of the API's.
func Status(err error) int {
	if e := (*Error)(nil); errors.As(err, &e) {
		return e.Status
	}
	return 0
}

// Gone says that the object of a call does not exist. A 404 in other words than the
// API's, such as the page of a proxy, says nothing of it.
func Gone(err error) bool {
	e := (*Error)(nil)
	return errors.As(err, &e) && e.Status == http.StatusNotFound && e.ID+e.Message != ""
}

// Unanswered says that a call got no answer, or one that is not whole.
func Unanswered(err error) bool {
	e := (*Error)(nil)
	return errors.As(err, &e) && e.Status == 0
}

// lost says that a call may have been carried out although its answer says
// nothing of the kind: the connection broke, or the server failed on the way.
func lost(err error) bool {
	return err != nil && !unsent(err) && (Status(err) == 0 || passes(err))
}

// passes says that an answer is none of the API's to the call, and that another try
// may get one.
func passes(err error) bool {
	switch status := Status(err); status {
	case http.StatusRequestTimeout, http.StatusLocked, http.StatusTooEarly:
		return true
	case http.StatusNotFound:
		return !Gone(err)
	default:
		return status >= http.StatusInternalServerError
	}
}

// unsentError is the error of a call that was not carried out for certain.
type unsentError struct{ cause error }

// Error implements error.
func (e *unsentError) Error() string { return e.cause.Error() }

// Unwrap gives the cause.
func (e *unsentError) Unwrap() error { return e.cause }

// unsent says that a call was not carried out for certain: it ended before it
// was sent, or the connection did not come about or was not trusted.
func unsent(err error) bool {
	var (
		before      *unsentError
		argument    *godo.ArgError
		certificate *tls.CertificateVerificationError
	)
	return errors.As(err, &before) || errors.As(err, &argument) || errors.As(err, &certificate) || unconnected(err)
}

// unconnected says that no connection came about.
func unconnected(err error) bool {
	var network *net.OpError
	return errors.As(err, &network) && network.Op == "dial"
}

// OverLimit says that a create is refused because the account has as many of the
// kind as it may. The status, 422 or for volumes 403, and the id are those of other
// refusals.
func OverLimit(err error) bool {
	status := Status(err)
	return (status == http.StatusUnprocessableEntity || status == http.StatusForbidden) && says(err, "limit")
}

// busy says that an object cannot be changed yet because something else still
// holds it: an action that runs, or members that linger (API description,
// "Delete a VPC": 403; 409 and 422 are what the API answers). Any other 403 is
// a token that may not do it; both have the id "forbidden".
func busy(err error) bool {
	switch Status(err) {
	case http.StatusForbidden:
		return says(err, "members")
	case http.StatusConflict, http.StatusUnprocessableEntity, http.StatusPreconditionFailed, http.StatusLocked:
		return true
	}
	return false
}

// pending says that an action is refused because another one runs. Its status
// and id are those of every other thing that is wrong with a request.
func pending(err error) bool {
	return Status(err) == http.StatusUnprocessableEntity && says(err, "pending event")
}

// exists says that a create is refused because there is such an object already:
// 409 for most kinds, 422 for VPCs, attached volumes and reserved IPs.
func exists(err error) bool {
	return Status(err) == http.StatusConflict ||
		Status(err) == http.StatusUnprocessableEntity && says(err, "already") && !pending(err)
}

// says looks for words in the API's own message, for where it gives no id.
func says(err error, words string) bool {
	e := (*Error)(nil)
	return errors.As(err, &e) && strings.Contains(strings.ToLower(e.Message), words)
}
