package resolvers_test

import (
	"cmp"
	"fmt"
	"slices"
	"testing"

	"flightdeck/command"
	"flightdeck/domain"
	"flightdeck/eventstore"
	"flightdeck/policy"
)

// TestTheWalkNoticesEveryRule takes every rule away in turn, and changes each to all that
// it could be instead, for each role: the walk, which compares with the table that holds,
// has to find something that is shown, done or refused and should not be.
func TestTheWalkNoticesEveryRule(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("it asks one thing after the other, very many of them")
	}
	reading, changing := newWalk(t, newScene(t)), newWalk(t, newScene(t))
	t.Run("of seeing", func(t *testing.T) {
		for right := range policy.Rights {
			if !isDoing(right) {
				t.Run(right.String(), func(t *testing.T) {
					t.Parallel()
					noticed(t, right, reading.askers, func(rules policy.Table, a asker) bool { return reading.misreads(t, rules, a) })
				})
			}
		}
	})
	t.Run("of doing", func(t *testing.T) {
		for right := range policy.Rights {
			if isDoing(right) {
				t.Run(right.String(), func(t *testing.T) {
					noticed(t, right, changing.askers, func(rules policy.Table, a asker) bool { return changing.misdoes(t, rules, right, a) })
				})
			}
		}
	})
}

// isDoing reports whether a right is to do something, rather than to see it.
func isDoing(right policy.Right) bool {
	for _, does := range doing {
		if does.right == right {
			return true
		}
	}
	return right == policy.CreateUser || right == policy.ResetPassword
}

// noticed tries every table that differs from the one that holds in one cell of a row,
// and fails for each of which no asker of the column notices.
func noticed(t *testing.T, right policy.Right, askers []asker, notices func(policy.Table, asker) bool) {
	t.Helper()
	for column, role := range []domain.Role{"", domain.Viewer, domain.Author, domain.Editor, domain.Admin} {
		holds := policy.Rules()[right][column]
		for _, reach := range []policy.Reach{policy.Not, policy.Own, policy.All} {
			if same(right, role, holds, reach) {
				continue
			}
			rules := policy.Rules()
			rules[right][column] = reach
			if !slices.ContainsFunc(askers, func(a asker) bool { return a.Role == role && notices(rules, a) }) {
				t.Errorf("nobody notices that it goes as far as %d for %q, instead of %d", reach, role, holds)
			}
		}
	}
}

// same reports whether it makes no difference how far a right goes: visitors own nothing,
// what one begins is one's own, and neither the log, nor keys, nor an account that is not
// there yet, is anybody's.
func same(right policy.Right, role domain.Role, a, b policy.Reach) bool {
	own := policy.Own
	switch {
	case role == "" || right == policy.Operate || right == policy.CreateUser || right == policy.SeeKeys || right == policy.ManageKeys:
		own = policy.Not
	case right == policy.CreateContent || right == policy.CreateDeck:
		own = policy.All
	}
	as := func(r policy.Reach) policy.Reach {
		if r == policy.Own {
			return own
		}
		return r
	}
	return as(a) == as(b)
}

// misreads walks through the API under some rules until it finds something.
func (w *walk) misreads(t *testing.T, rules policy.Table, a asker) bool {
	exec, j := w.executor(&rules), w.judge(a)
	w.queries(t, exec, j, 0, glance)
	for p := w.head() - 1; p > 0 && len(j.findings) == 0; p -= 8 {
		w.queries(t, exec, j, p, glance)
	}
	if len(j.findings) == 0 {
		w.queries(t, exec, j, 0, look)
	}
	if len(j.findings) == 0 {
		w.feeds(t, exec, j, 0)
	}
	for p := eventstore.Position(1); p < w.head() && len(j.findings) == 0; p++ {
		w.queries(t, exec, j, p, look)
	}
	return len(j.findings) > 0
}

// misdoes tries what takes a right under some rules.
func (w *walk) misdoes(t *testing.T, rules policy.Table, right policy.Right, a asker) bool {
	j := w.judge(a)
	w.things++
	var operators command.Command // what the operator's command line has, and the API has not
	switch right {
	case policy.CreateUser:
		operators = command.CreateUser{Email: fmt.Sprintf("mailx%dx0@example.org", 1000+w.things), DisplayName: "U", Role: domain.Viewer}
	case policy.ResetPassword:
		operators = command.ResetPassword{ID: a.UserID, Password: "correct horse"}
		if rules.May(a.Actor, right, a.UserID) == j.rules.May(a.Actor, right, a.UserID) {
			operators = command.ResetPassword{ID: w.askers[author].UserID, Password: "correct horse"}
		}
	}
	if operators != nil {
		commands := *w.commands
		commands.Rules = &rules
		_, err := commands.Do(as(a.Actor), operators)
		w.chronicle.read()
		return (domain.CodeOf(err) == domain.Forbidden) == (a.Role == domain.Admin)
	}
	if right == policy.ForgetUser { // which leaves nobody to try it again
		defer func(askers []asker) { w.askers = askers }(w.askers)
		w.askers = []asker{{}, w.newcomer(a.Role), w.newcomer(domain.Viewer)}
		if !a.Visitor() {
			j = w.judge(w.askers[1])
		}
	}
	w.changes(t, w.executor(&rules), j, func(r policy.Right) bool { return r == right })
	return len(j.findings) > 0
}

// newcomer makes a user, with the role VIEWER for a visitor.
func (w *walk) newcomer(role domain.Role) asker {
	w.things++
	role = cmp.Or(role, domain.Viewer)
	id := w.do(domain.System, command.CreateUser{Email: fmt.Sprintf("mailx%dx0@example.org", 1000+w.things), DisplayName: "U", Role: role}).ID
	w.chronicle.read()
	return asker{"newcomer", domain.Actor{UserID: id, Role: role}}
}
