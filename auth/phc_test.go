package auth

import (
	"context"
	"errors"
	"testing"
	"time"
)

// With other parameters CheckNothing would take another time than CheckPassword.
func TestNobodyHasAHashLikeEverybody(t *testing.T) {
	t.Parallel()
	if h, err := parsePHC(noPassword); err != nil || h.params != current {
		t.Errorf("%s has other parameters (%v)", noPassword, err)
	}
}

func TestHashesBeyondTheTurnsWait(t *testing.T) {
	t.Parallel()
	for range cap(turns) {
		turns <- struct{}{}
	}
	defer func() {
		for range cap(turns) {
			<-turns
		}
	}()
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if _, err := HashPassword(ctx, "correct horse"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("HashPassword: %v", err)
	}
	if _, _, err := CheckPassword(ctx, noPassword, "correct horse"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("CheckPassword: %v", err)
	}
}

// TestAHashOfAnEarlierVersionIsReplaced: earlier versions hashed a password as it was typed.
func TestAHashOfAnEarlierVersionIsReplaced(t *testing.T) {
	t.Parallel()
	const typed, normal = "cafe\u0301 noir", "caf\u00e9 noir"
	salt := make([]byte, current.saltLen)
	hash := phc{current, salt, current.derive(typed, salt)}.String()
	if ok, replace, err := CheckPassword(t.Context(), hash, typed); !ok || !replace || err != nil {
		t.Errorf("as it was typed: %v, to be replaced %v, %v", ok, replace, err)
	}
	if ok, _, err := CheckPassword(t.Context(), hash, normal); ok || err != nil {
		t.Errorf("in another form: %v, %v", ok, err)
	}
}

func FuzzParsePHC(f *testing.F) {
	f.Add(noPassword)
	f.Add("$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc")
	f.Add("$argon2id$v=19$m=4294967296,t=+2,p=01$$")
	f.Fuzz(func(t *testing.T, s string) {
		hash, err := parsePHC(s)
		if err != nil {
			return
		}
		if got := hash.String(); got != s {
			t.Errorf("%q is read and written as %q", s, got)
		}
		if !hash.allowed() || len(hash.salt) != hash.saltLen || len(hash.key) != hash.keyLen {
			t.Errorf("%q is read as %+v", s, hash.params)
		}
	})
}
