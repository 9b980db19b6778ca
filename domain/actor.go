package domain

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
