package readmodel_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"

	"flightdeck/domain"
	"flightdeck/readmodel"
)

// shelf is a database with a few contents.
func shelf(f *testing.F) *world {
	f.Helper()
	w := open(f)
	for _, title := range []string{"Alpha", "Béta", "Gamma \"quoted\"", "Δέλτα", "日本語"} {
		w.Content(title, "text of "+title)
	}
	return w
}

// answered fails unless the error is nil or a *domain.Error.
func answered(t *testing.T, err error) {
	t.Helper()
	if err != nil && domain.CodeOf(err) != domain.Invalid {
		t.Errorf("%v", err)
	}
}

var orders = []readmodel.OrderField{readmodel.CreatedAt, readmodel.UpdatedAt, readmodel.PublishedAt, readmodel.Title, readmodel.Relevance}

// list returns a page of contents in an order.
func (w *world) list(p readmodel.Page, by readmodel.OrderField) (*readmodel.ContentConnection, error) {
	var search *string
	if by == readmodel.Relevance {
		search = new("text")
	}
	order := &readmodel.Order{Field: by, Direction: readmodel.Ascending}
	return w.Reader.Contents(context.Background(), w.Reader.Head(domain.System), p, readmodel.ContentFilter{}, order, search)
}

// FuzzCursorText sends any text as a cursor, and expects a page or a refusal.
func FuzzCursorText(f *testing.F) {
	w := shelf(f)
	for _, by := range orders {
		page, err := w.list(readmodel.Page{}, by)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(page.Edges()[1].Cursor())
	}
	for _, text := range []string{"", "e30", "bnVsbA", "W10", "eyJrIjpbbnVsbF19", "not a cursor", strings.Repeat("A", 4096)} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, by := range orders {
			_, err := w.list(readmodel.Page{After: &text}, by)
			answered(t, err)
			_, err = w.list(readmodel.Page{Last: new(2), Before: &text}, by)
			answered(t, err)
		}
	})
}

// FuzzCursorKey sends cursors of the right list with invented keys, and expects a page or a
// refusal.
func FuzzCursorKey(f *testing.F) {
	w := shelf(f)
	names := make(map[readmodel.OrderField]string)
	for _, by := range orders {
		page, err := w.list(readmodel.Page{}, by)
		if err != nil {
			f.Fatal(err)
		}
		var cursor struct{ L string }
		data, err := base64.RawURLEncoding.DecodeString(page.Edges()[0].Cursor())
		if err == nil {
			err = json.Unmarshal(data, &cursor)
		}
		if err != nil {
			f.Fatal(err)
		}
		names[by] = cursor.L
	}
	f.Add("3", `"Alpha", "content-"`)
	f.Add("3", `1`)
	f.Add("0", `"\u0000", "'; DROP TABLE contents; --"`)
	f.Add("9223372036854775807", `1, 2`)
	f.Add("-1", `1.5, 1e400`)
	f.Add("1", `"?", "?0 :a @b $c"`)
	f.Add("1", `{}, [1]`)
	f.Fuzz(func(t *testing.T, at, keys string) {
		for by, name := range names {
			text := base64.RawURLEncoding.EncodeToString([]byte(`{"l":"` + name + `","p":` + at + `,"k":[` + keys + `]}`))
			_, err := w.list(readmodel.Page{After: &text}, by)
			answered(t, err)
		}
	})
}

// FuzzSearch sends any text as a search, and expects SQL that the database understands.
func FuzzSearch(f *testing.F) {
	w := shelf(f)
	for _, text := range []string{
		"alpha", `"text of"`, "gam*", `a"b`, `"`, `""`, `"*`, "*", "-a", "a:b", "title:alpha", "NEAR(a b)", "a AND", "OR", "NOT b", "^a", "{title}: a", "(", "a)", "+", "a+b",
		"Δελτ*", "日本", "\x00a", "a\x00b", "\xff", "é", "ß", "＂a", "a*b*", "'; DROP", "?", "?0", "𞤀𞤁", "\u0301a", "𐕰", "ꟊ*", `"𐖀 a`,
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		ctx, v := context.Background(), w.Reader.Head(domain.System)
		contents, err := w.Reader.Contents(ctx, v, readmodel.Page{}, readmodel.ContentFilter{}, nil, &text)
		answered(t, err)
		if err == nil {
			if _, err := contents.TotalCount(ctx); err != nil {
				t.Error(err)
			}
		}
		_, err = w.Reader.Presentations(ctx, v, readmodel.Page{}, readmodel.PresentationFilter{}, nil, &text)
		answered(t, err)
	})
}

// FuzzAsOf parses any text, and expects a refusal, or a point in history that is written in a form
// that parses to the same point.
func FuzzAsOf(f *testing.F) {
	w := shelf(f)
	for _, text := range []string{
		"0", "3", "-1", "+1", "1.0", "007", "9223372036854775808", "2026-01-31T12:00:00Z", "2026-01-31T12:00:00.123456789+05:45", "2026-01-31", "0000-01-01T00:00:00Z",
		"9999-12-31T23:59:59Z", "2026-01-31T12:00:00", "", "now", "２", "2026-02-30T00:00:00Z", "1e3", "0x10", " 1",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		point, err := readmodel.ParseAsOf(text)
		answered(t, err)
		if err != nil {
			return
		}
		position, _, err := w.Reader.Resolve(context.Background(), point)
		answered(t, err)
		if head := w.Log.Head().Position; err == nil && (position < 0 || position > head) {
			t.Errorf("%q is position %s of %s", text, position, head)
		}
		var written strings.Builder
		point.MarshalGQL(&written)
		again, err := readmodel.ParseAsOf(strings.Trim(written.String(), `"`))
		if err != nil {
			t.Fatalf("%q is written as %s: %v", text, written.String(), err)
		}
		other, _, _ := w.Reader.Resolve(context.Background(), again) //nolint:errcheck // compared where there was none
		if position != other {
			t.Errorf("%q is position %s, and written as %s it is %s", text, position, written.String(), other)
		}
	})
}
