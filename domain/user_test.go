package domain_test

import (
	"testing"

	"flightdeck/domain"
)

type user = domain.User

var registered = domain.UserRegistered{UserID: userID, Email: "ann@example.org", DisplayName: "Ann", Role: domain.Author}

func TestRegisterUser(t *testing.T) {
	t.Parallel()
	registering := func(change func(*domain.UserRegistered)) (domain.UserRegistered, func(user) ([]domain.Event, error)) {
		e := registered
		change(&e)
		return e, func(user) ([]domain.Event, error) { return domain.RegisterUser(e) }
	}
	accepted := func(name string, change func(*domain.UserRegistered)) scenario[user] {
		e, when := registering(change)
		e.Email = domain.NormalEmail(e.Email)
		return scenario[user]{name: name, when: when, then: then{e}}
	}
	refused := func(name string, faults []fault, change func(*domain.UserRegistered)) scenario[user] {
		_, when := registering(change)
		return scenario[user]{name: name, when: when, faults: faults}
	}
	play(t, []scenario[user]{
		accepted("a user", func(*domain.UserRegistered) {}),
		accepted("an address that is not normal", func(e *domain.UserRegistered) { e.Email = "  Ann@Example.ORG\n" }),
		accepted("an address with everything", func(e *domain.UserRegistered) { e.Email = "o'neil+tag.x_y@mail.example.co.uk" }),
		accepted("a long name", func(e *domain.UserRegistered) { e.DisplayName = times(domain.MaxDisplayName, "ü") }),
		refused("no address", invalid("email"), func(e *domain.UserRegistered) { e.Email = "" }),
		refused("an address without @", invalid("email"), func(e *domain.UserRegistered) { e.Email = "ann" }),
		refused("an address with a name", invalid("email"), func(e *domain.UserRegistered) { e.Email = "Ann <ann@example.org>" }),
		refused("an address in brackets", invalid("email"), func(e *domain.UserRegistered) { e.Email = "<ann@example.org>" }),
		refused("an address with a comment", invalid("email"), func(e *domain.UserRegistered) { e.Email = "ann@example.org (Ann)" }),
		refused("two addresses", invalid("email"), func(e *domain.UserRegistered) { e.Email = "ann@example.org, bob@example.org" }),
		refused("an address with NUL", invalid("email"), func(e *domain.UserRegistered) { e.Email = "an\x00n@example.org" }),
		refused("an address in Latin-1", invalid("email"), func(e *domain.UserRegistered) { e.Email = "\xfc@example.org" }),
		refused("a long address", invalid("email"), func(e *domain.UserRegistered) { e.Email = times(domain.MaxEmail, "a") + "@b.c" }),
		refused("no name", invalid("displayName"), func(e *domain.UserRegistered) { e.DisplayName = " " }),
		refused("a long name, by one", invalid("displayName"), func(e *domain.UserRegistered) { e.DisplayName = times(domain.MaxDisplayName+1, "ü") }),
		refused("no role", invalid("role"), func(e *domain.UserRegistered) { e.Role = "" }),
		refused("an unknown role", invalid("role"), func(e *domain.UserRegistered) { e.Role = "admin" }),
		refused("everything", invalid("email", "displayName", "role"), func(e *domain.UserRegistered) { *e = domain.UserRegistered{} }),
	})
}

func TestLogIn(t *testing.T) {
	t.Parallel()
	in := domain.UserLoggedIn{UserID: userID}
	play(t, []scenario[user]{
		{name: "a user", given: given{registered}, when: user.LogIn, then: then{in}},
		{name: "again", given: given{registered, in}, when: user.LogIn, then: then{in}},
		{name: "no user", when: user.LogIn, faults: notFound("id")},
	})
	got := fold[user](t, given{registered, in})
	if got.LastLoginAt == nil || *got.LastLoginAt != second(2) || got.CreatedAt != second(1) {
		t.Errorf("logged in at %v, registered at %v", got.LastLoginAt, got.CreatedAt)
	}
}

func TestUpdateUser(t *testing.T) {
	t.Parallel()
	type update = domain.UserUpdated
	updating := func(e update) func(user) ([]domain.Event, error) {
		return func(u user) ([]domain.Event, error) { return u.Update(e) }
	}
	change := func(name string, e, want update) scenario[user] {
		want.UserID = userID
		return scenario[user]{name: name, given: given{registered}, when: updating(e), then: then{want}}
	}
	refused := func(name string, faults []fault, e update) scenario[user] {
		return scenario[user]{name: name, given: given{registered}, when: updating(e), faults: faults}
	}
	play(t, []scenario[user]{
		change("the name", update{DisplayName: new("Bob")}, update{DisplayName: new("Bob")}),
		change("the address, made normal", update{Email: new(" Bob@Example.org")}, update{Email: new("bob@example.org")}),
		change("only what differs", update{UserID: "ignored", Email: new("ANN@example.org"), DisplayName: new("Bob")}, update{DisplayName: new("Bob")}),
		{name: "nothing", given: given{registered}, when: updating(update{})},
		{name: "what is so already", given: given{registered}, when: updating(update{Email: new("Ann@example.org "), DisplayName: new("Ann")})},
		{name: "no user", when: updating(update{Email: new("")}), faults: notFound("id")},
		refused("an address that is none", invalid("email"), update{Email: new("bob")}),
		refused("an address in Latin-1", invalid("email"), update{Email: new("b\xf6b@example.org")}),
		refused("everything", invalid("email", "displayName"), update{Email: new(""), DisplayName: new("")}),
	})
	mustEqual(t, update{Email: new(""), DisplayName: new("")}.Changes(), []string{"email", "displayName"})
}

func TestUpdateUserLeavesTheInputAlone(t *testing.T) {
	t.Parallel()
	email := " Bob@Example.org"
	if _, err := fold[user](t, given{registered}).Update(domain.UserUpdated{Email: &email}); err != nil || email != " Bob@Example.org" {
		t.Errorf("the input is now %q, error %v", email, err)
	}
}

func TestChangeRole(t *testing.T) {
	t.Parallel()
	to := func(role domain.Role) func(user) ([]domain.Event, error) {
		return func(u user) ([]domain.Event, error) { return u.ChangeRole(role) }
	}
	table := []scenario[user]{
		{name: "to what it is", given: given{registered}, when: to(domain.Author)},
		{name: "no user", when: to(domain.Editor), faults: notFound("id")},
		{name: "to none", given: given{registered}, when: to(""), faults: invalid("role")},
		{name: "to an unknown one", given: given{registered}, when: to("OWNER"), faults: invalid("role")},
	}
	for _, role := range []domain.Role{domain.Admin, domain.Editor, domain.Viewer} {
		table = append(table, scenario[user]{
			name: "to " + string(role), given: given{registered}, when: to(role), then: then{domain.UserRoleChanged{UserID: userID, Role: role}},
		})
	}
	play(t, table)
}

func TestForget(t *testing.T) {
	t.Parallel()
	gone := domain.UserForgotten{UserID: userID}
	play(t, []scenario[user]{
		{name: "a user", given: given{registered}, when: user.Forget, then: then{gone}},
		{name: "twice", given: given{registered, gone}, when: user.Forget},
		{name: "no user", when: user.Forget, faults: notFound("id")},
		{name: "log in afterwards", given: given{registered, gone}, when: user.LogIn, faults: notFound("id")},
		{name: "a role afterwards", given: given{registered, gone}, when: func(u user) ([]domain.Event, error) { return u.ChangeRole(domain.Admin) }, faults: notFound("id")},
	})
	// Whether the fields could still be read, or not, the state is the same.
	sealed := domain.UserRegistered{UserID: userID, Role: domain.Author}
	if got, want := fold[user](t, given{sealed, gone}), fold[user](t, given{registered, gone}); got != want || got.Exists() || got.Email != "" || got.DisplayName != "" {
		t.Errorf("%+v, want %+v", got, want)
	}
}
