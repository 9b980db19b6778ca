package domain

import (
	"errors"
	"fmt"
	"strings"
)

// Code says what kind of thing went wrong, in a word that clients can rely on.
type Code string

// The codes. The first six are shown to clients as data, beside the payload of a
// mutation; the others are answers of the API as a whole.
const (
	Invalid         Code = "BAD_USER_INPUT"
	NotFound        Code = "NOT_FOUND"
	Forbidden       Code = "FORBIDDEN"
	AlreadyTaken    Code = "ALREADY_TAKEN"
	VersionConflict Code = "VERSION_CONFLICT"
	KeyReused       Code = "IDEMPOTENCY_KEY_REUSED"

	Unauthenticated Code = "UNAUTHENTICATED"
	Overloaded      Code = "OVERLOADED"
	Unavailable     Code = "UNAVAILABLE"
)

// Error is what a user can do something about. Every other error is internal.
type Error struct {
	Code    Code
	Message string
	// Field is the member of the input at fault, if there is one.
	Field string
	// Existing is the id of the thing that holds what was to be taken.
	Existing string
	// ID, Expected and Actual describe a VersionConflict: of which object, and
	// the versions the client expected and the log has.
	ID       string
	Expected int
	Actual   int
}

func (e *Error) Error() string { return e.Message }

// Errorf returns an Error of this code.
func Errorf(code Code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// At names the member of the input that is at fault.
func (e *Error) At(field string) *Error {
	e.Field = field
	return e
}

// Errors is several faults of one input. It has at least one element.
type Errors []*Error

func (e Errors) Error() string {
	messages := make([]string, len(e))
	for i, one := range e {
		messages[i] = one.Message
	}
	return strings.Join(messages, "; ")
}

// Unwrap gives errors.As and errors.Is the faults one by one.
func (e Errors) Unwrap() []error {
	list := make([]error, len(e))
	for i, one := range e {
		list[i] = one
	}
	return list
}

// CodeOf returns the code of an Error somewhere in err's chain, or "".
func CodeOf(err error) Code {
	if one, ok := errors.AsType[*Error](err); ok {
		return one.Code
	}
	return ""
}

// faults collects what is wrong with an input.
type faults struct{ list Errors }

// add notes a fault, unless it is nil.
func (f *faults) add(e *Error) {
	if e != nil {
		f.list = append(f.list, e)
	}
}

// err returns what was collected: nil when nothing was.
func (f *faults) err() error {
	if len(f.list) == 0 {
		return nil
	}
	return f.list
}
