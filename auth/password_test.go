package auth_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"flightdeck/auth"
)

func TestPasswordMatchesItsHashOnly(t *testing.T) {
	t.Parallel()
	hash, err := auth.HashPassword(t.Context(), "correct horse")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(hash, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Errorf("hash %s", hash)
	}
	if auth.NeedsRehash(hash) {
		t.Error("a new hash needs a rehash")
	}
	for password, want := range map[string]bool{
		"correct horse":           true,
		"correct horsf":           false,
		"correct horse ":          false,
		"":                        false,
		strings.Repeat("x", 1025): false,
	} {
		if ok, err := auth.CheckPassword(t.Context(), hash, password); ok != want || err != nil {
			t.Errorf("%q: %v, %v", password, ok, err)
		}
	}
	again, err := auth.HashPassword(t.Context(), "correct horse")
	if err != nil || again == hash {
		t.Errorf("the same password has the same hash: %s, %v", again, err)
	}
}

func TestPasswordLengthIsLimited(t *testing.T) {
	t.Parallel()
	for length, want := range map[int]error{
		0: auth.ErrPasswordTooShort, 7: auth.ErrPasswordTooShort, 8: nil,
		1024: nil, 1025: auth.ErrPasswordTooLong,
	} {
		if _, err := auth.HashPassword(t.Context(), strings.Repeat("x", length)); !errors.Is(err, want) {
			t.Errorf("%d bytes: %v, want %v", length, err, want)
		}
	}
}

// The hash is one that the reference implementation of argon2 made.
func TestHashesFromElsewhereAreUnderstood(t *testing.T) {
	t.Parallel()
	const hash = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"
	if ok, err := auth.CheckPassword(t.Context(), hash, "password"); !ok || err != nil {
		t.Errorf("%v, %v", ok, err)
	}
	if !auth.NeedsRehash(hash) {
		t.Error("other parameters need no rehash")
	}
}

func TestWhatIsNoHashIsAnErrorThatKeepsItSecret(t *testing.T) {
	t.Parallel()
	for _, hash := range []string{
		"",
		"secret",
		"$2b$12$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW",
		"$argon2i$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
		"$argon2id$v=16$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
		"$argon2id$v=19$m=65536,t=2$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
		"$argon2id$v=19$t=2,m=65536,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
		"$argon2id$v=19$m=065536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
		"$argon2id$v=19$m=999999999,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
		"$argon2id$v=19$m=65536,t=0,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
		"$argon2id$v=19$m=65536,t=2,p=0$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
		"$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ=$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
		"$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPd",
		"$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$",
		"$argon2id$v=19$m=65536,t=2,p=1$$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
	} {
		ok, err := auth.CheckPassword(t.Context(), hash, "password")
		if ok || err == nil {
			t.Errorf("%q: %v, %v", hash, ok, err)
			continue
		}
		if hash != "" && strings.Contains(err.Error(), hash) {
			t.Errorf("the error %q holds the hash", err)
		}
		if !auth.NeedsRehash(hash) {
			t.Errorf("%q needs no rehash", hash)
		}
	}
}

func TestCheckNothingNeverFails(t *testing.T) {
	t.Parallel()
	for _, password := range []string{"", "correct horse", strings.Repeat("x", 5000)} {
		if err := auth.CheckNothing(t.Context(), password); err != nil {
			t.Errorf("%d bytes: %v", len(password), err)
		}
	}
}

func TestNothingIsHashedForSomebodyWhoIsGone(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := auth.HashPassword(ctx, "correct horse"); !errors.Is(err, context.Canceled) {
		t.Errorf("HashPassword: %v", err)
	}
	if err := auth.CheckNothing(ctx, "correct horse"); !errors.Is(err, context.Canceled) {
		t.Errorf("CheckNothing: %v", err)
	}
}
