package policy_test

import (
	"testing"

	"flightdeck/domain"
	"flightdeck/policy"
)

const (
	me    = "user-1"
	other = "user-2"
)

var roles = []domain.Role{"", domain.Viewer, domain.Author, domain.Editor, domain.Admin}

// TestVisibilitiesLeadToTheirRights compares the order of the visibilities with that of their
// rights in the table.
func TestVisibilitiesLeadToTheirRights(t *testing.T) {
	t.Parallel()
	const h, p, d = policy.Hidden, policy.Public, policy.Deleted
	for _, c := range []struct {
		then, now policy.Exposure
		content   policy.Right
		deck      policy.Right
	}{
		{p, p, policy.SeePublishedContent, policy.SeePublicDeck},
		{h, p, policy.SeeFormerDraft, policy.SeeFormerPrivateDeck},
		{p, h, policy.SeeWithdrawnContent, policy.SeeWithdrawnDeck},
		{h, h, policy.SeeDraft, policy.SeePrivateDeck},
		{d, p, policy.SeeDeletedContent, policy.SeeDeletedDeck},
		{d, h, policy.SeeDeletedContent, policy.SeeDeletedDeck},
		{d, d, policy.SeeDeletedContent, policy.SeeDeletedDeck},
		{p, d, policy.SeeDeletedContent, policy.SeeDeletedDeck},
		{h, d, policy.SeeDeletedContent, policy.SeeDeletedDeck},
	} {
		s := policy.VisibilityOf(c.then, c.now)
		if s.Content() != c.content || s.Deck() != c.deck {
			t.Errorf("then %d, now %d: %s and %s, want %s and %s", c.then, c.now, s.Content(), s.Deck(), c.content, c.deck)
		}
	}
}

// TestEveryRightHasARow expects a name of its own for each right as well.
func TestEveryRightHasARow(t *testing.T) {
	t.Parallel()
	named := map[string]bool{"": true}
	for right, row := range policy.Rules() {
		name := policy.Right(right).String()
		if named[name] {
			t.Errorf("right %d has the name %q, which is empty or that of another right", right, name)
		}
		named[name] = true
		if row == (policy.Row{}) {
			t.Errorf("no role has the right %s", name)
		}
	}
}

// TestHigherRolesMayMore expects each role to have all rights of the lower ones.
func TestHigherRolesMayMore(t *testing.T) {
	t.Parallel()
	for right, row := range policy.Rules() {
		for i := 1; i < len(row); i++ {
			if row[i] < row[i-1] {
				t.Errorf("%s: %q has a smaller reach than %q", policy.Right(right), roles[i], roles[i-1])
			}
		}
	}
}

func TestOwnCoversTheObjectsOfTheActor(t *testing.T) {
	t.Parallel()
	rules := policy.Rules()
	author := domain.Actor{UserID: me, Role: domain.Author}
	if !rules.May(author, policy.SeeDraft, me) || rules.May(author, policy.SeeDraft, other) {
		t.Error("an author does not see exactly the drafts that the author owns")
	}
	for _, a := range []domain.Actor{{}, {Role: domain.Author}, {UserID: me, Role: "KING"}, {UserID: me}} {
		for right := range policy.Rights {
			if reach := rules[right][0]; reach != policy.All && rules.May(a, right, a.UserID) && a.Role != domain.Author {
				t.Errorf("%v has the right %s", a, right)
			}
		}
		if rules.May(a, policy.SeeDraft, "") || rules.May(a, policy.SeeNotes, "") {
			t.Errorf("%v sees an object without an owner", a)
		}
	}
	if rules := (policy.Table{}); rules.May(domain.System, policy.SeePublishedContent, "") {
		t.Error("an empty table grants a right")
	}
	for right := range policy.Rights {
		if !rules.May(domain.System, right, other) {
			t.Errorf("the operator has no right %s", right)
		}
	}
}
