package command_test

import (
	"context"
	"errors"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"flightdeck/account"
	"flightdeck/auth"
	"flightdeck/command"
	"flightdeck/domain"
	"flightdeck/eventstore"
)

// worldWithAda returns a world with two users: one has the password "correct horse", one has none.
func worldWithAda(t *testing.T) (w *world, ada string) {
	t.Helper()
	w = openWorld(t, filepath.Join(t.TempDir(), "flightdeck.db"))
	t.Cleanup(func() { w.close(t) })
	for email, password := range map[string]string{"ada@example.org": "correct horse", "none@example.org": ""} {
		done, err := w.commands.Do(as(domain.System), command.CreateUser{Email: email, DisplayName: "N", Role: domain.Viewer, Password: password})
		if err != nil {
			t.Fatal(err)
		}
		if password != "" {
			ada = done.ID
		}
	}
	return w, ada
}

// hashesDuring returns the number of password hashes that f computes. It counts them by the memory
// that f allocates, of which each hash takes 19 MiB: the load of the machine does not change that.
// The caller must not be parallel, so that no other test allocates meanwhile.
func hashesDuring(f func()) uint64 {
	const bytesPerHash = 19456 << 10
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return (after.TotalAlloc - before.TotalAlloc + bytesPerHash/2) / bytesPerHash
}

// TestAWrongPasswordTakesAsLongAsAnUnknownUser counts password hashes, which are nearly all of the
// time that a login takes.
func TestAWrongPasswordTakesAsLongAsAnUnknownUser(t *testing.T) {
	w, _ := worldWithAda(t)
	for name, try := range map[string]struct{ email, password string }{
		"a wrong password":        {"ada@example.org", "wrong horse!"},
		"an unknown user":         {"nobody@example.org", "wrong horse!"},
		"a user without password": {"none@example.org", "wrong horse!"},
		"no address":              {"", ""},
		"the right password":      {"ada@example.org", "correct horse"},
	} {
		var err error
		if n := hashesDuring(func() { _, err = w.commands.LogIn(context.Background(), try.email, try.password) }); n != 1 {
			t.Errorf("%s takes %d hashes", name, n)
		}
		if right := name == "the right password"; right != (err == nil) {
			t.Errorf("%s: %v", name, err)
		} else if !right && err.Error() != "the e-mail address or the password is wrong" {
			t.Errorf("%s is answered %q", name, err)
		}
	}
	w.commands.Closed = true
	var err error
	register := func() {
		_, err = w.commands.Register(context.Background(), command.RegisterUser{Email: "x@example.org", DisplayName: "X", Password: "correct horse"})
	}
	if n := hashesDuring(register); n != 0 || domain.CodeOf(err) != domain.Forbidden {
		t.Errorf("closed registration takes %d hashes: %v", n, err)
	}
}

// setHash stores a hash as the user's.
func (w *world) setHash(t *testing.T, userID, hash string) {
	t.Helper()
	if _, err := w.log.Update(t.Context(), eventstore.Command{}, func(tx *eventstore.Tx) error {
		return account.Tables{}.SetPassword(tx, userID, hash)
	}); err != nil {
		t.Fatal(err)
	}
}

func TestAHashOfOtherParametersIsReplacedAtLogIn(t *testing.T) {
	t.Parallel()
	w, ada := worldWithAda(t)
	// The reference implementation made this hash of "password".
	const old = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"
	w.setHash(t, ada, old)
	for range 2 {
		if _, err := w.commands.LogIn(t.Context(), "ada@example.org", "password"); err != nil {
			t.Fatal(err)
		}
		hash, err := w.accounts.PasswordByID(t.Context(), ada)
		if err != nil || hash == old {
			t.Fatalf("the hash is %s: %v", hash, err)
		}
		if ok, replace, err := auth.CheckPassword(t.Context(), hash, "password"); !ok || replace || err != nil {
			t.Fatalf("the new hash is right %v, to be replaced %v: %v", ok, replace, err)
		}
	}
	if _, err := w.commands.LogIn(t.Context(), "ada@example.org", "passwort"); err == nil {
		t.Error("another password is right after the hash was replaced")
	}
}

// changing changes the password right after a look-up of its hash.
type changing struct {
	command.Passwords
	change func()
}

func (p changing) PasswordByEmail(ctx context.Context, email string) (string, string, error) {
	id, hash, err := p.Passwords.PasswordByEmail(ctx, email)
	p.change()
	return id, hash, err
}

func TestAPasswordThatIsResetMeanwhileLetsNobodyIn(t *testing.T) {
	t.Parallel()
	w, ada := worldWithAda(t)
	w.commands.Passwords = changing{w.accounts, func() {
		if _, err := w.commands.Do(as(domain.System), command.ResetPassword{ID: ada, Password: "battery staple"}); err != nil {
			t.Error(err)
		}
	}}
	if _, err := w.commands.LogIn(t.Context(), "ada@example.org", "correct horse"); domain.CodeOf(err) != domain.Invalid {
		t.Errorf("the old password: %v", err)
	}
}

func TestOnlyAdminsResetPasswords(t *testing.T) {
	t.Parallel()
	w, ada := worldWithAda(t)
	for _, actor := range []domain.Actor{{}, {UserID: ada, Role: domain.Viewer}, {UserID: ada, Role: domain.Editor}} {
		if _, err := w.commands.Do(as(actor), command.ResetPassword{ID: ada, Password: "battery staple"}); domain.CodeOf(err) != domain.Forbidden {
			t.Errorf("%v: %v", actor, err)
		}
	}
	if _, err := w.commands.LogIn(t.Context(), "ada@example.org", "correct horse"); err != nil {
		t.Error(err)
	}
}

func TestAnExternalUserIsProvisionedOnceAndFollowsTheIssuer(t *testing.T) {
	t.Parallel()
	w, _ := worldWithAda(t)
	in := command.ExternalUser{UserID: domain.NewID(domain.KindUser, "0190a8c2-7b1e-8000-8000-000000000000"), DisplayName: "Out", Email: "Out@Example.org", Role: domain.Author}
	for _, role := range []domain.Role{domain.Author, domain.Author, domain.Admin, domain.Viewer} {
		in.Role = role
		if err := w.commands.Provision(t.Context(), in); err != nil {
			t.Fatal(err)
		}
		actor, found, err := w.accounts.Actor(t.Context(), in.UserID)
		if err != nil || !found || actor.Role != role {
			t.Errorf("the user with the role %s is %v, %v, %v", role, actor, found, err)
		}
	}
	if id, err := w.accounts.UserByEmail(t.Context(), "out@example.org"); id != in.UserID || err != nil {
		t.Errorf("the user of the address is %q, %v", id, err)
	}
	taken := in
	taken.UserID, taken.Email = domain.NewID(domain.KindUser, "0190a8c2-7b1e-8000-8000-000000000001"), "ada@example.org"
	if err := w.commands.Provision(t.Context(), taken); err != nil {
		t.Fatal(err)
	}
	if id, err := w.accounts.UserByEmail(t.Context(), taken.UserID+"@outside.invalid"); id != taken.UserID || err != nil {
		t.Errorf("a user with a taken address gets %q, %v", id, err)
	}
	w.verify(t)
}

func TestARenewedSessionCannotBeRenewedAgain(t *testing.T) {
	t.Parallel()
	w, ada := worldWithAda(t)
	first, err := w.commands.Begin(t.Context(), ada, false)
	if err != nil {
		t.Fatal(err)
	}
	ctx := as(domain.Actor{UserID: ada, Role: domain.Viewer})
	results := make(chan error)
	for range 8 {
		go func() {
			_, err := w.commands.Renew(ctx, first.Token)
			results <- err
		}()
	}
	renewed := 0
	for range 8 {
		err := <-results
		refused, ok := errors.AsType[*domain.Error](err)
		switch {
		case err == nil:
			renewed++
		case !ok || !strings.Contains(refused.Message, "log in again"):
			t.Errorf("refused with %v", err)
		}
	}
	if renewed != 1 {
		t.Errorf("one session was renewed %d times", renewed)
	}
}
