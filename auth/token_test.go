package auth_test

import (
	"bytes"
	"crypto/sha256"
	"regexp"
	"strings"
	"testing"

	"flightdeck/auth"
)

func TestTokensAreRandomAndFoundByTheirHash(t *testing.T) {
	t.Parallel()
	form := regexp.MustCompile(`^fd_[A-Za-z0-9_-]{43}$`)
	seen := map[string]bool{}
	for range 100 {
		token, hash := auth.NewToken()
		if !form.MatchString(token) || seen[token] {
			t.Fatalf("token %q", token)
		}
		seen[token] = true
		if len(hash) != sha256.Size || !bytes.Equal(hash, auth.HashToken(token)) {
			t.Fatalf("hash %x of token %q", hash, token)
		}
		if got, ok, err := auth.FromHeader("Bearer " + token); got != token || !ok || err != nil {
			t.Fatalf("from its header the token is %q, %v, %v", got, ok, err)
		}
	}
}

// Stored tokens must be found after an upgrade.
func TestHashTokenStaysWhatItIs(t *testing.T) {
	t.Parallel()
	want := sha256.Sum256([]byte("fd_abc"))
	if got := auth.HashToken("fd_abc"); !bytes.Equal(got, want[:]) {
		t.Errorf("got %x, want %x", got, want)
	}
}

func TestFromHeader(t *testing.T) {
	t.Parallel()
	tests := []struct {
		header, token string
		ok, wrong     bool
	}{
		{header: ""},
		{header: " \t "},
		{header: "Bearer fd_a-b_C", token: "fd_a-b_C", ok: true},
		{header: "bearer   x", token: "x", ok: true},
		{header: " BEARER x= ", token: "x=", ok: true},
		{header: "Bearer a.b~c+d/e==", token: "a.b~c+d/e==", ok: true},
		{header: "Bearer", wrong: true},
		{header: "Bearer ", wrong: true},
		{header: "Bearer ==", wrong: true},
		{header: "Bearer a=b", wrong: true},
		{header: "Bearer a b", wrong: true},
		{header: "Bearer a,b", wrong: true},
		{header: "Bearer é", wrong: true},
		{header: "Bearer\tx", wrong: true},
		{header: "Bearerx", wrong: true},
		{header: "Basic eDp5", wrong: true},
		{header: "fd_abc", wrong: true},
	}
	for _, test := range tests {
		token, ok, err := auth.FromHeader(test.header)
		if token != test.token || ok != test.ok || (err != nil) != test.wrong {
			t.Errorf("%q: got %q, %v, %v", test.header, token, ok, err)
		}
		if err != nil && !strings.Contains(err.Error(), "Bearer <token>") {
			t.Errorf("%q: the error %q does not say what to send", test.header, err)
		}
	}
}

func FuzzFromHeader(f *testing.F) {
	for _, header := range []string{"", "Bearer x", "bearer  fd_a=", "Basic eDp5", "Bearer", "\x00"} {
		f.Add(header)
	}
	f.Fuzz(func(t *testing.T, header string) {
		token, ok, err := auth.FromHeader(header)
		if ok != (token != "") || ok && err != nil {
			t.Fatalf("%q: %q, %v, %v", header, token, ok, err)
		}
		if !ok {
			return
		}
		if !strings.Contains(header, token) || strings.ContainsAny(token, " \t\r\n,;\"\x00") {
			t.Errorf("%q gives the token %q", header, token)
		}
		if again, _, err := auth.FromHeader("Bearer " + token); again != token || err != nil {
			t.Errorf("the token %q of %q becomes %q, %v", token, header, again, err)
		}
	})
}
