package digitalocean

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/digitalocean/godo"
)

// Error is what the API answered instead of carrying a call out.
type Error struct {
	Action    string // what was tried, such as "create the VPC chat-nyc3"
	Status    int    // HTTP status; 0 when no answer came
	Message   string // the API's own words
	RequestID string // for DigitalOcean's support
	cause     error
}

// Error implements error.
func (e *Error) Error() string {
	if e.Status == 0 {
		return fmt.Sprintf("%s: %v", e.Action, e.cause)
	}
	text := fmt.Sprintf("%s: DigitalOcean answered %d: %s", e.Action, e.Status, e.Message)
	if e.RequestID != "" {
		text += fmt.Sprintf(" (request %s)", e.RequestID)
	}
	return text
}

// Unwrap gives the cause, so that errors.Is finds a cancelled context.
func (e *Error) Unwrap() error { return e.cause }

// failed turns an error of godo into an *Error; nil stays nil.
func failed(err error, format string, args ...any) error {
	if err == nil {
		return nil
	}
	e := &Error{Action: fmt.Sprintf(format, args...), cause: err}
	if answer := (*godo.ErrorResponse)(nil); errors.As(err, &answer) && answer.Response != nil {
		e.Status, e.Message, e.RequestID = answer.Response.StatusCode, answer.Message, answer.RequestID
	}
	return e
}

// Status returns the HTTP status that the API refused a call with; 0 when the
// error is none of the API's.
func Status(err error) int {
	if e := (*Error)(nil); errors.As(err, &e) {
		return e.Status
	}
	if answer := (*godo.ErrorResponse)(nil); errors.As(err, &answer) && answer.Response != nil {
		return answer.Response.StatusCode
	}
	return 0
}

// gone says that the object of a call does not exist.
func gone(err error) bool { return Status(err) == http.StatusNotFound }

// lost says that a call may have been carried out although its answer says
// nothing of the kind: the connection broke, or the server failed on the way.
func lost(err error) bool {
	status := Status(err)
	return err != nil && (status == 0 || status >= http.StatusInternalServerError)
}

// busy says that an object cannot be changed yet because something else still
// holds it: an action that runs, or members that linger (API description,
// "Delete a VPC": 403; 409 and 422 are what the API answers). Any other 403 is
// a token that may not do it.
func busy(err error) bool {
	switch Status(err) {
	case http.StatusForbidden:
		return strings.Contains(err.Error(), "members")
	case http.StatusConflict, http.StatusUnprocessableEntity, http.StatusPreconditionFailed:
		return true
	}
	return false
}
