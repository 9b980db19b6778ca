package deck_test

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"flightdeck/markdown/deck"
)

var update = flag.Bool("update", false, "write the golden files in testdata")

// Each deck in testdata was written for one of the three programs. The JSON file holds the result
// of Parse, the .out.md file that of Format.
func TestDecksOfOtherProgramsAreReadAsTheyReadThem(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"slidev", "marp", "reveal"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := mustParse(t, mustRead(t, name+".md"))
			golden(t, name+".json", toJSON(t, d))
			golden(t, name+".out.md", deck.Format(d))
		})
	}
}

func TestWrittenDecksReadBackEqual(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"slidev", "marp", "reveal"} {
		d := mustParse(t, mustRead(t, name+".md"))
		if again := mustParse(t, deck.Format(d)); toJSON(t, again) != toJSON(t, d) {
			t.Errorf("%s: got\n%s\nwant\n%s", name, toJSON(t, again), toJSON(t, d))
		}
	}
}

func TestSlidesSplitWhereNoParagraphIsAbove(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, text string
		want       []string
	}{
		{"blank lines around", "a\n\n---\n\nb", []string{"a", "b"}},
		{"trailing spaces", "a\n\n--- \t\n\nb", []string{"a", "b"}},
		{"CRLF", "a\r\n\r\n---\r\n\r\nb\r\n", []string{"a", "b"}},
		{"setext heading", "Title\n---\nb", []string{"Title\n---\nb"}},
		{"below a heading", "# Title\n---\nb", []string{"# Title", "b"}},
		{"below a list", "- a\n---\nb", []string{"- a", "b"}},
		{"below a table", "|a|\n|-|\n|1|\n---\nb", []string{"|a|\n|-|\n|1|", "b"}},
		{"below a fence", "```\na\n```\n---\nb", []string{"```\na\n```", "b"}},
		{"empty slide in the middle", "a\n\n---\n\n---\n\nb", []string{"a", "", "b"}},
		{"empty slide at the end", "a\n\n---\n", []string{"a", ""}},
		{"separator at the top", "---\n\na\n\n---\n\nb", []string{"a", "b"}},
		{"other rules", "a\n\n***\n\n- - -\n\n----\n\n ---\n\nb", []string{"a\n\n***\n\n- - -\n\n----\n\n---\n\nb"}},
		{"longer fence", "````\n```\n\n---\n\n````\n\n---\n\nb", []string{"````\n```\n\n---\n\n````", "b"}},
		{"indented fence", "   ~~~ x\n\n---\n\n  ~~~~\n\n---\n\nb", []string{"   ~~~ x\n\n---\n\n  ~~~~", "b"}},
		{"fence in a list item", "- ```\n\n  ---\n\n  ```\n\n---\n\nb", []string{"- ```\n\n  ---\n\n  ```", "b"}},
		{"fence below a nested item", "- a\n  1. b\n\n     ```\n     ---\n---\n\nb", []string{"- a\n  1. b\n\n     ```\n     ---", "b"}},
		{"below a lazy line of a list item", "- a\nb\n---\nc", []string{"- a\nb", "c"}},
		{"below text in a list item", "- a\n\n  text\n---\nb", []string{"- a\n\n  text", "b"}},
		{"list item ends its fence", "- ```\n  a\n\n---\n\nb", []string{"- ```\n  a", "b"}},
		{"inline code is no fence", "``` a ```\n\n---\n\nb", []string{"``` a ```", "b"}},
		{"comment", "<!--\n\n---\n\n-->\nb", []string{"<!--\n\n---\n\n-->\nb"}},
		{"front matter", "a\n\n---\nlayout: x\n---\n\nb", []string{"a", "---\nlayout: x\n---\n\nb"}},
		{"slide right below", "a\n\n---\nb\n\n---\n# c: d\n\n---\nd", []string{"a", "b", "# c: d", "d"}},
		{"open fence lasts to the end", "a\n\n```\n\n---\n\nb", []string{"a\n\n```\n\n---\n\nb"}},
		{"nothing", " \n\t\n", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, s := range mustParse(t, tt.text).Slides {
				got = append(got, s.Content)
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestNotesAreTheCommentOrNoteParagraphAtTheEnd(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, text, content, notes string }{
		{"comment", "a\n\n<!-- b -->\n", "a", "b"},
		{"last of two comments", "a\n<!-- b -->\n\n<!--\nc\nd\n-->", "a\n<!-- b -->", "c\nd"},
		{"comment within a line", "a <!-- b --> <!-- c -->", "a <!-- b -->", "c"},
		{"comment not at the end", "<!-- b -->\na", "<!-- b -->\na", ""},
		{"empty comment", "a <!-- b -->\n\n<!-- -->", "a <!-- b -->", ""},
		{"directive", "a\n\n<!-- _class: lead -->", "a\n\n<!-- _class: lead -->", ""},
		{"colon without directive", "a\n\n<!-- Remember: smile -->", "a", "Remember: smile"},
		{"reveal.js attributes", "a\n\n<!-- .slide: data-x=1 -->", "a\n\n<!-- .slide: data-x=1 -->", ""},
		{"comment in code", "```\n<!-- b -->\n```", "```\n<!-- b -->\n```", ""},
		{"opener in inline code", "a `<!--`\n\n<!-- b -->", "a `<!--`", "b"},
		{"note paragraph", "a\n\nNote: b\n\nc", "a", "b\n\nc"},
		{"notes in any case", "# a\nNOTES:\n- b", "# a", "- b"},
		{"note within a paragraph", "a\nNote: b", "a\nNote: b", ""},
		{"two note paragraphs", "Note: a\n\nNote: b", "Note: a\n\nNote: b", ""},
		{"note paragraph and comment", "Note: a\n\n<!-- b -->", "Note: a", "b"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := mustParse(t, tt.text)
			if got := d.Slides[0]; got.Content != tt.content || got.Notes != tt.notes {
				t.Errorf("got content %q and notes %q, want %q and %q", got.Content, got.Notes, tt.content, tt.notes)
			}
			if again := mustParse(t, deck.Format(d)); toJSON(t, again) != toJSON(t, d) {
				t.Errorf("read back as %s, want %s", toJSON(t, again), toJSON(t, d))
			}
		})
	}
}

func TestHeadmatterIsSplitIntoFieldsAndExtraLines(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, head, title, extra string }{
		{"quoted", "title: \"a: b\"\nfoo: 1", "a: b", "foo: 1"},
		{"number", "title: 2024", "2024", ""},
		{"folded, with comments around", "# x\ntitle: >\n  a\n  b\n# y\nfoo:\n- 1", "a b", "# x\n# y\nfoo:\n- 1"},
		{"not text", "title: [a]\nfoo: 1", "heading", "title: [a]\nfoo: 1"},
		{"empty", "title:\nfoo: 1", "heading", "foo: 1"},
		{"nested keys stay", "meta:\n  title: a\ntheme: b", "heading", "meta:\n  title: a"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := mustParse(t, "---\n"+tt.head+"\n---\n\n# *heading*")
			if d.Title != tt.title || d.Extra != tt.extra {
				t.Errorf("got title %q and extra %q, want %q and %q", d.Title, d.Extra, tt.title, tt.extra)
			}
		})
	}
}

func TestFirstSlideKeepsItsFrontMatterWithinTheHeadmatter(t *testing.T) {
	t.Parallel()
	d := deck.Deck{
		Title: "Deck", Theme: "seriph", Extra: "layout: cover\nfonts:\n  sans: Inter",
		Slides: []deck.Slide{{Content: "---\nlayout: center\ntitle: Own\n---\n\ntext"}},
	}
	text := deck.Format(d)
	want := "---\ntitle: Deck\ntheme: seriph\n#| layout: cover\nfonts:\n  sans: Inter\n# first slide\nlayout: center\n#| title: Own\n---\n\ntext\n"
	if text != want {
		t.Errorf("got\n%s\nwant\n%s", text, want)
	}
	if again := mustParse(t, text); toJSON(t, again) != toJSON(t, d) {
		t.Errorf("read back as %s", toJSON(t, again))
	}
}

func TestTitlesThatAreNoHeadingAreWrittenAsOne(t *testing.T) {
	t.Parallel()
	title := "A *b* _c_ snake_case `d` [e](f) <g> &amp; \\ # R&D #"
	for _, content := range []string{"", "text", "# Other\n\ntext", "---\nlayout: x\n---\n\ntext"} {
		d := mustParse(t, deck.Format(deck.Deck{Title: "t", Slides: []deck.Slide{{}, {Title: title, Content: content}}}))
		if got := d.Slides[1].Title; got != title {
			t.Errorf("with content %q: got title %q", content, got)
		}
	}
	kept := deck.Slide{Title: "A b", Content: "A *b*\n===\n\ntext"}
	if d := mustParse(t, deck.Format(deck.Deck{Slides: []deck.Slide{kept}})); d.Slides[0] != kept {
		t.Errorf("got %+v, want %+v", d.Slides[0], kept)
	}
}

func TestErrorsNameTheLineAndTheRemedy(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, text string
		want       []string
	}{
		{"invalid YAML", "\n---\nfoo: 1\ntitle: a: b\n---\n", []string{"line 4", "quotes", "line 2"}},
		{"key twice", "---\na: 1\na: 2\n---\n", []string{"line 3", "already defined"}},
		{"indented keys", "---\na: 1\n\n  b: 2\n---\n", []string{"line "}},
		{"never closed", "---\ntitle: a\n\n# b\n", []string{"line 1", "never closed", "---"}},
		{"too deep", "---\na: " + strings.Repeat("[", 40) + "\n---\n", []string{"line 2", "nested"}},
		{"too long", "---\na: " + strings.Repeat("x", 20000) + "\n---\n", []string{"line 2", "longer than"}},
		{"NUL", "a\nb\x00", []string{"line 2", "NUL"}},
		{"not UTF-8", "a\n\nb\xff", []string{"line 3", "UTF-8"}},
		{"too many slides", strings.Repeat("---\n\n", deck.MaxSlides+2), []string{"1002 slides", "split it"}},
		{"too many bytes", strings.Repeat("a", deck.MaxBytes+1), []string{"bytes", "split it"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := deck.Parse(tt.text)
			if err == nil {
				t.Fatal("no error")
			}
			for _, want := range tt.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q does not say %q", err, want)
				}
			}
		})
	}
}

func TestDecksAreSafeForConcurrentUse(t *testing.T) {
	t.Parallel()
	text := "---\ntitle: a\n---\n\n# b\n\n- [x] c <kbd>d</kbd> https://x.org\n\n---\n\n# b"
	want := deck.Format(mustParse(t, text))
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 20 {
				d, err := deck.Parse(text)
				if got := deck.Format(d); err != nil || got != want {
					t.Errorf("got %q (%v), want %q", got, err, want)
				}
			}
		})
	}
	all.Wait()
}

// Text on which a Markdown parser takes time that grows with the square of the length.
func TestCostlyTextIsReadAsADeck(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		strings.Repeat(">", 10_000), strings.Repeat("- ", 5_000), strings.Repeat("1. > ", 5_000), strings.Repeat("[a](", 5_000),
		strings.Repeat(`[a](\)`, 5_000), strings.Repeat("[a](x\n", 5_000), strings.Repeat("a", 1<<20+1),
	} {
		if _, err := deck.Parse(text); err != nil {
			t.Errorf("%.10q…: %v", text, err)
		}
	}
}

// failer is what *testing.T, *testing.F and *rapid.T share.
type failer interface {
	Helper()
	Fatalf(format string, args ...any)
}

func mustParse(t failer, text string) deck.Deck {
	t.Helper()
	d, err := deck.Parse(text)
	if err != nil {
		t.Fatalf("ParseDeck(%q): %v", text, err)
	}
	return d
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(filepath.Join("testdata", name), []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if want := mustRead(t, name); got != want {
		t.Errorf("%s: got\n%s\nwant\n%s", name, got, want)
	}
}

func mustRead(t failer, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatalf("%v", err)
	}
	return string(text)
}

func toJSON(t *testing.T, d deck.Deck) string {
	t.Helper()
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(d); err != nil {
		t.Fatal(err)
	}
	return b.String()
}
