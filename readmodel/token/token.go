package token

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// Text returns the tokens of a text in their order, with a space between each two. A token has no
// space, and no other ASCII than a-z and 0-9.
//
// A word is one token: its letters and digits without case (ς is σ, ß is ss), without marks (é is
// e), without compatibility forms (ﬁ is fi), and with ł, ø, æ and their like spelled as l, o and
// ae. Every other character ends a word.
//
// A run of n characters of Chinese, Japanese, Korean, Thai, Lao, Khmer or Burmese is n tokens: each
// two neighbours, and the last character by itself. So the run has each of its parts as a phrase or
// as a prefix.
func Text(text string) string {
	out := make([]byte, 0, len(text)+len(text)/4)
	for t := range tokens(normalised(text)) {
		if len(out) > 0 {
			out = append(out, ' ')
		}
		out = t.append(out, true)
	}
	return string(out)
}

// piece is a word, or a run of characters.
type piece struct {
	text []byte // folded; valid until the next piece
	run  bool
}

// tokens calls yield with the pieces of a normalised text.
func tokens(text string) func(yield func(piece) bool) {
	return func(yield func(piece) bool) {
		var p piece
		flush := func() bool {
			ok := len(p.text) == 0 || yield(p)
			p.text = p.text[:0]
			return ok
		}
		for _, r := range text {
			before := len(p.text)
			folded, class := fold(p.text, r)
			switch {
			case class == separator:
				if !flush() {
					return
				}
			case len(folded) == before: // no trace
			case before > 0 && p.run != (class == character):
				rest := slices.Clone(folded[before:])
				if !flush() {
					return
				}
				p = piece{append(p.text, rest...), class == character}
			default:
				p = piece{folded, class == character}
			}
		}
		flush()
	}
}

// append appends the tokens of the piece. The last character of a run is a token of its own if the
// run is known to end there.
func (p piece) append(to []byte, ends bool) []byte {
	if !p.run {
		return append(to, p.text...)
	}
	for i := 0; i < len(p.text); {
		_, size := utf8.DecodeRune(p.text[i:])
		_, next := utf8.DecodeRune(p.text[i+size:])
		if next == 0 && !ends && i > 0 {
			break
		}
		if i > 0 {
			to = append(to, ' ')
		}
		to = append(to, p.text[i:i+size+next]...)
		i += size
	}
	return to
}

// Term is a part of a search. A text has it if the tokens stand in the text side by side.
type Term struct {
	// Tokens has at least one token; none is empty.
	Tokens []string
	// Prefix is true if the text may go on within the last token.
	Prefix bool
}

// Parse returns the terms of a search, each once: words, "phrases in quotes", and beginnings of
// words that end in *. A part without a letter or digit is no term.
func Parse(search string) []Term {
	var terms []Term
	for i, part := range strings.Split(search, `"`) {
		fields := strings.Fields(part)
		if quoted := i%2 == 1; quoted && len(fields) > 0 {
			fields = []string{strings.Join(fields, " ")}
		}
		for _, f := range fields {
			t := parseTerm(f)
			if len(t.Tokens) > 0 && !slices.ContainsFunc(terms, t.equals) {
				terms = append(terms, t)
			}
		}
	}
	return terms
}

func (t Term) equals(o Term) bool { return t.Prefix == o.Prefix && slices.Equal(t.Tokens, o.Tokens) }

// parseTerm returns a term without tokens if s has no letter or digit. The last piece of a term may
// go on in a text if it is a run: 東 is in 東京, as 東京 is in 東京タワー.
func parseTerm(s string) Term {
	text, prefix := strings.CutSuffix(s, "*")
	var pieces []piece
	for p := range tokens(normalised(text)) {
		pieces = append(pieces, piece{slices.Clone(p.text), p.run})
	}
	var t Term
	for i, p := range pieces {
		last := i == len(pieces)-1
		t.Tokens = append(t.Tokens, strings.Fields(string(p.append(nil, !last)))...)
		if last {
			t.Prefix = prefix && !p.run || p.run && utf8.RuneCount(p.text) == 1
		}
	}
	return t
}
