package vault

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"flightdeck/durable"
)

// Master is the key that wraps the keys of people.
type Master [32]byte

// ParseMaster reads a master key in base64, as MakeMaster writes it.
func ParseMaster(text string) (m Master, err error) {
	b, err := base64.StdEncoding.DecodeString(strings.TrimSpace(text))
	if err != nil || len(b) != len(m) {
		return m, fmt.Errorf("a master key is %d bytes in base64: make one with: head -c %d /dev/urandom | base64", len(m), len(m))
	}
	return Master(b), nil
}

// ID returns an identifier of the master key that does not reveal it.
func (m Master) ID() string {
	sum := sha256.Sum256(append([]byte("flightdeck master key\x00"), m[:]...))
	return hex.EncodeToString(sum[:8])
}

// ReadMaster reads the master key in a file, by the rule of ReadSecret. The error is
// [io/fs.ErrNotExist] if there is no file.
func ReadMaster(path string) (m Master, err error) {
	text, err := ReadSecret(path)
	if err != nil {
		return m, err
	}
	if m, err = ParseMaster(string(text)); err != nil {
		return m, fmt.Errorf("%s: %w", path, err)
	}
	return m, nil
}

// MakeMaster makes a master key and writes it into a new file with mode 0600. If the file exists,
// MakeMaster reads it.
func MakeMaster(path string) (m Master, err error) {
	rand.Read(m[:])
	err = durable.Create(path, []byte(base64.StdEncoding.EncodeToString(m[:])+"\n"))
	if errors.Is(err, fs.ErrExist) {
		return ReadMaster(path) // another process made it first
	}
	return m, err
}
