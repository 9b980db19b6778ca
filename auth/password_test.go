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
	for password, want := range map[string]bool{
		"correct horse":           true,
		"correct horsf":           false,
		"correct horse ":          false,
		"":                        false,
		strings.Repeat("x", 1025): false,
	} {
		if ok, replace, err := auth.CheckPassword(t.Context(), hash, password); ok != want || replace || err != nil {
			t.Errorf("%q: %v, to be replaced %v, %v", password, ok, replace, err)
		}
	}
	again, err := auth.HashPassword(t.Context(), "correct horse")
	if err != nil || again == hash {
		t.Errorf("the same password has the same hash: %s, %v", again, err)
	}
}

// TestAPasswordIsTheSameInEveryFormOfUnicode: keyboards of different makers write é as one
// character or as two, and digits in two widths.
func TestAPasswordIsTheSameInEveryFormOfUnicode(t *testing.T) {
	t.Parallel()
	for _, forms := range [][]string{
		{"cafe\u0301 cre\u0300me", "caf\u00e9 cr\u00e8me"},
		{"\uff50\uff41\uff53\uff53\uff57\uff4f\uff52\uff44\uff11", "password1"},
		{"\u1100\u1161\u11a8 \u1112\u1161\u11ab 123", "\uac01 \ud55c 123"},
	} {
		for _, made := range forms {
			hash, err := auth.HashPassword(t.Context(), made)
			if err != nil {
				t.Fatalf("%+q: %v", made, err)
			}
			for _, typed := range forms {
				if ok, replace, err := auth.CheckPassword(t.Context(), hash, typed); !ok || replace || err != nil {
					t.Errorf("%+q for %+q: %v, to be replaced %v, %v", typed, made, ok, replace, err)
				}
			}
		}
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

// TestAPasswordOfOneSignIsTooShort: in its normal form the sign is a sentence.
func TestAPasswordOfOneSignIsTooShort(t *testing.T) {
	t.Parallel()
	if _, err := auth.HashPassword(t.Context(), "\ufdfa"); !errors.Is(err, auth.ErrPasswordTooShort) {
		t.Errorf("the error is %v, want that it is too short", err)
	}
}

// The hash is one that the reference implementation of argon2 made.
func TestHashesFromElsewhereAreUnderstood(t *testing.T) {
	t.Parallel()
	const hash = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"
	if ok, replace, err := auth.CheckPassword(t.Context(), hash, "password"); !ok || !replace || err != nil {
		t.Errorf("%v, to be replaced %v, %v", ok, replace, err)
	}
	if ok, replace, err := auth.CheckPassword(t.Context(), hash, "passwort"); ok || replace || err != nil {
		t.Errorf("another password: %v, to be replaced %v, %v", ok, replace, err)
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
		ok, replace, err := auth.CheckPassword(t.Context(), hash, "password")
		if ok || replace || err == nil {
			t.Errorf("%q: %v, %v", hash, ok, err)
			continue
		}
		if hash != "" && strings.Contains(err.Error(), hash) {
			t.Errorf("the error %q holds the hash", err)
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
