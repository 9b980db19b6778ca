package readmodel

import (
	"context"
	"strings"
	"unicode"

	"flightdeck/domain"

	"github.com/uptrace/bun"
)

// maxSearch is how many characters a search may have.
const maxSearch = 500

// words is what is searched for: a query of SQLite's FTS5, see
// https://sqlite.org/fts5.html#full_text_query_syntax; empty for no search.
//
// A match ranks by where all words stand: 2 in the title, 1 in the title,
// description and tags (or title and description of a deck), 0 anywhere. Unlike
// the usual bm25, that depends on the row alone, so the order of an earlier moment
// stays what it was, however much is written later.
type words string

func (w words) none() bool { return w == "" }

// words waits until everything the view can see is indexed, and reads the search.
func (r *Reader) words(ctx context.Context, v View, search *string) (words, error) {
	if search == nil {
		return "", nil
	}
	w, err := parseWords(*search)
	if err != nil {
		return "", err
	}
	return w, r.index.wait(ctx, v.At)
}

// parseWords reads a search as people write it: words that must all be there,
// "phrases in quotes", and beginnings of words with a * at their end.
func parseWords(search string) (words, error) {
	if len(search) > maxSearch {
		return "", domain.Errorf(domain.Invalid, "search has %d bytes: at most %d are allowed", len(search), maxSearch).At("search")
	}
	var terms []string
	for i, part := range strings.Split(search, `"`) {
		fields := strings.Fields(part)
		if quoted := i%2 == 1; quoted && len(fields) > 0 {
			fields = []string{strings.Join(fields, " ")}
		}
		for _, f := range fields {
			if term, ok := parseTerm(f); ok {
				terms = append(terms, term)
			}
		}
	}
	if len(terms) == 0 {
		return "", domain.Errorf(domain.Invalid, "search has no word in it: give a word, a \"phrase\", or the beginning of a word with a *").At("search")
	}
	return words(strings.Join(terms, " AND ")), nil
}

// parseTerm returns a term in FTS5's syntax, and false when it has nothing to
// search for.
func parseTerm(s string) (string, bool) {
	text, prefix := strings.CutSuffix(s, "*")
	letters := func(r rune) bool { return unicode.IsLetter(r) || unicode.IsNumber(r) }
	if !strings.ContainsFunc(text, letters) || strings.ContainsRune(text, 0) {
		return "", false
	}
	term := `"` + text + `"`
	if prefix {
		term += "*"
	}
	return term, true
}

// contents selects the contents that match.
func (w words) contents(q *bun.SelectQuery) *bun.SelectQuery {
	return w.matching(q, "c.valid_from", "content_search")
}

// presentations selects the decks that match.
func (w words) presentations(q *bun.SelectQuery) *bun.SelectQuery {
	return w.matching(q, "p.valid_from", "presentation_search")
}

func (w words) matching(q *bun.SelectQuery, key, index string) *bun.SelectQuery {
	if w.none() {
		return q
	}
	return q.Where(key+" IN (SELECT rowid FROM "+index+" WHERE "+index+" MATCH ?)", bind(string(w)))
}

// ranked adds to a query, under its alias, the rank of each row. title and near
// are the columns of the index that count for 2 and for 1.
func (r *Reader) ranked(q *bun.SelectQuery, model any, alias, index, title, near string, w words) *bun.SelectQuery {
	a, x := bun.Ident(alias), bun.Ident(index)
	in := "(?0.valid_from IN (SELECT rowid FROM ?1 WHERE ?1 MATCH ?2))"
	within := func(columns string) string { return "{" + columns + "} : (" + string(w) + ")" }
	q = q.ColumnExpr("?.*", a).ColumnExpr(in+" + (?0.valid_from IN (SELECT rowid FROM ?1 WHERE ?1 MATCH ?3)) AS rank",
		a, x, bind(within(title)), bind(within(title+" "+near)))
	return r.db.NewSelect().Model(model).ModelTableExpr("(?) AS ?", q, a).ColumnExpr("?.*", a)
}
