package domain

import (
	"io"
	"strconv"
)

// Role is what a user may do, from everything to reading.
type Role string

// The roles, from the one that may do everything to the one that only reads. A
// visitor, who has not logged in, has none of them.
const (
	Admin  Role = "ADMIN"
	Editor Role = "EDITOR"
	Author Role = "AUTHOR"
	Viewer Role = "VIEWER"
)

// Valid reports whether r is one of the four roles.
func (r Role) Valid() bool {
	switch r {
	case Admin, Editor, Author, Viewer:
		return true
	}
	return false
}

// MarshalGQL writes the role as a GraphQL enum value.
func (r Role) MarshalGQL(w io.Writer) { write(w, r.AppendGQL(nil)) }

// AppendGQL appends what MarshalGQL writes.
func (r Role) AppendGQL(b []byte) []byte { return strconv.AppendQuote(b, string(r)) }

// UnmarshalGQL reads a GraphQL enum value.
func (r *Role) UnmarshalGQL(v any) error { return readEnum(r, v, "Role") }

// Actor is who asks. The zero value is a visitor.
type Actor struct {
	UserID string
	Role   Role
}

// System is the actor of what the operator does from the command line: it may do
// everything, and leaves no user id in the log.
var System = Actor{Role: Admin}

// Visitor reports whether nobody is logged in.
func (a Actor) Visitor() bool { return a.Role == "" }

// Owns reports whether something is the actor's own: what belongs to the user of
// this id. What belongs to nobody, "", is nobody's own. What follows from it is
// said by package policy.
func (a Actor) Owns(userID string) bool { return a.UserID != "" && a.UserID == userID }

// enum is a string type with a fixed set of values.
type enum interface {
	~string
	Valid() bool
}

// readEnum sets e to the value v, which must be one of the enum's, in its case.
func readEnum[E enum](e *E, v any, name string) error {
	s, ok := v.(string)
	if !ok || !E(s).Valid() {
		return Errorf(Invalid, "%v is not a value of %s", v, name)
	}
	*e = E(s)
	return nil
}

// write writes a value as gqlgen wants it. The error is the writer's to keep: gqlgen
// writes into a buffer.
func write(w io.Writer, value []byte) { _, _ = w.Write(value) }
