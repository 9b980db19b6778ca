package domain_test

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"flightdeck/domain"
)

func TestAnUnknownEventIsAnErrorOfItsOwn(t *testing.T) {
	t.Parallel()
	for _, c := range []domain.UnknownEventError{
		{Type: "ContentTranslated", SchemaVersion: 1},
		{Type: "", SchemaVersion: 1},
		{Type: "contentcreated", SchemaVersion: 1},
		{Type: "domain.ContentCreated", SchemaVersion: 1},
		{Type: "ContentCreated", SchemaVersion: 99},
		{Type: "ContentCreated"},
		{Type: "ContentCreated", SchemaVersion: -1},
	} {
		e, err := domain.Decode(c.Type, c.SchemaVersion, []byte(`{}`))
		unknown, ok := errors.AsType[*domain.UnknownEventError](err)
		if !ok || *unknown != c || e != nil || !strings.Contains(err.Error(), "later") {
			t.Errorf("%+v is read as %v, error %v", c, e, err)
		}
	}
	if state, err := domain.NewState("COMMENT"); err == nil || state != nil {
		t.Errorf("the state of an unknown kind is %v, error %v", state, err)
	}
}

func TestDamagedJSONIsAnError(t *testing.T) {
	t.Parallel()
	for _, s := range samples {
		name, version, data, err := domain.Encode(s.event)
		if err != nil {
			t.Fatal(err)
		}
		damaged := [][]byte{nil, []byte(`null`), []byte(`[]`), []byte(`"x"`), []byte(`1`), append(data, '}'), append([]byte{'\xff'}, data...)}
		for n := range data {
			damaged = append(damaged, data[:n])
		}
		for _, d := range damaged {
			e, err := domain.Decode(name, version, d)
			if err == nil {
				t.Errorf("%s: %q is read as %#v", name, d, e)
			} else if !strings.Contains(err.Error(), name) {
				t.Errorf("%s: error is %v", name, err)
			}
		}
	}
}

func TestFieldsOfTheWrongTypeAreAnError(t *testing.T) {
	t.Parallel()
	for name, data := range map[string]string{
		"ContentCreated": `{"title":1}`, "ContentUpdated": `{"description":{}}`, "ContentRestored": `{"fromVersion":"1"}`,
		"PresentationUpdated": `{"isPublic":"yes"}`, "PresentationRestored": `{"slides":{}}`, "SlideUpdated": `{"notes":[1]}`,
		"UserUpdated": `{"email":false}`, "ContentArchived": `{"contentId":[]}`,
	} {
		if e, err := domain.Decode(name, 1, []byte(data)); err == nil {
			t.Errorf("%s: %s is read as %#v", name, data, e)
		}
	}
}

func TestOnlyEventsOfTheTableAreEncoded(t *testing.T) {
	t.Parallel()
	var pointer domain.Event = &domain.ContentDeleted{}
	for _, e := range []domain.Event{nil, pointer} {
		if name, _, _, err := domain.Encode(e); err == nil {
			t.Errorf("%T is stored as %s", e, name)
		}
	}
}

// FuzzDecode reads arbitrary bytes: Decode never panics, and an accepted event survives a round
// trip and can be folded.
func FuzzDecode(f *testing.F) {
	paths, err := filepath.Glob(goldenPath("*"))
	if err != nil {
		f.Fatal(err)
	}
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		name, _, _ := strings.Cut(filepath.Base(path), ".")
		f.Add(name, 1, data)
		f.Add(name, 2, data[:len(data)/2])
	}
	f.Add("ContentUpdated", 1, []byte(`{"description":null,"tags":null,"title":null}`))
	f.Add("PresentationRestored", 1, []byte(`{"slides":null}`))
	f.Add("SlideUpdated", 1, []byte(`{"title":"\ud800"}`))
	f.Fuzz(func(t *testing.T, name string, version int, data []byte) {
		e, err := domain.Decode(name, version, data)
		if err != nil {
			return
		}
		name, version, first, err := domain.Encode(e)
		if err != nil || !json.Valid(first) {
			t.Fatalf("%#v is written as %s, error %v", e, first, err)
		}
		again, err := domain.Decode(name, version, first)
		if err != nil {
			t.Fatalf("%s cannot be read again: %v", first, err)
		}
		if _, _, second, err := domain.Encode(again); err != nil || string(second) != string(first) {
			t.Fatalf("%s is written as %s, error %v", first, second, err)
		}
		for _, s := range []domain.State{domain.Content{}, domain.Presentation{}, domain.User{}} {
			if _, err := s.Apply(e, 1); err != nil && err.Error() == "" {
				t.Fatal("an error without words")
			}
		}
	})
}
