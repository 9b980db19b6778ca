package model

import (
	"strconv"

	"flightdeck/domain"

	"github.com/99designs/gqlgen/graphql"
)

// The scalars of the specification, as gqlgen reads them but for what is said here. What
// is none is the sender's fault: gqlgen's own errors do not say so. What Append… appends
// is what Marshal… writes; plans of package graph use it.

// MarshalInt writes the scalar Int.
func MarshalInt(i int) graphql.Marshaler { return graphql.MarshalInt(i) }

// AppendInt appends the scalar Int.
func AppendInt(b []byte, i int) []byte { return strconv.AppendInt(b, int64(i), 10) }

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

// AppendString appends the scalar String: a JSON string in which no more is escaped than
// has to be, and what is no UTF-8 is left as it is.
func AppendString(b []byte, s string) []byte {
	const hex = "0123456789ABCDEF"
	b = append(b, '"')
	begin := 0
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' {
			continue
		}
		b = append(b, s[begin:i]...)
		begin = i + 1
		switch c {
		case '"', '\\':
			b = append(b, '\\', c)
		case '\t':
			b = append(b, '\\', 't')
		case '\r':
			b = append(b, '\\', 'r')
		case '\n':
			b = append(b, '\\', 'n')
		default:
			b = append(b, '\\', 'u', '0', '0', hex[c>>4], hex[c&0xf])
		}
	}
	return append(append(b, s[begin:]...), '"')
}

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

// AppendID appends the scalar ID.
func AppendID(b []byte, s string) []byte { return AppendString(b, s) }

// UnmarshalID reads the scalar ID.
func UnmarshalID(v any) (string, error) {
	s, err := graphql.UnmarshalID(v)
	return s, none(v, "ID", err)
}

// MarshalBoolean writes the scalar Boolean.
func MarshalBoolean(b bool) graphql.Marshaler { return graphql.MarshalBoolean(b) }

// AppendBoolean appends the scalar Boolean.
func AppendBoolean(b []byte, v bool) []byte { return strconv.AppendBool(b, v) }

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
