package auth

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"strings"
)

// The prefixes name the kind of a token to people and to programs that look for leaked secrets.
const (
	tokenPrefix = "fd_"
	keyPrefix   = "fdk_"
)

// tokenBytes is the length of a token's random part.
const tokenBytes = 32

// NewToken returns a bearer token of 256 random bits, which goes to the client alone, and the hash
// to store in its place (see HashToken). It always succeeds: the program ends if the system refuses
// random numbers.
func NewToken() (token string, hash []byte) { return newSecret(tokenPrefix) }

// NewKey is NewToken for a machine, which keeps its key until the key is revoked.
func NewKey() (key string, hash []byte) { return newSecret(keyPrefix) }

func newSecret(prefix string) (token string, hash []byte) {
	random := make([]byte, tokenBytes)
	rand.Read(random)
	token = prefix + base64.RawURLEncoding.EncodeToString(random)
	return token, HashToken(token)
}

// Kind is the kind of a bearer token.
type Kind int

// The kinds of tokens. A token without either prefix can only be a web token.
const (
	SessionToken Kind = iota
	KeyToken
	WebToken
)

// KindOf returns the kind of a token by its form. The token need not be valid.
func KindOf(token string) Kind {
	switch {
	case strings.HasPrefix(token, keyPrefix):
		return KeyToken
	case strings.Count(token, ".") == 2:
		return WebToken
	}
	return SessionToken
}

// HashToken returns the 32 bytes under which a token is stored and found.
//
// The hash is a plain SHA-256. A password needs a slow hash with a salt because it can be guessed;
// a token is one of 2^256, so that guessing finds none at any speed, and no two are equal. The
// duration of an index lookup by hash reveals nothing about the token.
func HashToken(token string) []byte {
	hash := sha256.Sum256([]byte(token))
	return hash[:]
}

// errHeader is the error for every malformed header. It does not repeat the header, which may hold
// a secret.
var errHeader = errors.New("the Authorization header is malformed: send \"Authorization: Bearer <token>\" with the token that logging in gave, or no such header")

// FromHeader returns the token in the value of an Authorization header (RFC 6750, section 2.1): the
// word Bearer in any case, one space or more, and the token. The token need not be one of ours.
//
// ok is false for a blank value: the actor is a visitor. Any other value, such as another scheme,
// is an error that says what to send.
func FromHeader(authorizationHeader string) (token string, ok bool, err error) {
	value := strings.Trim(authorizationHeader, " \t")
	if value == "" {
		return "", false, nil
	}
	scheme, rest, _ := strings.Cut(value, " ")
	token = strings.TrimLeft(rest, " ")
	if !strings.EqualFold(scheme, "Bearer") || !isToken(token) {
		return "", false, errHeader
	}
	return token, true, nil
}

// isToken reports whether s has the form b64token of RFC 6750.
func isToken(s string) bool {
	body := strings.TrimRight(s, "=")
	for i := range len(body) {
		if !isTokenByte(body[i]) {
			return false
		}
	}
	return body != ""
}

func isTokenByte(c byte) bool {
	switch {
	case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		return true
	}
	return strings.IndexByte("-._~+/", c) >= 0
}
