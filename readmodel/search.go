package readmodel

import (
	"context"
	"strings"

	"flightdeck/domain"
	"flightdeck/eventstore"
	"flightdeck/prepared"
	"flightdeck/readmodel/token"

	"github.com/uptrace/bun"
)

// Bounds of a search, in bytes and in words.
const (
	maxSearch = 500
	maxWords  = 50
)

// words are the terms of a search, in the syntax of SQLite's FTS5: see
// https://sqlite.org/fts5.html#full_text_query_syntax. A row matches if it has all of them. No
// words mean no search.
//
// The rank of a match depends on the places of the words: 2 if all are in the title, 1 if all are
// in the title, the description and the tags (of a deck: the title and the description), else 0.
// Unlike the usual bm25 it depends on the row alone, so the order at an earlier moment stays the
// same, however many rows are written later.
type words []string

func (w words) none() bool { return len(w) == 0 }

// all returns the query for rows with all words.
func (w words) all() string { return strings.Join(w, " AND ") }

// words parses a search and waits until all rows that the view can see are indexed. A search
// without a text is no restriction: it has no words, but is not nil.
func (r *Reader) words(ctx context.Context, v View, search *string) (words, error) {
	switch {
	case search == nil:
		return nil, nil
	case strings.TrimSpace(*search) == "":
		return words{}, nil
	}
	w, err := parseWords(*search)
	if err != nil {
		return nil, err
	}
	if r.index == nil {
		return nil, domain.Errorf(domain.Unavailable, "search is not available: the full-text index is closed")
	}
	return w, r.index.Wait(ctx, v.At)
}

// parseWords parses the text of a search: words, "phrases in quotes", and beginnings of words that
// end in *. A match has all of them.
func parseWords(search string) (words, error) {
	if len(search) > maxSearch {
		return nil, domain.Errorf(domain.Invalid, "search has %d bytes: at most %d are allowed", len(search), maxSearch).At("search")
	}
	terms := token.Parse(search)
	if len(terms) > maxWords {
		return nil, domain.Errorf(domain.Invalid, "search has %d words: at most %d are allowed", len(terms), maxWords).At("search")
	}
	if len(terms) == 0 {
		return nil, domain.Errorf(domain.Invalid, "search has no word in it: give a word, a \"phrase\", or the beginning of a word with a *").At("search")
	}
	w := make(words, len(terms))
	for i, t := range terms {
		w[i] = phrase(t)
	}
	return w, nil
}

// phrase returns a term in the syntax of FTS5. Tokens have no signs.
func phrase(t token.Term) string {
	p := `"` + strings.Join(t.Tokens, " ") + `"`
	if t.Prefix {
		p += "*"
	}
	return p
}

// contents selects the contents with all words.
func (w words) contents(q *bun.SelectQuery) *bun.SelectQuery {
	if w.none() {
		return q
	}
	return q.Where("c.valid_from IN (SELECT rowid FROM content_search WHERE content_search MATCH ?)", prepared.Bind(w.all()))
}

// presentations selects the decks with all words at a position. Each word is in a field of the deck
// or in a slide that the deck had then. Slides are documents of their own, so that a changed slide
// does not index its deck again.
func (w words) presentations(p eventstore.Position) func(*bun.SelectQuery) *bun.SelectQuery {
	return func(q *bun.SelectQuery) *bun.SelectQuery {
		for _, word := range w {
			q = q.Where(`(p.valid_from IN (SELECT rowid FROM presentation_search WHERE presentation_search MATCH ?)
				OR p.id IN (SELECT s.presentation_id FROM slides AS s
					WHERE s.document IN (SELECT rowid FROM slide_search WHERE slide_search MATCH ?) AND s.valid_from <= ? AND s.valid_to > ?))`,
				prepared.Bind(word), prepared.Bind(word), prepared.Bind(p), prepared.Bind(p))
		}
		return q
	}
}

// ranked adds the rank of each row to a query with an alias. title and near are the columns of the
// index in which a match counts 2 and 1.
func (r *Reader) ranked(q *bun.SelectQuery, model any, alias, index, title, near string, w words) *bun.SelectQuery {
	a, x := bun.Ident(alias), bun.Ident(index)
	in := "(?0.valid_from IN (SELECT rowid FROM ?1 WHERE ?1 MATCH ?2))"
	within := func(columns string) string { return "{" + columns + "} : (" + w.all() + ")" }
	q = q.ColumnExpr("?.*", a).ColumnExpr(in+" + (?0.valid_from IN (SELECT rowid FROM ?1 WHERE ?1 MATCH ?3)) AS rank",
		a, x, prepared.Bind(within(title)), prepared.Bind(within(title+" "+near)))
	return r.db.NewSelect().Model(model).ModelTableExpr("(?) AS ?", q, a).ColumnExpr("?.*", a)
}
