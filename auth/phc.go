package auth

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/crypto/argon2"
)

// params are the costs of argon2id and the lengths of its salt and key, in bytes.
type params struct {
	memory  uint32 // KiB
	passes  uint32
	lanes   uint8
	saltLen int
	keyLen  int
}

// current holds the parameters of new hashes: the minimum of OWASP's Password Storage Cheat Sheet,
// with the lengths that RFC 9106 recommends.
var current = params{memory: 19456, passes: 2, lanes: 1, saltLen: 16, keyLen: 32}

// The upper bounds of a stored hash, which keep a planted hash from exhausting the machine, and the
// lower bounds below which a string is no hash.
const (
	maxMemory              = 256 << 10 // KiB
	maxPasses              = 16
	maxLanes               = 16
	minSaltLen, maxSaltLen = 8, 64
	minKeyLen, maxKeyLen   = 16, 64
)

// phc is a stored password: the key of argon2id with its salt and parameters.
type phc struct {
	params
	salt, key []byte
}

// errNotPHC is the error for a string of another form. It does not repeat the string, which has no
// place in a log.
var errNotPHC = errors.New("stored password is no argon2id hash in PHC string format")

// derive returns the key of password for these parameters.
func (p params) derive(password string, salt []byte) []byte {
	return argon2.IDKey([]byte(password), salt, p.passes, p.memory, p.lanes, uint32(p.keyLen))
}

// String renders the hash in the PHC string format: $argon2id$v=19$m=19456,t=2,p=1$salt$key, in
// base64 without padding.
func (h phc) String() string {
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, h.memory, h.passes, h.lanes,
		base64.RawStdEncoding.EncodeToString(h.salt), base64.RawStdEncoding.EncodeToString(h.key))
}

// parsePHC reads the form that String writes, and no other: each hash has one string.
func parsePHC(s string) (phc, error) {
	parts := strings.Split(s, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" || parts[2] != "v="+strconv.Itoa(argon2.Version) {
		return phc{}, errNotPHC
	}
	memory, passes, lanes, ok := parseCosts(parts[3])
	salt, errSalt := base64.RawStdEncoding.Strict().DecodeString(parts[4])
	key, errKey := base64.RawStdEncoding.Strict().DecodeString(parts[5])
	if !ok || errSalt != nil || errKey != nil {
		return phc{}, errNotPHC
	}
	h := phc{params{memory, passes, lanes, len(salt), len(key)}, salt, key}
	if !h.allowed() || h.String() != s {
		return phc{}, errNotPHC
	}
	return h, nil
}

// parseCosts reads "m=19456,t=2,p=1".
func parseCosts(s string) (memory, passes uint32, lanes uint8, ok bool) {
	costs := strings.Split(s, ",")
	if len(costs) != 3 {
		return 0, 0, 0, false
	}
	m, okM := parseCost(costs[0], "m=", 32)
	t, okT := parseCost(costs[1], "t=", 32)
	p, okP := parseCost(costs[2], "p=", 8)
	return uint32(m), uint32(t), uint8(p), okM && okT && okP
}

// parseCost reads a number of at most bits bits after its name.
func parseCost(s, name string, bits int) (uint64, bool) {
	digits, ok := strings.CutPrefix(s, name)
	n, err := strconv.ParseUint(digits, 10, bits)
	return n, ok && err == nil
}

// allowed reports whether the parameters lie within RFC 9106 and our bounds.
func (p params) allowed() bool {
	return p.passes >= 1 && p.passes <= maxPasses &&
		p.lanes >= 1 && p.lanes <= maxLanes &&
		p.memory >= 8*uint32(p.lanes) && p.memory <= maxMemory &&
		p.saltLen >= minSaltLen && p.saltLen <= maxSaltLen &&
		p.keyLen >= minKeyLen && p.keyLen <= maxKeyLen
}
