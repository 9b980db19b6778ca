package model

import (
	"encoding/json"
	"io"
	"strconv"

	"flightdeck/domain"
	"flightdeck/eventstore"

	"github.com/99designs/gqlgen/graphql"
)

// For each scalar T, MarshalT and UnmarshalT are the functions that gqlgen calls, and AppendT
// appends the bytes that MarshalT writes: the plans of package graph call it. The scalars of the
// specification are read by gqlgen's functions except where a comment says otherwise. A value that
// is not of its type is the client's fault, and the error has the code domain.Invalid, which
// gqlgen's own errors do not have.

// MarshalInt writes the scalar Int.
func MarshalInt(i int) graphql.Marshaler { return graphql.MarshalInt(i) }

// AppendInt appends the scalar Int.
func AppendInt(b []byte, i int) []byte { return strconv.AppendInt(b, int64(i), 10) }

// UnmarshalInt reads the scalar Int. A string of digits is an error, as the specification says;
// gqlgen's own function accepts it in a variable.
func UnmarshalInt(v any) (int, error) {
	if s, ok := v.(string); ok {
		return 0, domain.Errorf(domain.Invalid, "%.40q is a text, not an Int: leave out the quotes", s)
	}
	i, err := graphql.UnmarshalInt(v)
	return i, none(v, "Int", err)
}

// MarshalString writes the scalar String.
func MarshalString(s string) graphql.Marshaler { return graphql.MarshalString(s) }

// AppendString appends the scalar String: a JSON string with the fewest possible escapes. Bytes
// that are not UTF-8 stay as they are.
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

// UnmarshalString reads the scalar String. A number is an error, as the specification says;
// gqlgen's own function accepts it in a variable.
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

// MarshalDateTime writes the scalar DateTime: RFC 3339 in UTC, in microseconds.
func MarshalDateTime(i domain.Instant) graphql.Marshaler {
	return graphql.WriterFunc(func(w io.Writer) { write(w, AppendDateTime(nil, i)) })
}

// AppendDateTime appends the scalar DateTime.
func AppendDateTime(b []byte, i domain.Instant) []byte {
	return append(i.AppendTo(append(b, '"')), '"')
}

// UnmarshalDateTime reads the scalar DateTime.
func UnmarshalDateTime(v any) (domain.Instant, error) {
	s, ok := v.(string)
	if !ok {
		return 0, domain.Errorf(domain.Invalid, "a DateTime is a string, such as \"2026-01-31T12:00:00Z\"")
	}
	return domain.ParseInstant(s)
}

// MarshalPosition writes the scalar Position: a string, because JavaScript's numbers are exact up
// to 2^53 only.
func MarshalPosition(p eventstore.Position) graphql.Marshaler {
	return graphql.WriterFunc(func(w io.Writer) { write(w, AppendPosition(nil, p)) })
}

// AppendPosition appends the scalar Position.
func AppendPosition(b []byte, p eventstore.Position) []byte {
	return append(strconv.AppendInt(append(b, '"'), int64(p), 10), '"')
}

// UnmarshalPosition reads the scalar Position. It may also be a number.
func UnmarshalPosition(v any) (eventstore.Position, error) {
	switch v := v.(type) {
	case string:
		return eventstore.ParsePosition(v)
	case json.Number:
		return eventstore.ParsePosition(v.String())
	case int64:
		return eventstore.ParsePosition(strconv.FormatInt(v, 10))
	}
	return 0, domain.Errorf(domain.Invalid, `a Position is a string of digits, such as "1042"`)
}

// none returns the error for a value that a scalar does not have, or nil if err is nil.
func none(v any, scalar string, err error) error {
	if err == nil {
		return nil
	}
	return domain.Errorf(domain.Invalid, "%.40v is not a value of %s", v, scalar)
}
