package domain

import (
	"bytes"
	"encoding/json"
)

// Change is what an update does to a field that may be empty: the zero value
// leaves it as it is, Clear empties it, Set gives it a value. In an event's JSON
// they are an absent member, null, and the value.
type Change[T comparable] struct {
	touched bool
	value   *T
}

// Set is the change that gives a field a value.
func Set[T comparable](value T) Change[T] { return Change[T]{true, &value} }

// Clear is the change that empties a field.
func Clear[T comparable]() Change[T] { return Change[T]{touched: true} }

// To is the change that makes a field equal to value, where nil is empty.
func To[T comparable](value *T) Change[T] { return Change[T]{true, value} }

// Touched reports whether the change is more than leaving the field as it is.
func (c Change[T]) Touched() bool { return c.touched }

// Value returns what the field is set to: nil when it is cleared or untouched.
func (c Change[T]) Value() *T { return c.value }

// IsZero reports whether the field is left as it is; encoding/json omits it then.
func (c Change[T]) IsZero() bool { return !c.touched }

// Apply returns what the field is after the change.
func (c Change[T]) Apply(field *T) *T {
	if c.touched {
		return c.value
	}
	return field
}

// From returns the change without effect on field removed.
func (c Change[T]) From(field *T) Change[T] {
	if !c.touched || same(c.value, field) {
		return Change[T]{}
	}
	return c
}

// MarshalJSON writes the value, or null for a cleared field.
func (c Change[T]) MarshalJSON() ([]byte, error) { return marshal(c.value) }

// UnmarshalJSON reads what MarshalJSON wrote.
func (c *Change[T]) UnmarshalJSON(data []byte) error {
	c.touched, c.value = true, nil
	if bytes.Equal(data, []byte("null")) {
		return nil
	}
	return json.Unmarshal(data, &c.value)
}

// same reports whether two optional values are equal.
func same[T comparable](a, b *T) bool {
	if a == nil || b == nil {
		return a == b
	}
	return *a == *b
}

// changed returns to when it is present and differs from the field, else nil.
func changed[T comparable](to *T, field T) *T {
	if to == nil || *to == field {
		return nil
	}
	return to
}

// assign sets the field to the value when there is one.
func assign[T any](field *T, value *T) {
	if value != nil {
		*field = *value
	}
}

// named is a field and whether an event touches it.
type named struct {
	name    string
	touched bool
}

// touched returns the names of the touched fields.
func touched(fields ...named) []string {
	var names []string
	for _, f := range fields {
		if f.touched {
			names = append(names, f.name)
		}
	}
	return names
}
