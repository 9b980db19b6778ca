package policy

import "flightdeck/domain"

// Reach is the set of objects that a right covers.
type Reach uint8

// The reaches. No actor owns an object without an owner.
const (
	Not Reach = iota // to no object
	Own              // to the objects that the actor owns
	All              // to all objects
)

// Row is the reach of one right for each kind of actor: a visitor without a session, VIEWER,
// AUTHOR, EDITOR and ADMIN, in this order.
type Row [5]Reach

// Table has a row for every right. The zero value grants no right.
type Table [Rights]Row

// Rules returns the table in force.
func Rules() Table {
	return Table{
		//                    visitor VIEWER AUTHOR EDITOR ADMIN
		SeePublishedContent: {All, All, All, All, All},
		SeeFormerDraft:      {Not, Own, Own, All, All},
		SeeWithdrawnContent: {Not, Own, Own, All, All},
		SeeDraft:            {Not, Own, Own, All, All},
		SeeDeletedContent:   {Not, Own, Own, All, All},
		CreateContent:       {Not, Not, All, All, All},
		ChangeContent:       {Not, Not, Own, All, All},

		SeePublicDeck:        {All, All, All, All, All},
		SeeFormerPrivateDeck: {Not, Own, Own, All, All},
		SeeWithdrawnDeck:     {Not, Own, Own, All, All},
		SeePrivateDeck:       {Not, Own, Own, All, All},
		SeeDeletedDeck:       {Not, Own, Own, All, All},
		SeeNotes:             {Not, Own, Own, All, All},
		CreateDeck:           {Not, Not, All, All, All},
		ChangeDeck:           {Not, Not, Own, All, All},

		SeeUser:       {All, All, All, All, All},
		ListUsers:     {Not, All, All, All, All},
		SeeEmail:      {Not, Own, Own, Own, All},
		SeeAccount:    {Not, Own, Own, Own, All},
		ChangeAccount: {Not, Own, Own, Own, All},
		ForgetUser:    {Not, Own, Own, Own, All},
		CreateUser:    {Not, Not, Not, Not, All},
		ChangeRole:    {Not, Not, Not, Not, All},
		ResetPassword: {Not, Not, Not, Not, All},

		SeeKeys:    {Not, Not, Not, Not, All},
		ManageKeys: {Not, Not, Not, Not, All},
		Operate:    {Not, Not, Not, Not, All},
	}
}

// Right is permission for one kind of action. Its text is its name in the table.
type Right uint8

// The rights. The right to see an object includes its parts: its slides, its events, its place in
// lists, counts and searches.
const (
	// SeePublishedContent is the right to see a content that is published now, at a moment when it
	// was published.
	SeePublishedContent Right = iota
	// SeeFormerDraft is the right to see a content that is published now, at a moment when it was
	// not.
	SeeFormerDraft
	// SeeWithdrawnContent is the right to see a content that is not published now, at a moment when
	// it was.
	SeeWithdrawnContent
	// SeeDraft is the right to see a content that is not published now, at a moment when it was not
	// either.
	SeeDraft
	// SeeDeletedContent is the right to see a deleted content at a moment before its deletion, and
	// to see that it was deleted. No list at a moment has the objects that are deleted then.
	SeeDeletedContent
	// CreateContent is the right to create a content.
	CreateContent
	// ChangeContent is the right to change, publish, archive, delete or restore a content.
	ChangeContent

	// SeePublicDeck is the right to see a deck that is public now, at a moment when it was public.
	SeePublicDeck
	// SeeFormerPrivateDeck is the right to see a deck that is public now, at a moment when it was
	// private.
	SeeFormerPrivateDeck
	// SeeWithdrawnDeck is the right to see a deck that is private now, at a moment when it was
	// public.
	SeeWithdrawnDeck
	// SeePrivateDeck is the right to see a deck that is private now, at a moment when it was
	// private.
	SeePrivateDeck
	// SeeDeletedDeck is SeeDeletedContent for decks.
	SeeDeletedDeck
	// SeeNotes is the right to read the speaker notes of a visible deck.
	SeeNotes
	// CreateDeck is the right to create a deck.
	CreateDeck
	// ChangeDeck is the right to change a deck or its slides, and to delete or restore it.
	ChangeDeck

	// SeeUser is the right to see the name and the role of a user. Users own themselves.
	SeeUser
	// ListUsers is the right to list the users.
	ListUsers
	// SeeEmail is the right to see the address of a user.
	SeeEmail
	// SeeAccount is the right to see the events of a user, which contain the address.
	SeeAccount
	// ChangeAccount is the right to change the name or the address of a user.
	ChangeAccount
	// ForgetUser is the right to erase a user.
	ForgetUser
	// CreateUser is the right to create an account for another person.
	CreateUser
	// ChangeRole is the right to change the role of a user.
	ChangeRole
	// ResetPassword is the right to set the password of a user without the old one.
	ResetPassword

	// SeeKeys is the right to see the API keys of machines, without their secrets.
	SeeKeys
	// ManageKeys is the right to create and revoke API keys.
	ManageKeys
	// Operate is the right to operate the log: to see its size, and to use its snapshots, its
	// archive and the rebuild of the read model.
	Operate

	Rights // their number
)

var names = [Rights]string{
	"SeePublishedContent", "SeeFormerDraft", "SeeWithdrawnContent", "SeeDraft", "SeeDeletedContent", "CreateContent", "ChangeContent",
	"SeePublicDeck", "SeeFormerPrivateDeck", "SeeWithdrawnDeck", "SeePrivateDeck", "SeeDeletedDeck", "SeeNotes", "CreateDeck", "ChangeDeck",
	"SeeUser", "ListUsers", "SeeEmail", "SeeAccount", "ChangeAccount", "ForgetUser", "CreateUser", "ChangeRole", "ResetPassword",
	"SeeKeys", "ManageKeys", "Operate",
}

func (r Right) String() string { return names[r] }

// Reach returns the reach of a right for a role, "" for a visitor. It is Not for an unknown role.
func (t *Table) Reach(role domain.Role, right Right) Reach {
	for column, r := range [...]domain.Role{"", domain.Viewer, domain.Author, domain.Editor, domain.Admin} {
		if r == role {
			return t[right][column]
		}
	}
	return Not
}

// May reports whether an actor has a right to an object of owner, a user's id; "" is no owner.
func (t *Table) May(actor domain.Actor, right Right, owner string) bool {
	switch t.Reach(actor.Role, right) {
	case All:
		return true
	case Own:
		return actor.Owns(owner)
	}
	return false
}
