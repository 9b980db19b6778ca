package domain

// This file is the one place that says who may see and who may do what. The SQL
// that selects visible rows (readmodel/visible.go) is a translation of it, and a
// test compares the two.
//
//	                     visitor, VIEWER    AUTHOR             EDITOR, ADMIN
//	published content    sees               sees               sees, changes
//	other content        –                  own: sees, changes sees, changes
//	public deck          sees, no notes     own: notes, changes sees, changes
//	private deck         –                  own: sees, changes sees, changes
//	deleted things       –                  own: restores      restores
//	e-mail address       own                own                ADMIN: all
//	users' events        own                own                ADMIN: all
//	roles                –                  –                  ADMIN: changes
//
// The right to see the past is decided by what holds now: what is hidden from
// somebody today is hidden in every earlier moment too, and what was hidden then
// stays so.

// MayWrite reports whether the actor may create things.
func (a Actor) MayWrite() bool { return a.Role == Author || a.MayEdit() }

// MayEdit reports whether the actor may see and change what others wrote.
func (a Actor) MayEdit() bool { return a.Role == Editor || a.Role == Admin }

// MayAdminister reports whether the actor may manage users and read the whole log.
func (a Actor) MayAdminister() bool { return a.Role == Admin }

// Owns reports whether the actor is the author with this id.
func (a Actor) Owns(authorID string) bool { return a.UserID != "" && a.UserID == authorID }

// MayChange reports whether the actor may change, delete or restore a thing of
// this author's.
func (a Actor) MayChange(authorID string) bool {
	return a.MayEdit() || a.MayWrite() && a.Owns(authorID)
}

// MaySeeHidden reports whether the actor may see what this author has not
// published, or has deleted, and the speaker notes of the author's decks.
func (a Actor) MaySeeHidden(authorID string) bool { return a.MayEdit() || a.Owns(authorID) }

// MaySeePrivate reports whether the actor may see a user's e-mail address and
// the events of the user's account.
func (a Actor) MaySeePrivate(userID string) bool { return a.MayAdminister() || a.Owns(userID) }
