package domain

// Role is the role of a user. Package policy lists the rights of each role.
type Role string

// The roles, from the one with all rights to the one that only reads. A visitor has no role.
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

// Actor is the user on whose behalf a request runs. The zero value is a visitor.
type Actor struct {
	UserID string
	Role   Role
}

// System is the actor of the operator's commands on the command line. It has all rights and leaves
// no user id in the log.
var System = Actor{Role: Admin}

// Visitor reports whether the actor has not logged in.
func (a Actor) Visitor() bool { return a.Role == "" }

// Owns reports whether ownerID is the id of the actor. An object without an owner, "", is owned by
// no actor. Package policy names the rights of owners.
func (a Actor) Owns(userID string) bool { return a.UserID != "" && a.UserID == userID }
