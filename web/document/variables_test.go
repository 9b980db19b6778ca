package document_test

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"

	"flightdeck/web/document"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/parser"
)

const inputs = `
	type Query { viewer(int: Int, id: ID, enum: Color, in: In, one: One, even: Even, list: [Int!]): String }
	type Subscription { ticks: Int, tocks: Int }
	enum Color { RED GREEN }
	input In { need: Int!, text: String, size: Int! = 3, below: [In!] }
	input One @oneOf { a: Int, b: Int }
	scalar Even`

func newInputs() *document.Reader {
	even := func(v any) error {
		if s, ok := v.(string); ok && len(s)%2 == 0 {
			return nil
		}
		return errors.New("not even")
	}
	return document.NewReader(document.Options{Schema: gqlparser.MustLoadSchema(&ast.Source{Input: inputs}), Scalars: document.Scalars{"Even": even}})
}

// A variable has a value of its type before anything runs, or the operation is refused. The
// verdicts are those of the specification.
func TestVariablesAreOfTheirTypes(t *testing.T) {
	t.Parallel()
	r := newInputs()
	const refused = "refused"
	for _, c := range []struct{ declared, given, want string }{
		{"Int", `1`, `1`}, {"Int", `1.0`, `1`}, {"Int", `1e2`, `100`}, {"Int", `2147483647`, `2147483647`}, {"Int", `-2147483648`, `-2147483648`},
		{"Int", `2147483648`, refused}, {"Int", `1.5`, refused}, {"Int", `"1"`, refused}, {"Int", `true`, refused}, {"Int", `[1]`, refused}, {"Int", `1e400`, refused}, {"Int", `99999999999999999999`, refused},
		{"Int", `null`, `null`}, {"Int!", `null`, refused}, {"Int!", ``, refused}, {"Int", ``, ``}, {"Int = 4", ``, `4`}, {"Int = 4", `null`, `null`}, {"Int! = 4", `null`, refused}, {"Int! = 4", ``, `4`},
		{"ID", `"a"`, `"a"`}, {"ID", `4`, `"4"`}, {"ID", `4.0`, `"4"`}, {"ID", `123456789012345678901`, `"123456789012345678901"`}, {"ID", `1.5`, refused}, {"ID", `true`, refused},
		{"String", `"a"`, `"a"`}, {"String", `1`, refused}, {"Boolean", `true`, `true`}, {"Boolean", `"true"`, refused}, {"Boolean", `1`, refused}, {"Float", `1`, `1`}, {"Float", `"1"`, refused},
		{"Color", `"RED"`, `"RED"`}, {"Color", `"red"`, refused}, {"Color", `"BLUE"`, refused}, {"Color", `1`, refused}, {"Color = GREEN", ``, `"GREEN"`},
		{"[Int!]", `[1, 2.0]`, `[1,2]`}, {"[Int!]", `3`, `[3]`}, {"[Int!]", `[null]`, refused}, {"[Int]", `[null]`, `[null]`}, {"[[Int]]", `[[1], null]`, `[[1],null]`}, {"[Int!]", `["1"]`, refused},
		{"In", `{"need": 1}`, `{"need":1}`}, {"In", `{"need": 1.0, "text": null}`, `{"need":1,"text":null}`}, {"In", `{}`, refused}, {"In", `{"need": null}`, refused}, {"In", `{"need": 1, "other": 1}`, refused},
		{"In", `{"need": 1, "__typename": "In"}`, refused}, {"In", `{"need": 1, "size": null}`, refused}, {"In", `{"need": 1, "below": {"need": 2}}`, `{"below":[{"need":2}],"need":1}`}, {"In", `{"need": 1, "below": [{"need": "2"}]}`, refused},
		{"In", `[]`, refused}, {"In", `"x"`, refused}, {"In = {need: 7}", ``, `{"need":7}`},
		{"One", `{"a": 1}`, `{"a":1}`}, {"One", `{"a": 1, "b": 2}`, refused}, {"One", `{"a": 1, "b": null}`, refused}, {"One", `{"a": null}`, refused}, {"One", `{}`, refused},
		{"Even", `"ab"`, `"ab"`}, {"Even", `"abc"`, refused}, {"Even", `1`, refused},
	} {
		doc, err := parser.ParseQuery(&ast.Source{Input: "query($v: " + c.declared + ") { viewer }"})
		if err != nil {
			t.Fatalf("%s: %v", c.declared, err)
		}
		given := map[string]any{"unknown": true}
		if c.given != "" {
			given["v"] = decode(t, c.given)
		}
		values, wrong := r.Coerce(doc.Operations[0], given)
		if wrong != nil {
			if c.want != refused {
				t.Errorf("%s given %s: %v, want %s", c.declared, c.given, wrong, c.want)
			} else if !strings.Contains(wrong.Message, `Variable "$v"`) || len(wrong.Locations) != 1 || wrong.Extensions["code"] != "GRAPHQL_VALIDATION_FAILED" {
				t.Errorf("%s given %s: %#v", c.declared, c.given, wrong)
			}
			continue
		}
		got := ""
		if v, ok := values["v"]; ok {
			data, err := json.Marshal(v)
			if err != nil {
				t.Fatal(err)
			}
			got = string(data)
		}
		if got != c.want {
			t.Errorf("%s given %s is %s, want %s", c.declared, c.given, got, c.want)
		}
	}
}

func decode(t *testing.T, text string) (v any) {
	t.Helper()
	dec := json.NewDecoder(strings.NewReader(text))
	dec.UseNumber()
	if err := dec.Decode(&v); err != nil {
		t.Fatal(err)
	}
	return v
}

// The error of a variable leads to the part that is wrong.
func TestTheErrorOfAVariableNamesThePart(t *testing.T) {
	t.Parallel()
	r := newInputs()
	doc, errs := r.Read(t.Context(), "query($v: In) { viewer(in: $v) }")
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	_, err := r.Coerce(doc.Operations[0], map[string]any{"v": decode(t, `{"need": 1, "below": [{"need": 1}, {"need": "2"}]}`)})
	if want := `Variable "$v" got an invalid value at "v.below[1].need": "2" is a text, not an Int: leave out the quotes`; err == nil || err.Message != want {
		t.Errorf("the error is %v, want %s", err, want)
	}
}

// A document with a value that is of no type, half a character in a string, or a subscription to
// several fields is refused before it runs.
func TestDocumentsAreRefused(t *testing.T) {
	t.Parallel()
	r := newInputs()
	for text, want := range map[string]string{
		`{ viewer(int: 2147483647) }`:                                                 "",
		`{ viewer(int: 2147483648) }`:                                                 "32 bits",
		`{ viewer(int: {}) }`:                                                         "An object is not a value of Int",
		`{ viewer(list: {}) }`:                                                        "An object is not a value of Int",
		`{ viewer(list: 1) }`:                                                         "",
		`{ viewer(list: [2147483648]) }`:                                              "32 bits",
		`{ viewer(enum: {}) }`:                                                        "An object is not a value of Color",
		`{ viewer(id: 99999999999) }`:                                                 "",
		`{ viewer(even: "ab") }`:                                                      "",
		`{ viewer(even: null) }`:                                                      "",
		`{ viewer(even: "abc") }`:                                                     "not even",
		`{ viewer(even: 12) }`:                                                        "not even",
		`query($v: Int!) { viewer(one: {a: $v}) }`:                                    "",
		`query($v: Int) { viewer(one: {a: $v}) }`:                                     "must not be nullable",
		`{ viewer(one: {a: 1, b: 2}) }`:                                               "exactly one",
		`{ viewer @defer }`:                                                           "defer",
		`{ a: viewer(id: "\uD83D\uDE00 \\uD83D") }`:                                   "",
		`{ viewer(id: """\uD83D""") } # "\uD83D"`:                                     "",
		`{ a: viewer(id: "c \uD83D") }`:                                               "half of a pair",
		`{ a: viewer(id: "\uDE00\uD83D") }`:                                           "half of a pair",
		`{ a: viewer(id: "\uD83D\u0041") }`:                                           "half of a pair",
		`{ a: viewer(id: "\uD83Dx\uDE00") }`:                                          "half of a pair",
		`subscription { ticks }`:                                                      "",
		`subscription { a: ticks }`:                                                   "",
		`subscription { ticks ticks ... on Subscription { ticks } }`:                  "",
		`subscription { a: ticks b: ticks }`:                                          "one root field",
		`subscription { ticks tocks }`:                                                "one root field",
		`subscription { ticks ...F } fragment F on Subscription { tocks }`:            "one root field",
		`subscription { ticks @include(if: true) }`:                                   "@include",
		`subscription { ... @skip(if: false) { ticks } }`:                             "@skip",
		`subscription { ...F @skip(if: false) } fragment F on Subscription { ticks }`: "@skip",
		`subscription { __typename }`:                                                 "__typename",
	} {
		_, errs := r.Read(t.Context(), text)
		if got := errs.Error(); (want == "") != (len(errs) == 0) || !strings.Contains(got, want) {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
	_, errs := r.Read(t.Context(), "{\n  viewer(id: \"é \\uD83D\") }")
	if len(errs) != 1 || errs[0].Extensions["code"] != "GRAPHQL_PARSE_FAILED" || !reflect.DeepEqual(errs[0].Locations[0].Line, 2) || errs[0].Locations[0].Column != 17 {
		t.Errorf("half a pair: %#v", errs)
	}
}
