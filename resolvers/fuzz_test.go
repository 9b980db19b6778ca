package resolvers_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"flightdeck/domain"
	"flightdeck/eventstore"
	"flightdeck/graph/model"
	"flightdeck/readmodel"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
)

// scalars has the functions that read and write each scalar of the schema. Writing the value that
// was read gives JSON.
var scalars = map[string]func(v any) (graphql.Marshaler, error){
	"DateTime": func(v any) (graphql.Marshaler, error) {
		i, err := model.UnmarshalDateTime(v)
		return model.MarshalDateTime(i), err
	},
	"Position": func(v any) (graphql.Marshaler, error) {
		p, err := model.UnmarshalPosition(v)
		return model.MarshalPosition(p), err
	},
	"AsOf": func(v any) (graphql.Marshaler, error) { return unmarshal[readmodel.AsOf](v) },
	"JSON": func(v any) (graphql.Marshaler, error) { return unmarshal[readmodel.JSON](v) },
	"Bytes": func(v any) (graphql.Marshaler, error) {
		n, err := graphql.UnmarshalInt64(v)
		return graphql.MarshalInt64(n), err
	},
	"Int": func(v any) (graphql.Marshaler, error) {
		n, err := model.UnmarshalInt(v)
		return model.MarshalInt(n), err
	},
	"String": func(v any) (graphql.Marshaler, error) {
		s, err := model.UnmarshalString(v)
		return model.MarshalString(s), err
	},
	"ID": func(v any) (graphql.Marshaler, error) {
		s, err := model.UnmarshalID(v)
		return model.MarshalID(s), err
	},
	"Boolean": func(v any) (graphql.Marshaler, error) {
		b, err := model.UnmarshalBoolean(v)
		return model.MarshalBoolean(b), err
	},
	"Float": func(v any) (graphql.Marshaler, error) {
		n, err := graphql.UnmarshalFloat(v)
		return graphql.MarshalFloat(n), err
	},
}

func unmarshal[T any, P interface {
	*T
	graphql.Unmarshaler
}](v any) (graphql.Marshaler, error) {
	value := new(T)
	err := P(value).UnmarshalGQL(v)
	return any(*value).(graphql.Marshaler), err
}

// variable returns the value of a variable: the JSON value of a text, or the text itself if it is
// no JSON.
func variable(text string) (v any) {
	dec := json.NewDecoder(strings.NewReader(text))
	dec.UseNumber()
	if dec.Decode(&v) != nil || !atEnd(dec) {
		return text
	}
	return v
}

func atEnd(dec *json.Decoder) bool {
	_, err := dec.Token()
	return errors.Is(err, io.EOF)
}

// Reading any value as any scalar never panics. A value that is accepted is written as JSON that
// reads as the same value.
func FuzzScalar(f *testing.F) {
	for name := range loadSchema(f).Types {
		if def := loadSchema(f).Types[name]; def.Kind == ast.Scalar && scalars[name] == nil {
			f.Errorf("the scalar %s is not fuzzed: add it to scalars", name)
		}
	}
	for _, text := range []string{
		"", "0", "-1", "1042", `"1042"`, "9223372036854775807", "9223372036854775808", "1e3", "1.5", "true", "null", "[]", `{"a":[1,null]}`, `"\ud800"`, "\xff", "a\x00b",
		"2026-01-31T12:00:00Z", "2026-01-31T12:00:00.123456789+05:45", "0000-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "2026-02-30T00:00:00Z", "+1", "٣", "0x10", "1_000",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if !utf8.ValidString(text) {
			t.Skip("requests are UTF-8")
		}
		for name, read := range scalars {
			value, err := read(variable(text))
			if err != nil {
				if err.Error() == "" {
					t.Errorf("%s %q: an error without words", name, text)
				}
				continue
			}
			first := written(value)
			if !json.Valid(first) {
				t.Fatalf("%s %q is written as %q, which is no JSON", name, text, first)
			}
			again, err := read(variable(string(first)))
			if err != nil {
				t.Fatalf("%s %q is written as %s, which is not read: %v", name, text, first, err)
			}
			if second := written(again); !bytes.Equal(first, second) {
				t.Errorf("%s %q is written as %s, then as %s", name, text, first, second)
			}
		}
	})
}

func written(m graphql.Marshaler) []byte {
	var b bytes.Buffer
	m.MarshalGQL(&b)
	return b.Bytes()
}

// Any value as an argument of any type, in a variable or in the document, never causes an internal
// error.
func FuzzArgument(f *testing.F) {
	d := open(f, eventstore.Options{})
	d.do(domain.System, newContent("title", domain.Published))
	exec := (&scene{desk: d, documents: graphql.NoCache[*ast.QueryDocument]{}}).executor(nil)
	arguments := map[string]string{
		"DateTime": "contents(filter: {createdFrom: %s}) { totalCount }", "AsOf": "contents(asOf: %s) { totalCount nodes { title } }", "Int": "contents(first: %s) { nodes { id } }",
		"String": "contents(search: %s) { totalCount nodes { id } }", "ID": "node(id: %s) { id }", "[ID!]": "nodes(ids: %s) { id }", "ContentFilter": "contents(filter: %s) { totalCount }",
		"ContentOrder": "contents(orderBy: %s) { nodes { id } }", "EventFilter": "events(filter: %s) { totalCount nodes { data } }",
	}
	for _, text := range []string{
		`"x"`, "1", "-1", "99999999999999999999", "1e400", "null", "[]", "{}", "$v", `"""block"""`, `"\u0000"`, `"\uD800"`, "{status: [DRAFT]}", "{tagsAny: [\"a\", \"b\"], tagsAll: []}", "{field: TITLE, direction: ASC}",
		"{field: RELEVANCE}", `["content-0190a8c2-7b1e-7000-8000-000000000000", "x"]`, `"2026-01-31T12:00:00Z"`, `{from: "2026-01-31T12:00:00Z", kinds: [USER]}`, "enum", "{a: {b: {c: 1}}}", "\"", "#", "@", "\ufeff",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for name, field := range arguments {
			if name == "[ID!]" {
				name = "[ID!]!"
			}
			if name == "ID" {
				name = "ID!"
			}
			asked := map[string]object{
				"query($v: " + name + ") { " + fmt.Sprintf(field, "$v") + " }": {"v": variable(text)},
				"{ " + fmt.Sprintf(field, text) + " }":                         nil,
			}
			for query, vars := range asked {
				if a := exec.ask(t, domain.System, query, vars); slices.Contains(a.codes, "INTERNAL_SERVER_ERROR") {
					t.Errorf("%s with %q: %s", query, text, a.raw)
				}
			}
		}
	})
}
