package model

import (
	"io"
	"strconv"

	"flightdeck/domain"
	"flightdeck/markdown/deck"

	"github.com/99designs/gqlgen/graphql"
)

// MarshalRole writes the enum Role.
func MarshalRole(r domain.Role) graphql.Marshaler { return enumValue(r) }

// AppendRole appends the enum Role.
func AppendRole(b []byte, r domain.Role) []byte { return strconv.AppendQuote(b, string(r)) }

// UnmarshalRole reads the enum Role.
func UnmarshalRole(v any) (domain.Role, error) { return readEnum[domain.Role](v, "Role") }

// MarshalContentStatus writes the enum ContentStatus.
func MarshalContentStatus(s domain.ContentStatus) graphql.Marshaler { return enumValue(s) }

// AppendContentStatus appends the enum ContentStatus.
func AppendContentStatus(b []byte, s domain.ContentStatus) []byte {
	return strconv.AppendQuote(b, string(s))
}

// UnmarshalContentStatus reads the enum ContentStatus.
func UnmarshalContentStatus(v any) (domain.ContentStatus, error) {
	return readEnum[domain.ContentStatus](v, "ContentStatus")
}

// MarshalContentFormat writes the enum ContentFormat.
func MarshalContentFormat(f domain.ContentFormat) graphql.Marshaler { return enumValue(f) }

// AppendContentFormat appends the enum ContentFormat.
func AppendContentFormat(b []byte, f domain.ContentFormat) []byte {
	return strconv.AppendQuote(b, string(f))
}

// UnmarshalContentFormat reads the enum ContentFormat.
func UnmarshalContentFormat(v any) (domain.ContentFormat, error) {
	return readEnum[domain.ContentFormat](v, "ContentFormat")
}

// MarshalDeckDialect writes the enum DeckDialect.
func MarshalDeckDialect(d deck.Dialect) graphql.Marshaler { return enumValue(d) }

// UnmarshalDeckDialect reads the enum DeckDialect.
func UnmarshalDeckDialect(v any) (deck.Dialect, error) {
	return readEnum[deck.Dialect](v, "DeckDialect")
}

// MarshalStreamKind writes the enum StreamKind.
func MarshalStreamKind(k domain.Kind) graphql.Marshaler { return enumValue(k) }

// AppendStreamKind appends the enum StreamKind.
func AppendStreamKind(b []byte, k domain.Kind) []byte { return strconv.AppendQuote(b, string(k)) }

// UnmarshalStreamKind reads the enum StreamKind.
func UnmarshalStreamKind(v any) (domain.Kind, error) { return readEnum[domain.Kind](v, "StreamKind") }

// enum is a string type with a fixed set of values.
type enum interface {
	~string
	Valid() bool
}

// enumValue returns the marshaler of an enum's value.
func enumValue[E enum](e E) graphql.Marshaler {
	return graphql.WriterFunc(func(w io.Writer) { write(w, strconv.AppendQuote(nil, string(e))) })
}

// readEnum returns v as a value of an enum. The case of its letters counts.
func readEnum[E enum](v any, name string) (E, error) {
	s, ok := v.(string)
	if !ok || !E(s).Valid() {
		return "", domain.Errorf(domain.Invalid, "%v is not a value of %s", v, name)
	}
	return E(s), nil
}

// write writes a value. The writer is gqlgen's buffer, whose Write never fails.
func write(w io.Writer, value []byte) {
	_, _ = w.Write(value) //nolint:errcheck // see above
}
