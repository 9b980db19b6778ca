package auth

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"fmt"
	"runtime"
)

// The lengths of a password, in bytes of UTF-8.
const (
	MinPasswordBytes = 8
	MaxPasswordBytes = 1024
)

// The errors of HashPassword for a password that nobody may choose.
var (
	ErrPasswordTooShort = fmt.Errorf("a password must have at least %d bytes", MinPasswordBytes)
	ErrPasswordTooLong  = fmt.Errorf("a password must have at most %d bytes", MaxPasswordBytes)
)

// turns holds a place for each hash that is computed at the moment: as many as
// there are processors, since each keeps one busy. That bounds the memory too:
// one takes 19 MiB, or what a stored hash from elsewhere asks for.
var turns = make(chan struct{}, runtime.GOMAXPROCS(0))

// HashPassword returns what to store of a password: its argon2id hash, with a
// salt of its own and its parameters, in the PHC string format. The error is
// ErrPasswordTooShort or ErrPasswordTooLong if the password may not be chosen.
//
// As many hashes are computed at a time as there are processors. HashPassword
// waits for its turn; when ctx ends first, the error wraps that of ctx. The hash
// itself, some tens of milliseconds, is not broken off.
func HashPassword(ctx context.Context, password string) (string, error) {
	if len(password) < MinPasswordBytes {
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

// CheckPassword reports whether hash, as of HashPassword, is that of password.
// How long it takes does not depend on how much of the password is right. It is
// an error when hash is none, and, as with HashPassword, when ctx ends while it
// waits for its turn; then ok says nothing.
//
// A password longer than MaxPasswordBytes is never right, and not hashed. One
// shorter than MinPasswordBytes can be right, of a hash from elsewhere.
func CheckPassword(ctx context.Context, hash, password string) (ok bool, err error) {
	stored, err := parsePHC(hash)
	if err != nil {
		return false, err
	}
	if len(password) > MaxPasswordBytes {
		return false, nil
	}
	key, err := deriveInTurn(ctx, stored.params, password, stored.salt)
	if err != nil {
		return false, err
	}
	return subtle.ConstantTimeCompare(key, stored.key) == 1, nil
}

// CheckNothing takes as long as CheckPassword on a hash that needs no rehash. It
// is called in its place when there is no such user, so that the time of the
// answer does not tell that from a wrong password; the caller sees to it that
// the words do not either. Its error is that of a ctx that ended while it waited
// for its turn.
func CheckNothing(ctx context.Context, password string) error {
	_, err := CheckPassword(ctx, nobody, password)
	return err
}

// nobody is a hash of the current parameters that no password is known to have.
var nobody = phc{current, make([]byte, current.saltLen), make([]byte, current.keyLen)}.String()

// NeedsRehash reports whether hash was made with other parameters than
// HashPassword uses now, or is no hash at all. Ask it when CheckPassword has said
// yes, the only time when there is a password to hash anew.
func NeedsRehash(hash string) bool {
	stored, err := parsePHC(hash)
	return err != nil || stored.params != current
}

// deriveInTurn derives a key when a turn is free, or returns ctx's error.
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
