package resolvers_test

import (
	"cmp"
	"fmt"
	"os"
	"slices"
	"testing"

	"flightdeck/command"
	"flightdeck/domain"
	"flightdeck/eventstore"
	"flightdeck/policy"
)

// TestTheWalkNoticesEveryRule changes the rule of each right for each role, in turn, to every other
// reach. The walk compares with the table of rules, and has to find an object that is shown, a
// command that is done, or a refusal, against that table. Without FLIGHTDECK_TEST_LONG=1 it changes
// each right twice: for the first role and for the last.
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

// isDoing reports whether a right allows a change rather than a look.
func isDoing(right policy.Right) bool {
	for _, does := range doing {
		if does.right == right {
			return true
		}
	}
	return right == policy.CreateUser || right == policy.ResetPassword
}

// noticed fails for each changed table of a right that no asker with the changed role notices.
func noticed(t *testing.T, right policy.Right, askers []asker, notices func(policy.Table, asker) bool) {
	t.Helper()
	changed := changes(right)
	if os.Getenv("FLIGHTDECK_TEST_LONG") != "1" && len(changed) > 2 {
		changed = []change{changed[0], changed[len(changed)-1]}
	}
	for _, c := range changed {
		rules := policy.Rules()
		holds := rules[right][c.column]
		rules[right][c.column] = c.reach
		if !slices.ContainsFunc(askers, func(a asker) bool { return a.Role == c.role && notices(rules, a) }) {
			t.Errorf("no asker notices the reach %d for %q instead of %d", c.reach, c.role, holds)
		}
	}
}

// change is another reach in one cell of the table of rules.
type change struct {
	column int
	role   domain.Role
	reach  policy.Reach
}

// changes returns the changes of a right that make a difference.
func changes(right policy.Right) (all []change) {
	for column, role := range []domain.Role{"", domain.Viewer, domain.Author, domain.Editor, domain.Admin} {
		for _, reach := range []policy.Reach{policy.Not, policy.Own, policy.All} {
			if !same(right, role, policy.Rules()[right][column], reach) {
				all = append(all, change{column, role, reach})
			}
		}
	}
	return all
}

// same reports whether two reaches of a right allow the same: visitors own nothing, an object
// belongs to the actor that creates it, and the log, API keys and new accounts have no owner.
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

// misreads walks through the API under a table of rules until there is a finding.
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

// misdoes tries the commands that take a right under a table of rules.
func (w *walk) misdoes(t *testing.T, rules policy.Table, right policy.Right, a asker) bool {
	j := w.judge(a)
	w.things++
	var operators command.Command // a command of the operator, without a mutation
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
	if right == policy.ForgetUser || right == policy.ChangeRole { // which end an asker, or make another of it
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
