package model

import (
	"flightdeck/domain"

	"github.com/99designs/gqlgen/graphql"
)

// MarshalInt writes the scalar Int.
func MarshalInt(i int) graphql.Marshaler { return graphql.MarshalInt(i) }

// UnmarshalInt reads the scalar Int. gqlgen's own takes a text of digits for one
// where it comes in a variable; the specification wants an error.
func UnmarshalInt(v any) (int, error) {
	if s, ok := v.(string); ok {
		return 0, domain.Errorf(domain.Invalid, "%.40q is a text, not an Int: leave out the quotes", s)
	}
	return graphql.UnmarshalInt(v)
}

// MarshalString writes the scalar String.
func MarshalString(s string) graphql.Marshaler { return graphql.MarshalString(s) }

// UnmarshalString reads the scalar String. gqlgen's own takes a number for one where
// it comes in a variable; the specification wants an error.
func UnmarshalString(v any) (string, error) {
	s, ok := v.(string)
	if !ok {
		return "", domain.Errorf(domain.Invalid, "%v is not a String: put it in quotes", v)
	}
	return s, nil
}
