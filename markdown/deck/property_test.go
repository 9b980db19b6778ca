package deck_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"flightdeck/markdown/deck"
	"flightdeck/markdown/html"
)

func TestArbitraryDecksKeepSlidesNotesAndTitles(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		d := anyDeck().Draw(t, "deck")
		got := mustParse(t, deck.Format(d, ""))
		if len(d.Slides) == 0 {
			return // front matter alone is one slide
		}
		if len(got.Slides) != len(d.Slides) {
			t.Fatalf("got %d slides, want %d, from\n%s", len(got.Slides), len(d.Slides), deck.Format(d, ""))
		}
		for i, want := range d.Slides {
			if got.Slides[i].Notes != block(want.Notes) {
				t.Errorf("slide %d: got notes %q, want %q", i, got.Slides[i].Notes, block(want.Notes))
			}
			if title := line(want.Title); title != "" && got.Slides[i].Title != title {
				t.Errorf("slide %d: got title %q, want %q", i, got.Slides[i].Title, title)
			}
			if line(want.Title) != "" || strings.HasPrefix(block(want.Content), "---\n") {
				continue // a heading or a blank line may be new
			}
			if strings.Contains(want.Content, "```") {
				continue // for Slidev, backticks are closed that can be text for CommonMark
			}
			content := got.Slides[i].Content
			if rendered(content) != rendered(block(want.Content)) {
				t.Errorf("slide %d: content %q became %q", i, want.Content, content)
			}
		}
	})
}

func TestArbitraryDecksKeepTheirHeadmatter(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		d := anyDeck().Draw(t, "deck")
		got := mustParse(t, deck.Format(d, ""))
		if want := line(d.Title); want != "" && got.Title != want {
			t.Errorf("got title %q, want %q", got.Title, want)
		}
		if want := line(d.Theme); got.Theme != want {
			t.Errorf("got theme %q, want %q", got.Theme, want)
		}
		if want := strings.TrimSpace(clean(d.Description)); got.Description != want {
			t.Errorf("got description %q, want %q", got.Description, want)
		}
		if want := lines(d.Extra); got.Extra != want {
			t.Errorf("got extra %q, want %q", got.Extra, want)
		}
	})
}

func TestWritingIsIdempotent(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := deck.Format(anyDeck().Draw(t, "deck"), "")
		if again := deck.Format(mustParse(t, text), ""); again != text {
			t.Errorf("first\n%s\nthen\n%s", text, again)
		}
	})
}

// Content in whole blocks, as people write it, comes back to the byte.
func TestWellFormedContentIsKeptExactly(t *testing.T) {
	t.Parallel()
	blocks := rapid.SampledFrom([]string{
		"# Heading", "Setext\n---", "Setext\n===", "text\nmore text", "---", "***", "- a\n- b\n\n  ---\n\n  c", "1. a",
		"```go\n---\n\n---\n```", "~~~\na\n\n---\n~~~", "> quote\n> ---", "|a|b|\n|-|-|\n|1|2|", "a | b\n---|---\n1 | 2",
		"<!-- _class: lead -->", "# A <!-- fit -->", "Note: not notes", "    indented\n    ---",
		"<div>\n\n---\n\n</div>", "--- no rule", "----", "![bg](a.png)", "`<b>`", "\\---", "title: x", "key: value\n---", "a\n\n\n\nb",
	})
	content := rapid.Custom(func(t *rapid.T) string {
		return strings.Join(rapid.SliceOfN(blocks, 0, 6).Draw(t, "blocks"), "\n\n")
	})
	rapid.Check(t, func(t *rapid.T) {
		d := deck.Deck{Title: "T", Extra: "mdc: true"} // a deck of Slidev
		for i := range rapid.IntRange(1, 4).Draw(t, "slides") {
			text := content.Draw(t, "content")
			if rapid.Bool().Draw(t, "front matter") {
				text = strings.TrimSpace(fmt.Sprintf("---\nlayout: center\nclick%d: 1\n---\n\n%s", i, text))
			}
			d.Slides = append(d.Slides, deck.Slide{Content: text, Notes: content.Draw(t, "notes")})
		}
		text := deck.Format(d, "")
		for i, got := range mustParse(t, text).Slides {
			if want := block(d.Slides[i].Content); got.Content != want {
				t.Errorf("got %q, want %q, from\n%s", got.Content, want, text)
			}
		}
	})
}

func FuzzParseDeck(f *testing.F) {
	for _, name := range []string{"slidev", "marp", "reveal"} {
		f.Add(mustRead(f, name+".md"))
	}
	for _, seed := range fragments {
		f.Add("---\ntitle: x\n---\n" + seed + "\n\n---\n" + seed + "\n---\n")
	}
	f.Fuzz(func(t *testing.T, text string) {
		d, err := deck.Parse(text, "")
		if err != nil {
			return
		}
		first := deck.Format(d, "")
		again, err := deck.Parse(first, "")
		if err != nil {
			t.Fatalf("what was written is not read: %v\n%s", err, first)
		}
		if second := deck.Format(again, ""); second != first {
			t.Fatalf("first\n%q\nthen\n%q", first, second)
		}
		if len(again.Slides) != len(d.Slides) {
			t.Fatalf("%d slides became %d in\n%s", len(d.Slides), len(again.Slides), first)
		}
		for i, slide := range d.Slides {
			if again.Slides[i].Notes != slide.Notes || again.Slides[i].Title != slide.Title {
				t.Errorf("%+v became %+v", slide, again.Slides[i])
			}
		}
	})
}

var endTagsAndSpace = regexp.MustCompile(`</\w+>|\s`)

// rendered returns the content as HTML without end tags, because an open comment hides those of the
// blocks around it. The line above keeps a --- at the top from being taken for front matter.
func rendered(content string) string {
	return endTagsAndSpace.ReplaceAllString(html.Render("\n"+content), "")
}

// fragments are the parts of decks, with texts that resemble them.
var fragments = []string{
	"", "", "---", " ---", "   ---", "    ---", "--- ", "----", "--- x", "***", "text", "# Heading", "## A *b* `c`", "#", "===",
	"```", "````", "``` go", "~~~", "  ```", "- ```", "  - ~~~", "- a", "  b", "> q", "|a|", "|-|", "\t", "    code", "> ```",
	"<!--", "-->", "<!-- a -->", "<!-- _class: lead -->", "a <!-- b -->", "a <!-- b", "`<!--`", "<!-->", "<!--->", "--!>",
	"&gt;", "--&gt;", "--&amp;gt;", "&lt;!--", "&amp;lt;!--", "<!-- -->", "(speaker notes)", "<!-- .slide: a=b -->",
	"Note: n", "notes:", "layout: center", "title: T", "theme: [a]", "class: lead", "key with space: 1", "a: &x b", "b: *x", "c: |",
	"  deep: 1", "# first slide", "#| x", "#|", "# comment", "...", "%YAML 1.2", "{a: b}", "- x: y", "\"q\": 'r'", "a: [", "? a",
	"é", "\u00a0", "\uFEFF", "\u2028", "\x00", "\xff", "\r", "\\", "[a]: b", "[a](b)", "&amp;", "*", "_", "snake_case", "www.example.org",
}

func anyText() *rapid.Generator[string] {
	lines := rapid.Custom(func(t *rapid.T) string {
		return strings.Join(rapid.SliceOfN(rapid.SampledFrom(fragments), 0, 9).Draw(t, "lines"), "\n")
	})
	words := rapid.Custom(func(t *rapid.T) string {
		return strings.Join(rapid.SliceOfN(rapid.SampledFrom(fragments), 0, 4).Draw(t, "words"), " ")
	})
	return rapid.OneOf(lines, words, rapid.String())
}

// withoutComments takes the beginnings of comments out of a text: comments become notes.
func withoutComments(text string) string { return strings.ReplaceAll(text, "<!-", "<i-") }

func anyDeck() *rapid.Generator[deck.Deck] {
	text := anyText()
	slide := rapid.Custom(func(t *rapid.T) deck.Slide {
		s := deck.Slide{Content: withoutComments(text.Draw(t, "content"))}
		if rapid.Bool().Draw(t, "with front matter") {
			s.Content = "---\n" + block("layout: center\n"+withoutComments(text.Draw(t, "front matter"))) + "\n---\n" + s.Content
		}
		if rapid.Bool().Draw(t, "with notes") {
			s.Notes = text.Draw(t, "notes")
		}
		if rapid.Bool().Draw(t, "with title") {
			s.Title = text.Draw(t, "title")
		}
		return s
	})
	return rapid.Custom(func(t *rapid.T) deck.Deck {
		return deck.Deck{
			Title: text.Draw(t, "title"), Description: text.Draw(t, "description"), Theme: text.Draw(t, "theme"),
			Extra: text.Draw(t, "extra"), Slides: rapid.SliceOfN(slide, 0, 5).Draw(t, "slides"),
		}
	})
}

// clean, block, lines and line are the normal forms that FormatDeck documents.
func clean(text string) string {
	text = strings.ToValidUTF8(text, string(utf8.RuneError))
	return strings.NewReplacer("\r\n", "\n", "\r", "\n", "\x00", string(utf8.RuneError), "\uFEFF", "").Replace(text)
}

func block(text string) string {
	text = strings.TrimRight(clean(text), " \t\n")
	for {
		above, below, more := strings.Cut(text, "\n")
		if !more || strings.Trim(above, " \t") != "" {
			return text
		}
		text = below
	}
}

func lines(text string) string {
	all := strings.Split(clean(text), "\n")
	blank := func(line string) bool { return strings.Trim(line, " \t") == "" }
	for len(all) > 0 && blank(all[0]) {
		all = all[1:]
	}
	for len(all) > 0 && blank(all[len(all)-1]) {
		all = all[:len(all)-1]
	}
	return strings.Join(all, "\n")
}

func line(text string) string {
	return strings.Join(strings.FieldsFunc(clean(text), func(r rune) bool { return strings.ContainsRune(" \t\n\v\f\r", r) }), " ")
}
