package domain

import (
	"errors"
	"fmt"
	"strings"
)

// Code is the kind of an error, a word on which clients can rely.
type Code string

// The codes. The API returns the first six as data, beside the payload of a mutation, and the
// others as errors of the whole response.
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

// Error is an error that the caller can mend. Every other error is internal.
type Error struct {
	Code    Code
	Message string
	// Field is the member of the input at fault, if there is one.
	Field string
	// Existing is the id of the object that holds the wanted slug or address.
	Existing string
	// ID, Expected and Actual describe a VersionConflict: the object, the version that the client
	// expected, and the version in the log.
	ID       string
	Expected int
	Actual   int
}

func (e *Error) Error() string { return e.Message }

// Errorf returns an Error of this code.
func Errorf(code Code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// At returns the error with the member of the input at fault.
func (e *Error) At(field string) *Error {
	e.Field = field
	return e
}

// Errors holds the faults of one input. It has at least one element.
type Errors []*Error

func (e Errors) Error() string {
	messages := make([]string, len(e))
	for i, one := range e {
		messages[i] = one.Message
	}
	return strings.Join(messages, "; ")
}

// Unwrap returns the faults, for errors.As and errors.Is.
func (e Errors) Unwrap() []error {
	list := make([]error, len(e))
	for i, one := range e {
		list[i] = one
	}
	return list
}

// CodeOf returns the code of an Error in the chain of err, or "".
func CodeOf(err error) Code {
	if one, ok := errors.AsType[*Error](err); ok {
		return one.Code
	}
	return ""
}

// faults collects the faults of an input.
type faults struct{ list Errors }

// add appends a fault, unless it is nil.
func (f *faults) add(e *Error) {
	if e != nil {
		f.list = append(f.list, e)
	}
}

// err returns the collected faults, nil if there are none.
func (f *faults) err() error {
	if len(f.list) == 0 {
		return nil
	}
	return f.list
}
