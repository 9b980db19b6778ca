// Package vault keeps the personal fields of events secret, so that a person can be
// forgotten in a log of which nothing is ever deleted: the fields are sealed with a
// key of that person's own, and forgetting destroys the key.
//
// It imports the standard library, a cipher of x/crypto and a cache. Keys are 32
// random bytes; they lie beside the log, wrapped by a master key that lies elsewhere.
// Sealing and wrapping are XChaCha20-Poly1305 with random nonces
// (draft-irtf-cfrg-xchacha), bound to the person and, for fields, to the event.
//
// Start with Vault; master.go is where the master key comes from.
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

// Vault seals and opens. Its methods may be called at the same time.
type Vault struct {
	master cipher.AEAD
	load   func(person string) (wrapped []byte, err error)

	mu     sync.Mutex // guards what follows
	keys   *lru.Cache[string, cipher.AEAD]
	forgot map[string]bool // those whose key was destroyed since the vault was opened
}

// maxKeys is how many keys are kept in memory.
const maxKeys = 16_384

// New returns a vault. load returns the wrapped key of a person, nil when there is
// none; it sees what is committed.
func New(master Master, load func(person string) (wrapped []byte, err error)) (*Vault, error) {
	aead, err := chacha20poly1305.NewX(master[:])
	if err != nil {
		return nil, err
	}
	keys, err := lru.New[string, cipher.AEAD](maxKeys)
	return &Vault{master: aead, load: load, keys: keys, forgot: make(map[string]bool)}, err
}

// NewKey makes the key of a person and returns it wrapped, to be kept where load finds
// it. It can be used at once.
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

// Forget drops a person's key from memory, once it was destroyed where it lay.
func (v *Vault) Forget(person string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.forgot[person] = true
	v.keys.Remove(person)
}

// Forgotten returns for how many people Forget was called: while it is the same, what
// Open returns is, too.
func (v *Vault) Forgotten() int {
	v.mu.Lock()
	defer v.mu.Unlock()
	return len(v.forgot)
}

// key returns the key of a person, nil when there is none (any more).
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
	if v.forgot[person] { // while it was loaded
		return nil, nil
	}
	v.keys.Add(person, key)
	return key, nil
}

// member is the member of an event's JSON that holds what is sealed.
const member = "sealed"

// ErrNoKey says that somebody has no key to seal with.
var ErrNoKey = errors.New("the person has no key")

// Seal takes fields out of the JSON of an event about a person and puts them into it
// sealed. An event without any of them stays as it is.
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

// Open puts the sealed fields of an event back into its JSON. Of somebody whose key was
// destroyed they stay away. An event that has nothing sealed stays as it is.
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

// bound is what fields are bound to: they cannot be moved to another event.
func bound(person, event string) []byte { return []byte(person + "\x00" + event) }

// seal returns a random nonce and what it encrypts.
func seal(key cipher.AEAD, plain, to []byte) []byte {
	nonce := make([]byte, key.NonceSize(), key.NonceSize()+len(plain)+key.Overhead())
	rand.Read(nonce)
	return key.Seal(nonce, nonce, plain, to)
}

var errDamaged = errors.New("what is sealed was changed, or the key is another one")

// open returns what seal was given.
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
