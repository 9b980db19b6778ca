package auth

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"fmt"
	"runtime"

	"golang.org/x/text/unicode/norm"
)

// The bounds of a password in its normal form, in bytes of UTF-8.
const (
	MinPasswordBytes = 8
	MaxPasswordBytes = 1024
)

// The errors of HashPassword for a password of a refused length.
var (
	ErrPasswordTooShort = fmt.Errorf("a password must have at least %d bytes", MinPasswordBytes)
	ErrPasswordTooLong  = fmt.Errorf("a password must have at most %d bytes", MaxPasswordBytes)
)

// turns holds one place for each hash that is being computed, as many as there are processors,
// since a hash keeps one processor busy. It bounds the memory too: a hash takes 19 MiB, or as much
// as a stored hash from elsewhere names.
var turns = make(chan struct{}, runtime.GOMAXPROCS(0))

// normalPassword returns the form in which a password is hashed: NFKC of Unicode. Keyboards write
// one password in several forms, é as one character or as two, a digit as wide as a letter.
func normalPassword(password string) string { return norm.NFKC.String(password) }

// HashPassword returns the argon2id hash of a password with a salt of its own and its parameters,
// in the PHC string format. Passwords with the same normal form have the same hash, apart from the
// salt. The error is ErrPasswordTooShort or ErrPasswordTooLong if the length is
// refused.
//
// HashPassword computes as many hashes at a time as there are processors, and blocks until a place
// is free; if ctx ends first, the error wraps that of ctx. The computation itself, some tens of
// milliseconds, is not interrupted.
func HashPassword(ctx context.Context, password string) (string, error) {
	typed := password
	password = normalPassword(typed)
	if min(len(typed), len(password)) < MinPasswordBytes { // one sign can stand for a sentence
		return "", ErrPasswordTooShort
	}
	if len(password) > MaxPasswordBytes {
		return "", ErrPasswordTooLong
	}
	salt := make([]byte, current.saltLen)
	rand.Read(salt)
	key, err := deriveInTurn(ctx, current, password, salt)
	if err != nil {
		return "", err
	}
	return phc{current, salt, key}.String(), nil
}

// CheckPassword reports whether hash, a result of HashPassword, is the hash of password, and
// whether it ought to be replaced: it has other parameters than HashPassword uses now, or it was
// made of the password as it was typed, as earlier versions did. Its duration does not depend on
// the number of right bytes. It returns an error if hash has another form, or if ctx ends while it
// waits for a place.
//
// A password longer than MaxPasswordBytes is wrong and is not hashed. A password shorter than
// MinPasswordBytes can be right, for a hash from elsewhere.
func CheckPassword(ctx context.Context, hash, password string) (ok, replace bool, err error) {
	stored, err := parsePHC(hash)
	if err != nil {
		return false, false, err
	}
	normal := normalPassword(password)
	if ok, err = stored.matches(ctx, normal); ok || err != nil || normal == password {
		return ok, ok && stored.params != current, err
	}
	ok, err = stored.matches(ctx, password)
	return ok, ok, err
}

// matches reports whether the key was derived from a text.
func (h phc) matches(ctx context.Context, text string) (bool, error) {
	if len(text) > MaxPasswordBytes {
		return false, nil
	}
	key, err := deriveInTurn(ctx, h.params, text, h.salt)
	if err != nil {
		return false, err
	}
	return subtle.ConstantTimeCompare(key, h.key) == 1, nil
}

// CheckNothing takes as long as CheckPassword on a hash with the current parameters. A caller that
// finds no such user calls it, so that the duration of the response does not tell an unknown user
// from a wrong password; the caller chooses the same words for both. The error is that of a ctx
// that ended during the wait for a place.
func CheckNothing(ctx context.Context, password string) error {
	_, _, err := CheckPassword(ctx, noPassword, password)
	return err
}

// noPassword is a hash of the current parameters to which no password is known.
var noPassword = phc{current, make([]byte, current.saltLen), make([]byte, current.keyLen)}.String()

// deriveInTurn derives a key as soon as a place is free. It returns the error of ctx if ctx ends
// first.
func deriveInTurn(ctx context.Context, p params, password string, salt []byte) ([]byte, error) {
	select {
	case turns <- struct{}{}:
		defer func() { <-turns }()
	case <-ctx.Done():
	}
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("wait for a turn to hash a password: %w", err)
	}
	return p.derive(password, salt), nil
}
