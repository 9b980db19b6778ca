package domain_test

import (
	"encoding/json"
	"reflect"
	"testing"

	"flightdeck/domain"

	"pgregory.net/rapid"
)

func TestAChangeIsAbsentNullOrAValue(t *testing.T) {
	t.Parallel()
	type event struct {
		Field domain.Change[string] `json:"field,omitzero"`
	}
	for text, change := range map[string]domain.Change[string]{
		`{}`:                 {},
		`{"field":null}`:     domain.Clear[string](),
		`{"field":""}`:       domain.Set(""),
		`{"field":"<null>"}`: domain.Set("<null>"),
		`{"field":"null"}`:   domain.Set("null"),
	} {
		var got event
		if err := json.Unmarshal([]byte(text), &got); err != nil || !reflect.DeepEqual(got.Field, change) {
			t.Errorf("%s is read as %+v, error %v", text, got.Field, err)
		}
		name, version, data, err := domain.Encode(domain.SlideUpdated{Notes: change})
		if err != nil {
			t.Fatal(err)
		}
		e, err := domain.Decode(name, version, data)
		if s, ok := e.(domain.SlideUpdated); err != nil || !ok || !reflect.DeepEqual(s.Notes, change) {
			t.Errorf("%s is stored as %s and read as %+v, error %v", text, data, e, err)
		}
	}
	// The value before must not survive.
	reused := event{domain.Set("before")}
	if err := json.Unmarshal([]byte(`{"field":null}`), &reused); err != nil || !reflect.DeepEqual(reused.Field, domain.Clear[string]()) {
		t.Errorf("null over a value is %+v, error %v", reused.Field, err)
	}
}

func TestAChangeDoesWhatItSays(t *testing.T) {
	t.Parallel()
	old := new("old")
	for name, c := range map[string]struct {
		change  domain.Change[string]
		touched bool
		value   *string
		after   *string // of a field that was "old"
	}{
		"zero":   {domain.Change[string]{}, false, nil, old},
		"clear":  {domain.Clear[string](), true, nil, nil},
		"set":    {domain.Set("new"), true, new("new"), new("new")},
		"to":     {domain.To(new("new")), true, new("new"), new("new")},
		"to nil": {domain.To[string](nil), true, nil, nil},
	} {
		if c.change.Touched() != c.touched || c.change.IsZero() == c.touched || !reflect.DeepEqual(c.change.Value(), c.value) {
			t.Errorf("%s: touched %t, zero %t, value %v", name, c.change.Touched(), c.change.IsZero(), c.change.Value())
		}
		if after := c.change.Apply(old); !reflect.DeepEqual(after, c.after) {
			t.Errorf("%s: the field is %v after it", name, after)
		}
	}
}

func TestAChangeIsReducedToItsEffect(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		text := rapid.SampledFrom([]string{"", "a", "b"})
		field := rapid.Ptr(text, true).Draw(r, "field")
		change := anyChange(text).Draw(r, "change")
		reduced := change.From(field)
		after := change.Apply(field)
		if !reflect.DeepEqual(reduced.Apply(field), after) {
			r.Fatalf("%+v does something else than %+v", reduced, change)
		}
		if reduced.Touched() == reflect.DeepEqual(after, field) {
			r.Fatalf("%+v touches a field where it changes nothing, or not where it does", reduced)
		}
		if change.From(after).Touched() {
			r.Fatalf("%+v has an effect the second time", change)
		}
	})
}
