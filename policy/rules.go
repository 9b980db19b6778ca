package policy

import "flightdeck/domain"

// Reach is how far a right goes.
type Reach uint8

// The reaches. What has no author is nobody's own.
const (
	Not Reach = iota // nothing
	Own              // what is the asker's own
	All              // whatever there is
)

// Row says how far one right goes for each kind of asker: a visitor, who has not
// logged in, VIEWER, AUTHOR, EDITOR and ADMIN, in this order.
type Row [5]Reach

// Table has a row for every right. That of the zero value lets nobody do anything.
type Table [Rights]Row

// Rules returns the table that holds.
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

// Right is something that somebody may do. Its text is its name in the table.
type Right uint8

// The rights. Seeing something includes what belongs to it: its slides, its events,
// and being counted and found.
const (
	// SeePublishedContent is to see a content that is published, as it was at a moment
	// when it was published.
	SeePublishedContent Right = iota
	// SeeFormerDraft is to see a content that is published, as it was when it was not.
	SeeFormerDraft
	// SeeWithdrawnContent is to see a content that is not published, as it was when it
	// was.
	SeeWithdrawnContent
	// SeeDraft is to see a content that is not published, as it was when it was not.
	SeeDraft
	// SeeDeletedContent is to see a deleted content, as it was before, and that it was
	// deleted. What is deleted is in no list of the moment, whoever asks.
	SeeDeletedContent
	// CreateContent is to begin one.
	CreateContent
	// ChangeContent is to change, publish, archive, delete or restore one.
	ChangeContent

	// SeePublicDeck is to see a deck that is public, as it was at a moment when it was
	// public.
	SeePublicDeck
	// SeeFormerPrivateDeck is to see a deck that is public, as it was when it was not.
	SeeFormerPrivateDeck
	// SeeWithdrawnDeck is to see a deck that is private, as it was when it was public.
	SeeWithdrawnDeck
	// SeePrivateDeck is to see a deck that is private, as it was when it was private.
	SeePrivateDeck
	// SeeDeletedDeck is to see a deleted deck, as SeeDeletedContent is for a content.
	SeeDeletedDeck
	// SeeNotes is to read the speaker notes of a deck that one sees.
	SeeNotes
	// CreateDeck is to begin one.
	CreateDeck
	// ChangeDeck is to change a deck or its slides, delete or restore it.
	ChangeDeck

	// SeeUser is to see somebody's name and role. Users own themselves.
	SeeUser
	// ListUsers is to see who there is.
	ListUsers
	// SeeEmail is to see somebody's address.
	SeeEmail
	// SeeAccount is to see the events of somebody's account, which have the address in
	// them.
	SeeAccount
	// ChangeAccount is to change somebody's name or address.
	ChangeAccount
	// ForgetUser is to erase somebody.
	ForgetUser
	// CreateUser is to make an account for somebody else.
	CreateUser
	// ChangeRole is to give somebody another role.
	ChangeRole
	// ResetPassword is to give somebody another password without knowing the old one.
	ResetPassword

	// SeeKeys is to see the API keys of machines, which are not shown again themselves.
	SeeKeys
	// ManageKeys is to make and revoke them.
	ManageKeys
	// Operate is to look after the log: its size, its snapshots, its archive, and the
	// rows that are made of it.
	Operate

	Rights // how many there are
)

var names = [Rights]string{
	"SeePublishedContent", "SeeFormerDraft", "SeeWithdrawnContent", "SeeDraft", "SeeDeletedContent", "CreateContent", "ChangeContent",
	"SeePublicDeck", "SeeFormerPrivateDeck", "SeeWithdrawnDeck", "SeePrivateDeck", "SeeDeletedDeck", "SeeNotes", "CreateDeck", "ChangeDeck",
	"SeeUser", "ListUsers", "SeeEmail", "SeeAccount", "ChangeAccount", "ForgetUser", "CreateUser", "ChangeRole", "ResetPassword",
	"SeeKeys", "ManageKeys", "Operate",
}

func (r Right) String() string { return names[r] }

// Reach returns how far a right goes for an asker of a role, "" for a visitor: not at
// all for a role that is none.
func (t *Table) Reach(role domain.Role, right Right) Reach {
	for column, r := range [...]domain.Role{"", domain.Viewer, domain.Author, domain.Editor, domain.Admin} {
		if r == role {
			return t[right][column]
		}
	}
	return Not
}

// May reports whether an asker has a right to something that belongs to a user,
// "" for what belongs to nobody.
func (t *Table) May(asker domain.Actor, right Right, owner string) bool {
	switch t.Reach(asker.Role, right) {
	case All:
		return true
	case Own:
		return asker.Owns(owner)
	}
	return false
}
