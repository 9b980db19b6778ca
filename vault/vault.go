// Package vault seals the personal fields of events, so that a person can be forgotten in a log
// from which nothing is deleted: each person has a key, and forgetting the person destroys the key.
//
// Keys are 32 random bytes; they lie beside the log, wrapped by a master key that lies elsewhere.
// Sealing and wrapping are XChaCha20-Poly1305 with random nonces (draft-irtf-cfrg-xchacha), bound
// to the person and, for fields, to the event.
//
// Start with Vault; master.go reads and makes the master key.
package vault

import (
	"crypto/cipher"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"sync"

	lru "github.com/hashicorp/golang-lru/v2"
	"golang.org/x/crypto/chacha20poly1305"
)

// Vault seals and opens the personal fields of events. Its methods may be called concurrently.
type Vault struct {
	master cipher.AEAD
	load   func(person string) (wrapped []byte, err error)

	mu     sync.Mutex // guards keys and forgot
	keys   *lru.Cache[string, cipher.AEAD]
	forgot map[string]bool // the people whose key was destroyed since New
}

// maxKeys bounds the cache of keys.
const maxKeys = 16_384

// New returns a vault. load returns the wrapped key of a person as it is committed, or nil if there
// is none.
func New(master Master, load func(person string) (wrapped []byte, err error)) (*Vault, error) {
	aead, err := chacha20poly1305.NewX(master[:])
	if err != nil {
		return nil, err
	}
	keys, err := lru.New[string, cipher.AEAD](maxKeys)
	return &Vault{master: aead, load: load, keys: keys, forgot: make(map[string]bool)}, err
}

// NewKey makes the key of a person and returns it wrapped; the caller stores it where load reads.
// The key can be used at once.
func (v *Vault) NewKey(person string) (wrapped []byte, err error) {
	key := make([]byte, chacha20poly1305.KeySize)
	rand.Read(key)
	aead, err := chacha20poly1305.NewX(key)
	if err != nil {
		return nil, err
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.keys.Add(person, aead)
	return seal(v.master, key, []byte(person)), nil
}

// Forget drops the key of a person from memory. Call it after the stored key is destroyed.
func (v *Vault) Forget(person string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.forgot[person] = true
	v.keys.Remove(person)
}

// Forgotten returns the number of calls of Forget for different people. While the number stays the
// same, Open returns the same results.
func (v *Vault) Forgotten() int {
	v.mu.Lock()
	defer v.mu.Unlock()
	return len(v.forgot)
}

// key returns the key of a person, nil if there is none or it is destroyed.
func (v *Vault) key(person string) (cipher.AEAD, error) {
	v.mu.Lock()
	key, ok := v.keys.Get(person)
	v.mu.Unlock()
	if ok {
		return key, nil
	}
	wrapped, err := v.load(person)
	if err != nil || wrapped == nil {
		return nil, err
	}
	plain, err := open(v.master, wrapped, []byte(person))
	if err != nil {
		return nil, fmt.Errorf("unwrap the key of %s: %w", person, err)
	}
	if key, err = chacha20poly1305.NewX(plain); err != nil {
		return nil, err
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.forgot[person] { // during the load
		return nil, nil
	}
	v.keys.Add(person, key)
	return key, nil
}

// member is the JSON member of an event that holds the sealed fields.
const member = "sealed"

// ErrNoKey is the error for a person without a key.
var ErrNoKey = errors.New("the person has no key")

// Seal moves the given fields of an event about a person into one sealed member of its JSON. It
// returns data unchanged if the event has none of the fields. The error is ErrNoKey if the person
// has no key.
func (v *Vault) Seal(person, event string, data []byte, fields []string) ([]byte, error) {
	members, err := object(data)
	if err != nil {
		return nil, err
	}
	secret := make(map[string]json.RawMessage)
	for _, field := range fields {
		if value, ok := members[field]; ok {
			secret[field] = value
			delete(members, field)
		}
	}
	if len(secret) == 0 {
		return data, nil
	}
	key, err := v.key(person)
	if err != nil {
		return nil, err
	}
	if key == nil {
		return nil, fmt.Errorf("seal event %s: %w", event, ErrNoKey)
	}
	plain, err := json.Marshal(secret)
	if err != nil {
		return nil, err
	}
	if members[member], err = json.Marshal(seal(key, plain, bound(person, event))); err != nil {
		return nil, err
	}
	return json.Marshal(members)
}

// Open moves the sealed fields of an event back into its JSON. If the key of the person is
// destroyed, the fields stay away. It returns data unchanged if the event has no sealed member.
func (v *Vault) Open(person, event string, data []byte) ([]byte, error) {
	members, err := object(data)
	if err != nil {
		return nil, err
	}
	text, ok := members[member]
	if !ok {
		return data, nil
	}
	delete(members, member)
	key, err := v.key(person)
	if err != nil {
		return nil, err
	}
	if key != nil {
		var sealed []byte
		if err := json.Unmarshal(text, &sealed); err != nil {
			return nil, fmt.Errorf("open event %s: %w", event, err)
		}
		plain, err := open(key, sealed, bound(person, event))
		if err != nil {
			return nil, fmt.Errorf("open event %s: %w", event, err)
		}
		if err := json.Unmarshal(plain, &members); err != nil { // which adds them
			return nil, fmt.Errorf("open event %s: %w", event, err)
		}
	}
	return json.Marshal(members)
}

func object(data []byte) (members map[string]json.RawMessage, err error) {
	if err := json.Unmarshal(data, &members); err != nil {
		return nil, fmt.Errorf("read the JSON of an event: %w", err)
	}
	return members, nil
}

// bound returns the additional data of a seal: fields cannot be moved to another person or event.
func bound(person, event string) []byte { return []byte(person + "\x00" + event) }

// seal returns a random nonce followed by the ciphertext of plain.
func seal(key cipher.AEAD, plain, to []byte) []byte {
	nonce := make([]byte, key.NonceSize(), key.NonceSize()+len(plain)+key.Overhead())
	rand.Read(nonce)
	return key.Seal(nonce, nonce, plain, to)
}

var errDamaged = errors.New("the sealed fields were changed, or the key is another one")

// open returns the plaintext of a result of seal. The error is errDamaged if the data, the key or
// the binding differs.
func open(key cipher.AEAD, sealed, to []byte) ([]byte, error) {
	n := key.NonceSize()
	if len(sealed) < n {
		return nil, errDamaged
	}
	plain, err := key.Open(nil, sealed[:n], sealed[n:], to)
	if err != nil {
		return nil, errDamaged
	}
	return plain, nil
}
