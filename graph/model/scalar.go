package model

import (
	"flightdeck/domain"

	"github.com/99designs/gqlgen/graphql"
)

// The scalars of the specification, as gqlgen reads them but for what is said here. What
// is none is the sender's fault: gqlgen's own errors do not say so.

// MarshalInt writes the scalar Int.
func MarshalInt(i int) graphql.Marshaler { return graphql.MarshalInt(i) }

// UnmarshalInt reads the scalar Int. gqlgen's own takes a text of digits for one
// where it comes in a variable; the specification wants an error.
func UnmarshalInt(v any) (int, error) {
	if s, ok := v.(string); ok {
		return 0, domain.Errorf(domain.Invalid, "%.40q is a text, not an Int: leave out the quotes", s)
	}
	i, err := graphql.UnmarshalInt(v)
	return i, none(v, "Int", err)
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

// MarshalID writes the scalar ID.
func MarshalID(s string) graphql.Marshaler { return graphql.MarshalID(s) }

// UnmarshalID reads the scalar ID.
func UnmarshalID(v any) (string, error) {
	s, err := graphql.UnmarshalID(v)
	return s, none(v, "ID", err)
}

// MarshalBoolean writes the scalar Boolean.
func MarshalBoolean(b bool) graphql.Marshaler { return graphql.MarshalBoolean(b) }

// UnmarshalBoolean reads the scalar Boolean.
func UnmarshalBoolean(v any) (bool, error) {
	b, err := graphql.UnmarshalBoolean(v)
	return b, none(v, "Boolean", err)
}

// none is the error for a value that is none of a scalar, nil where it is one.
func none(v any, scalar string, err error) error {
	if err == nil {
		return nil
	}
	return domain.Errorf(domain.Invalid, "%.40v is not a value of %s", v, scalar)
}
