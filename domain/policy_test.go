package domain_test

import (
	"testing"

	"flightdeck/domain"
)

// TestRights is the table of policy.go, row by row.
func TestRights(t *testing.T) {
	t.Parallel()
	type rights struct{ write, edit, administer, changeOwn, changeOther, seeOwn, seeOther, privateOwn, privateOther bool }
	for role, want := range map[domain.Role]rights{
		domain.Admin:  {true, true, true, true, true, true, true, true, true},
		domain.Editor: {true, true, false, true, true, true, true, true, false},
		domain.Author: {true, false, false, true, false, true, false, true, false},
		domain.Viewer: {seeOwn: true, privateOwn: true},
	} {
		a := domain.Actor{UserID: userID, Role: role}
		got := rights{
			a.MayWrite(), a.MayEdit(), a.MayAdminister(), a.MayChange(userID), a.MayChange(authorID),
			a.MaySeeHidden(userID), a.MaySeeHidden(authorID), a.MaySeePrivate(userID), a.MaySeePrivate(authorID),
		}
		if got != want || a.Visitor() {
			t.Errorf("%s: %+v, want %+v, visitor is %t", role, got, want, a.Visitor())
		}
	}
}

// TestAVisitorOwnsNothing, not even what has no author.
func TestAVisitorOwnsNothing(t *testing.T) {
	t.Parallel()
	var a domain.Actor
	if !a.Visitor() || a.MayWrite() || a.MayEdit() || a.MayAdminister() {
		t.Error("a visitor may write")
	}
	for _, id := range []string{"", userID} {
		if a.Owns(id) || a.MayChange(id) || a.MaySeeHidden(id) || a.MaySeePrivate(id) {
			t.Errorf("a visitor may see or change what belongs to %q", id)
		}
	}
	nobody := domain.Actor{Role: domain.Author}
	if nobody.Owns("") || nobody.MayChange("") {
		t.Error("an author without an id owns what has no author")
	}
	if s := domain.System; s.Visitor() || !s.MayAdminister() || !s.MayChange(authorID) || s.Owns("") {
		t.Error("the operator may not do everything")
	}
}
