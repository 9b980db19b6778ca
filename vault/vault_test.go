package vault_test

import (
	"encoding/json"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"

	"flightdeck/vault"

	"pgregory.net/rapid"
)

// shelf stores wrapped keys.
type shelf struct {
	mu   sync.Mutex // guards keys
	keys map[string][]byte
}

func (s *shelf) load(person string) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.keys[person], nil
}

func (s *shelf) put(person string, wrapped []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keys[person] = wrapped
}

func open(t rapid.TB, master vault.Master, s *shelf) *vault.Vault {
	t.Helper()
	v, err := vault.New(master, s.load)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// with returns a vault in which one person has a key.
func with(t rapid.TB, person string) (*vault.Vault, *shelf) {
	t.Helper()
	s := &shelf{keys: map[string][]byte{}}
	v := open(t, vault.Master{1}, s)
	wrapped, err := v.NewKey(person)
	if err != nil {
		t.Fatal(err)
	}
	s.put(person, wrapped)
	return v, s
}

// TestSealedFieldsOpenAgain checks a round trip in this process and the next one: the sealed form
// shows no sealed field, and the other fields stay readable.
func TestSealedFieldsOpenAgain(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		v, s := with(r, "ann")
		members := rapid.MapOf(rapid.SampledFrom([]string{"email", "displayName", "role", "userId"}), rapid.StringMatching(`[a-z<>&"\\]{12,20}`)).Draw(r, "members")
		data, err := json.Marshal(members)
		if err != nil {
			r.Fatal(err)
		}
		sealed, err := v.Seal("ann", "event-1", data, []string{"email", "displayName"})
		if err != nil {
			r.Fatal(err)
		}
		for name, value := range members {
			hidden := name == "email" || name == "displayName"
			plain, err := json.Marshal(value)
			if err != nil {
				r.Fatal(err)
			}
			if strings.Contains(string(sealed), string(plain)) == hidden {
				r.Fatalf("%s of %s is sealed as %s", name, data, sealed)
			}
		}
		for _, later := range []*vault.Vault{v, open(r, vault.Master{1}, s)} {
			opened, err := later.Open("ann", "event-1", sealed)
			var got map[string]string
			if err != nil || json.Unmarshal(opened, &got) != nil || !maps.Equal(got, members) {
				r.Fatalf("%s is opened as %s, error %v, want %s", sealed, opened, err, data)
			}
		}
	})
}

// TestAForgottenPersonStaysSealed covers a key that was being loaded while the person was
// forgotten.
func TestAForgottenPersonStaysSealed(t *testing.T) {
	t.Parallel()
	v, s := with(t, "ann")
	sealed, err := v.Seal("ann", "e", []byte(`{"email":"ann@example.org","role":"AUTHOR"}`), []string{"email"})
	if err != nil {
		t.Fatal(err)
	}
	wrapped := s.keys["ann"]
	v.Forget("ann")
	s.put("ann", wrapped) // a reader that began earlier may still see it
	for range 2 {
		if got, err := v.Open("ann", "e", sealed); err != nil || string(got) != `{"role":"AUTHOR"}` {
			t.Errorf("it is opened as %s, error %v", got, err)
		}
	}
	s.put("ann", nil)
	if got, err := open(t, vault.Master{1}, s).Open("ann", "e", sealed); err != nil || string(got) != `{"role":"AUTHOR"}` {
		t.Errorf("after a restart it is opened as %s, error %v", got, err)
	}
	if _, err := v.Seal("ann", "e2", []byte(`{"email":"x"}`), []string{"email"}); !errors.Is(err, vault.ErrNoKey) {
		t.Errorf("sealing for somebody without a key: error is %v", err)
	}
}

// TestSealedFieldsAreBoundToTheirPlace checks that sealed fields cannot be moved to another person
// or event, changed, or opened with another master key.
func TestSealedFieldsAreBoundToTheirPlace(t *testing.T) {
	t.Parallel()
	v, s := with(t, "ann")
	bob, err := v.NewKey("bob")
	if err != nil {
		t.Fatal(err)
	}
	s.put("bob", bob)
	sealed, err := v.Seal("ann", "e", []byte(`{"email":"ann@example.org"}`), []string{"email"})
	if err != nil {
		t.Fatal(err)
	}
	changed := append([]byte{}, sealed...)
	changed[len(changed)-10] ^= 1 // within the base64 of the sealed member
	for what, open := range map[string]func() ([]byte, error){
		"another event":      func() ([]byte, error) { return v.Open("ann", "f", sealed) },
		"another person":     func() ([]byte, error) { return v.Open("bob", "e", sealed) },
		"a flipped byte":     func() ([]byte, error) { return v.Open("ann", "e", changed) },
		"too short":          func() ([]byte, error) { return v.Open("ann", "e", []byte(`{"sealed":"AAAA"}`)) },
		"no text":            func() ([]byte, error) { return v.Open("ann", "e", []byte(`{"sealed":7}`)) },
		"no JSON":            func() ([]byte, error) { return v.Open("ann", "e", []byte(`{`)) },
		"another master key": func() ([]byte, error) { return open(t, vault.Master{2}, s).Open("ann", "e", sealed) },
	} {
		if got, err := open(); err == nil {
			t.Errorf("%s: it is opened as %s", what, got)
		}
	}
}

func TestAnEventWithoutPersonalFieldsStaysUnchanged(t *testing.T) {
	t.Parallel()
	v, _ := with(t, "ann")
	data := []byte(`{ "userId" : "ann" }`)
	sealed, err := v.Seal("nobody", "e", data, []string{"email"})
	if err != nil || !reflect.DeepEqual(sealed, data) {
		t.Errorf("it is sealed as %s, error %v", sealed, err)
	}
	if opened, err := v.Open("nobody", "e", data); err != nil || !reflect.DeepEqual(opened, data) {
		t.Errorf("it is opened as %s, error %v", opened, err)
	}
}

func TestMasterKeys(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "key")
	if _, err := vault.ReadMaster(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no file: error is %v", err)
	}
	made, err := vault.MakeMaster(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, read := range []func(string) (vault.Master, error){vault.ReadMaster, vault.MakeMaster} {
		if got, err := read(path); got != made || err != nil {
			t.Errorf("another key is read than was made, error %v", err)
		}
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file's mode is %v (%v)", info.Mode(), err)
	}
	if err := os.Chmod(path, 0o640); err != nil {
		t.Fatal(err)
	}
	if again, err := vault.ReadMaster(path); err != nil || again != made {
		t.Errorf("a file for the owner and a group: error is %v", err)
	}
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := vault.ReadMaster(path); err == nil || !strings.Contains(err.Error(), "chmod 600") {
		t.Errorf("a file for others: error is %v", err)
	}
	other := vault.Master{1}
	if made.ID() == other.ID() || len(made.ID()) != 16 {
		t.Errorf("ids are %s and %s", made.ID(), other.ID())
	}
	for _, text := range []string{"", "AAAA", strings.Repeat("!", 44)} {
		if _, err := vault.ParseMaster(text); err == nil || !strings.Contains(err.Error(), "urandom") {
			t.Errorf("%q: error is %v", text, err)
		}
	}
}
