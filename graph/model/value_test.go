package model_test

import (
	"strings"
	"testing"

	"flightdeck/domain"
	"flightdeck/eventstore"
	"flightdeck/graph/model"

	"github.com/99designs/gqlgen/graphql"
)

// codec is how a scalar or an enum is read, and written in both ways.
type codec func(v any) (marshaled, appended string, err error)

func codecOf[T any](unmarshal func(any) (T, error), marshal func(T) graphql.Marshaler, appendTo func([]byte, T) []byte) codec {
	return func(v any) (string, string, error) {
		value, err := unmarshal(v)
		var b strings.Builder
		marshal(value).MarshalGQL(&b)
		return b.String(), string(appendTo(nil, value)), err
	}
}

var (
	dateTime = codecOf(model.UnmarshalDateTime, model.MarshalDateTime, model.AppendDateTime)
	position = codecOf(model.UnmarshalPosition, model.MarshalPosition, model.AppendPosition)
	role     = codecOf(model.UnmarshalRole, model.MarshalRole, model.AppendRole)
	status   = codecOf(model.UnmarshalContentStatus, model.MarshalContentStatus, model.AppendContentStatus)
	format   = codecOf(model.UnmarshalContentFormat, model.MarshalContentFormat, model.AppendContentFormat)
	kind     = codecOf(model.UnmarshalStreamKind, model.MarshalStreamKind, model.AppendStreamKind)
)

func (c codec) mustWrite(t *testing.T, v any, want string) {
	t.Helper()
	if marshaled, appended, err := c(v); err != nil || marshaled != want || appended != want {
		t.Errorf("%#v is marshaled as %s, appended as %s, want %s, error %v", v, marshaled, appended, want, err)
	}
}

func (c codec) mustRefuse(t *testing.T, v any) {
	t.Helper()
	if _, _, err := c(v); domain.CodeOf(err) != domain.Invalid {
		t.Errorf("%#v: the error is %v, want one with the code %s", v, err, domain.Invalid)
	}
}

func TestInstantsAreWrittenInUTC(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"2026-01-31T12:00:00Z":                `"2026-01-31T12:00:00.000000Z"`,
		"2026-01-31T14:00:00+02:00":           `"2026-01-31T12:00:00.000000Z"`,
		"0001-01-01T00:00:00Z":                `"0001-01-01T00:00:00.000000Z"`,
		"9999-12-31T23:59:59.999999999+00:00": `"9999-12-31T23:59:59.999999Z"`,
	} {
		dateTime.mustWrite(t, text, want)
	}
	for _, v := range []any{"", "now", "2026-01-31", "2026-01-31T12:00:00", "2026-02-30T12:00:00Z", "1769860800", 1769860800, nil, true} {
		dateTime.mustRefuse(t, v)
	}
}

func TestPositionsAreWrittenAsStrings(t *testing.T) {
	t.Parallel()
	for _, digits := range []string{"0", "1042", eventstore.Forever.String()} {
		position.mustWrite(t, digits, `"`+digits+`"`)
	}
	position.mustWrite(t, int64(1042), `"1042"`) // as a number in a document
	for _, v := range []any{"", "-1", "1.5", "0x10", "9223372036854775808", "1 ", " 1", "one", 1042, int64(-1), nil, true} {
		if _, _, err := position(v); err == nil || !strings.Contains(err.Error(), "1042") {
			t.Errorf("%#v: the error is %v, want one with an example", v, err)
		}
	}
}

func TestEnumsAreReadAsTheyAreWritten(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		codec
		values string
	}{
		{role, "ADMIN EDITOR AUTHOR VIEWER"},
		{status, "DRAFT PUBLISHED ARCHIVED"},
		{format, "MARKDOWN HTML PLAINTEXT JSON"},
		{kind, "CONTENT PRESENTATION USER"},
	} {
		for value := range strings.FieldsSeq(c.values) {
			c.mustWrite(t, value, `"`+value+`"`)
			c.mustRefuse(t, strings.ToLower(value))
		}
		for _, v := range []any{"", "OTHER", " ADMIN", 1, nil, true, []string{"ADMIN"}} {
			c.mustRefuse(t, v)
		}
	}
}
