package domain

import (
	"bytes"
	"encoding/json"
)

// Change is the change of a field that may be empty: the zero value leaves the field untouched,
// Clear empties it, Set gives it a value. The JSON of an event holds an absent member, null, or the
// value.
type Change[T comparable] struct {
	touched bool
	value   *T
}

// Set returns the change that gives a field a value.
func Set[T comparable](value T) Change[T] { return Change[T]{true, &value} }

// Clear returns the change that empties a field.
func Clear[T comparable]() Change[T] { return Change[T]{touched: true} }

// To returns the change that makes a field equal to value; nil empties it.
func To[T comparable](value *T) Change[T] { return Change[T]{true, value} }

// Touched reports whether the change sets or clears the field.
func (c Change[T]) Touched() bool { return c.touched }

// Value returns the new value of the field: nil if the field is cleared or untouched.
func (c Change[T]) Value() *T { return c.value }

// IsZero reports whether the field is untouched; encoding/json then omits it.
func (c Change[T]) IsZero() bool { return !c.touched }

// Apply returns the field after the change.
func (c Change[T]) Apply(field *T) *T {
	if c.touched {
		return c.value
	}
	return field
}

// From returns the change, or the zero Change if it has no effect on field.
func (c Change[T]) From(field *T) Change[T] {
	if !c.touched || same(c.value, field) {
		return Change[T]{}
	}
	return c
}

// MarshalJSON writes the value, or null for a cleared field.
func (c Change[T]) MarshalJSON() ([]byte, error) { return marshal(c.value) }

// UnmarshalJSON reads the output of MarshalJSON.
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

// changed returns to if it is present and differs from the field, else nil.
func changed[T comparable](to *T, field T) *T {
	if to == nil || *to == field {
		return nil
	}
	return to
}

// assign sets the field to the value unless the value is nil.
func assign[T any](field *T, value *T) {
	if value != nil {
		*field = *value
	}
}

// named is a field with a flag: an event touches it or not.
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
