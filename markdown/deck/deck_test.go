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
			golden(t, name+".out.md", deck.Format(d, ""))
		})
	}
}

func TestWrittenDecksReadBackEqual(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"slidev", "marp", "reveal"} {
		d := mustParse(t, mustRead(t, name+".md"))
		if again := mustParse(t, deck.Format(d, "")); toJSON(t, again) != toJSON(t, d) {
			t.Errorf("%s: got\n%s\nwant\n%s", name, toJSON(t, again), toJSON(t, d))
		}
		as := deck.Dialect(strings.ToUpper(name))
		again, err := deck.Parse(deck.Format(d, as), as)
		if err != nil || !slices.Equal(again.Slides, d.Slides) {
			t.Errorf("%s: got %v\n%s\nwant\n%s", as, err, toJSON(t, again), toJSON(t, d))
		}
	}
}

// Each case was read by the programs themselves: see conformance/decks.
func TestSlidesSplitWhereTheProgramOfTheDeckSplitsThem(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		as   deck.Dialect
		text string
		want []string
	}{
		{"blank lines around", "", "a\n\n---\n\nb", []string{"a", "b"}},
		{"trailing spaces", "", "a\n\n--- \t\n\nb", []string{"a", "b"}},
		{"CRLF", "", "a\r\n\r\n---\r\n\r\nb\r\n", []string{"a", "b"}},
		{"below a paragraph", "", "# A\ntext\n---\n# B", []string{"# A\ntext", "# B"}},
		{"setext heading", deck.Marp, "Title\n---\nb", []string{"Title\n---\nb"}},
		{"below a heading", "", "# Title\n---\nb", []string{"# Title", "b"}},
		{"below a list", "", "- a\n---\nb", []string{"- a", "b"}},
		{"below a table", "", "|a|\n|-|\n|1|\n---\nb", []string{"|a|\n|-|\n|1|", "b"}},
		{"below a fence", "", "```\na\n```\n---\nb", []string{"```\na\n```", "b"}},
		{"below an element", "", "<div>\nx\n</div>\n---\n\n# B", []string{"<div>\nx\n</div>", "# B"}},
		{"within an element", deck.Marp, "<div>\nx\n</div>\n---\n\n# B", []string{"<div>\nx\n</div>\n---\n\n# B"}},
		{"more than three", "", "# A\n\n----\n\n# B", []string{"# A", "# B"}},
		{"more than three in reveal.js", deck.Reveal, "# A\n\n----\n\n# B", []string{"# A\n\n----\n\n# B"}},
		{"other rules", "", "a\n\n***\n\n- - -\n\n ---\n\nb", []string{"a\n\n***\n\n- - -\n\n---\n\nb"}},
		{"other rules in Marp", deck.Marp, "a\n\n***\n\nb\n\n- - -\n\nc\n\n ___\n\nd", []string{"a", "b", "c", "d"}},
		{"in a list or quote", deck.Marp, "- a\n\n  ---\n\n> b\n>\n> ---", []string{"- a\n\n  ---\n\n> b\n>\n> ---"}},
		{"empty slide in the middle", "", "a\n\n---\n\n---\n\nb", []string{"a", "", "b"}},
		{"empty slide at the end", "", "a\n\n---\n", []string{"a", ""}},
		{"separator at the top", "", "---\n\na\n\n---\n\nb", []string{"a", "b"}},
		{"longer fence", "", "````\n```\n\n---\n\n````\n\n---\n\nb", []string{"````\n```\n\n---\n\n````", "b"}},
		{"tildes", "", "~~~\n\n---\n\n~~~", []string{"~~~", "~~~"}},
		{"tildes in Marp", deck.Marp, "~~~\n\n---\n\n~~~", []string{"~~~\n\n---\n\n~~~"}},
		{"code in reveal.js", deck.Reveal, "```\na\n---\nb\n```", []string{"```\na", "b\n```"}},
		{"open fence", "", "a\n\n```\n\n---\n\nb", []string{"a\n\n```", "b"}},
		{"open fence in Marp", deck.Marp, "a\n\n```\n\n---\n\nb", []string{"a\n\n```\n\n---\n\nb"}},
		{"comment", "", "a\n\n<!--\n\n---\n\n-->\n\n---\n\nb", []string{"a", "b"}},
		{"comment in Marp", deck.Marp, "a\n\n<!--\n\n---\n\n-->\nb", []string{"a\n\nb"}},
		{"heading divider", deck.Marp, "---\nheadingDivider: 2\n---\n# A\n## B\ntext\n### C\n## D", []string{"# A", "## B\ntext\n### C", "## D"}},
		{"heading divider below a style", deck.Marp, "---\nheadingDivider: 1\n---\n<style>\na {}\n</style>\n\n# A\n# B", []string{"<style>\na {}\n</style>\n\n# A", "# B"}},
		{"heading divider in a comment", deck.Marp, "<!-- headingDivider: [2] -->\n# A\n## B", []string{"<!-- headingDivider: [2] -->\n# A", "## B"}},
		{"front matter", "", "a\n\n---\nlayout: x\n---\n\nb", []string{"a", "---\nlayout: x\n---\n\nb"}},
		{"front matter that is no YAML", "", "a\n\n---\ntitle: Foo: bar\nfooter: @handle\n---\n\nb", []string{"a", "---\ntitle: Foo: bar\nfooter: @handle\n---\n\nb"}},
		{"front matter of comments", "", "a\n\n---\n# src: ./x.md\n---\n\nb", []string{"a", "---\n# src: ./x.md\n---\n\nb"}},
		{"slide right below", "", "a\n\n---\nb\n\n---\n# c: d\n\n---\nd", []string{"a", "b", "# c: d", "d"}},
		{"front matter alone", "", "---\ntheme: x\n---\n", []string{""}},
		{"nothing", "", " \n\t\n", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d, err := deck.Parse(tt.text, tt.as)
			if err != nil {
				t.Fatal(err)
			}
			if got := contents(d); !slices.Equal(got, tt.want) {
				t.Errorf("got %q, want %q", got, tt.want)
			}
			again, err := deck.Parse(deck.Format(d, tt.as), tt.as)
			if got := contents(again); err != nil || !slices.Equal(got, tt.want) {
				t.Errorf("read back as %q (%v), want %q, from\n%s", got, err, tt.want, deck.Format(d, tt.as))
			}
		})
	}
}

func contents(d deck.Deck) []string {
	var all []string
	for _, s := range d.Slides {
		all = append(all, s.Content)
	}
	return all
}

func TestCommentsAreNotesUnlessTheyAreForAProgram(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name                 string
		as                   deck.Dialect
		text, content, notes string
	}{
		{"comment", "", "a\n\n<!-- b -->\n", "a", "b"},
		{"two comments", "", "# A\n\n<!-- first -->\n\ntext\n\n<!--\nsecond\nline\n-->", "# A\n\ntext", "first\n\nsecond\nline"},
		{"within a line", "", "a <!-- b --> c <!-- d -->", "a c", "b\n\nd"},
		{"above all", "", "<!-- b -->\na", "a", "b"},
		{"between lines of a paragraph", "", "a\n<!-- b -->\nc", "a\n\nc", "b"},
		{"between items", "", "- a\n<!-- b -->\n- c", "- a\n- c", "b"},
		{"empty comment", "", "a <!-- b -->\n\n<!-- -->", "a", "b"},
		{"never closed", "", "a\n\n<!-- b\n\nc", "a", "b\n\nc"},
		{"three hyphens", "", "a\n\n<!--- b --->", "a", "b"},
		{"directive", "", "a\n\n<!-- _class: lead -->", "a\n\n<!-- _class: lead -->", ""},
		{"colon without directive", "", "a\n\n<!-- Remember: smile -->", "a", "Remember: smile"},
		{"reveal.js attributes", "", "a\n\n<!-- .slide: data-x=1 -->", "a\n\n<!-- .slide: data-x=1 -->", ""},
		{"fitting heading", "", "# T <!-- fit -->", "# T <!-- fit -->", ""},
		{"formatter", "", "<!-- prettier-ignore-start -->\n| a |\n<!-- prettier-ignore-end -->", "<!-- prettier-ignore-start -->\n| a |\n<!-- prettier-ignore-end -->", ""},
		{"linter", "", "<!-- markdownlint-disable MD033 -->\n# A\n<!-- markdownlint-enable -->", "<!-- markdownlint-disable MD033 -->\n# A\n<!-- markdownlint-enable -->", ""},
		{"in code", "", "```\n<!-- b -->\n```", "```\n<!-- b -->\n```", ""},
		{"in a code span", "", "a `<!--` b\n\n<!-- c -->", "a `<!--` b", "c"},
		{"escaped", "", "a \\<!-- b -->", "a \\<!-- b -->", ""},
		{"element", "", "# A\n\n<aside class=\"notes\">\nb\n</aside>\n\nc", "# A\n\nc", "b"},
		{"element of another class", "", "<aside class=\"footnotes\">b</aside>", "<aside class=\"footnotes\">b</aside>", ""},
		{"note in Slidev", deck.Slidev, "# A\n\nsome\n\nNote: visible\n\nmore", "# A\n\nsome\n\nNote: visible\n\nmore", ""},
		{"note in Marp", deck.Marp, "# A\n\nNote: visible", "# A\n\nNote: visible", ""},
		{"note of an unknown program", "", "# A\n\nsome\n\nNote: visible\n\nmore", "# A\n\nsome\n\nNote: visible\n\nmore", ""},
		{"note in reveal.js", deck.Reveal, "- a\n- b\n\nNote: c\n\nd", "- a\n- b", "c\n\nd"},
		{"notes in any case", deck.Reveal, "# a\nNOTES:\n- b", "# a", "- b"},
		{"two notes", deck.Reveal, "a\n\nNote: b\n\nNote: c", "a\n\nNote: b\n\nNote: c", ""},
		{"note and comment", deck.Reveal, "a\n\n<!-- b -->\n\nNote: c", "a", "b\n\nc"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d, err := deck.Parse(tt.text, tt.as)
			if err != nil {
				t.Fatal(err)
			}
			if got := d.Slides[0]; got.Content != tt.content || got.Notes != tt.notes {
				t.Errorf("got content %q and notes %q, want %q and %q", got.Content, got.Notes, tt.content, tt.notes)
			}
			again, err := deck.Parse(deck.Format(d, tt.as), tt.as)
			if err != nil || !slices.Equal(again.Slides, d.Slides) {
				t.Errorf("read back as %s (%v), want %s, from\n%s", toJSON(t, again), err, toJSON(t, d), deck.Format(d, tt.as))
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

func TestFrontMatterThatOnlyATolerantProgramReadsIsKept(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, head, title, theme, extra string }{
		{"colon in a value", "title: Foo: bar\ntheme: x", "Foo: bar", "x", ""},
		{"at sign", "theme: x\nfooter: @handle", "heading", "x", "footer: @handle"},
		{"blank lines around", "\ntheme: gaia\n", "heading", "gaia", ""},
		{"comments", "# src: ./x.md", "heading", "", "# src: ./x.md"},
		{"key twice", "theme: a\ntheme: b", "heading", "b", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			text := "---\n" + tt.head + "\n---\n\n# heading"
			d := mustParse(t, text)
			if len(d.Slides) != 1 || d.Title != tt.title || d.Theme != tt.theme || d.Extra != tt.extra {
				t.Errorf("got %s", toJSON(t, d))
			}
			if again := mustParse(t, deck.Format(d, "")); toJSON(t, again) != toJSON(t, d) {
				t.Errorf("read back as %s, want %s", toJSON(t, again), toJSON(t, d))
			}
		})
	}
}

func TestKeysOfTheFirstSlideMoveWithIt(t *testing.T) {
	t.Parallel()
	d := mustParse(t, "---\ntheme: seriph\nlayout: cover\nclass: big\ntransition: fade\n---\n\n# Cover\n\n---\n\n# Two\n")
	if want := "---\nlayout: cover\nclass: big\n---\n\n# Cover"; d.Slides[0].Content != want {
		t.Errorf("the first slide is %q, want %q", d.Slides[0].Content, want)
	}
	d.Slides[0], d.Slides[1] = d.Slides[1], d.Slides[0]
	want := "---\ntitle: Cover\ntheme: seriph\ntransition: fade\n---\n\n# Two\n\n---\nlayout: cover\nclass: big\n---\n\n# Cover\n"
	if got := deck.Format(d, ""); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}

	d = mustParse(t, "---\nmarp: true\n_class: lead\npaginate: true\n---\n\n# Cover\n\n---\n\n# Two\n")
	d.Slides[0], d.Slides[1] = d.Slides[1], d.Slides[0]
	want = "---\ntitle: Cover\nmarp: true\npaginate: true\n---\n\n# Two\n\n---\n\n<!-- _class: lead -->\n\n# Cover\n"
	if got := deck.Format(d, ""); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestFirstSlideKeepsItsFrontMatterWithinTheHeadmatter(t *testing.T) {
	t.Parallel()
	d := deck.Deck{
		Title: "Deck", Theme: "seriph", Extra: "layout: cover\nfonts:\n  sans: Inter",
		Slides: []deck.Slide{{Title: "Own", Content: "---\nlayout: center\ntitle: Own\n---\n\ntext"}},
	}
	text := deck.Format(d, "")
	want := "---\ntitle: Deck\ntheme: seriph\n#| layout: cover\nfonts:\n  sans: Inter\n# first slide\nlayout: center\n#| title: Own\n---\n\ntext\n"
	if text != want {
		t.Errorf("got\n%s\nwant\n%s", text, want)
	}
	if again := mustParse(t, text); toJSON(t, again) != toJSON(t, d) {
		t.Errorf("read back as %s", toJSON(t, again))
	}
}

func TestTitleInTheFrontMatterOfASlideIsUsed(t *testing.T) {
	t.Parallel()
	d := mustParse(t, "# A\n\n---\ntitle: B\n---\n\n# Other\n\n---\nname: C\n---\n\ntext")
	if d.Slides[1].Title != "B" || d.Slides[2].Title != "C" {
		t.Errorf("got the titles %q and %q", d.Slides[1].Title, d.Slides[2].Title)
	}
	d.Slides[1].Title = "New: title"
	if got, want := deck.Format(d, ""), "# A\n\n---\ntitle: \"New: title\"\n---\n\n# Other\n\n---\nname: C\n---\n\ntext\n"; got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestADeckIsWrittenForAProgram(t *testing.T) {
	t.Parallel()
	d := deck.Deck{Title: "A", Theme: "default", Slides: []deck.Slide{
		{Title: "A", Content: "# A", Notes: "first"},
		{Content: "---\nlayout: center\n---\n\nb\n\n---\n\nc"},
		{Content: "Note: visible"},
	}}
	tests := []struct {
		as   deck.Dialect
		want string
	}{
		{"", "# A\n\n<!--\nfirst\n-->\n\n---\nlayout: center\n---\n\nb\n\n ---\n\nc\n\n---\n\nNote: visible\n"},
		{deck.Slidev, "# A\n\n<!--\nfirst\n-->\n\n---\nlayout: center\n---\n\nb\n\n ---\n\nc\n\n---\n\nNote: visible\n"},
		{deck.Marp, "---\nmarp: true\n---\n\n# A\n\n<!--\nfirst\n-->\n\n---\n\nb\n\n<hr>\n\nc\n\n---\n\nNote: visible\n"},
		{deck.Reveal, "# A\n\nNote:\nfirst\n\n---\n\nb\n\n ---\n\nc\n\n---\n\nNote&#58; visible\n"},
	}
	for _, tt := range tests {
		if got := deck.Format(d, tt.as); got != tt.want {
			t.Errorf("%s: got\n%s\nwant\n%s", tt.as, got, tt.want)
		}
	}
	if got := deck.Format(deck.Deck{Title: "A", Theme: "default", Slides: []deck.Slide{{Title: "A", Content: "# A"}}}, ""); got != "# A\n" {
		t.Errorf("a deck with nothing to say is written as %q", got)
	}
}

func TestTheDialectIsDetected(t *testing.T) {
	t.Parallel()
	tests := []struct {
		text string
		want deck.Dialect
	}{
		{"# A", deck.Slidev},
		{"---\ntheme: default\n---\n\n# A", deck.Slidev},
		{"---\ntheme: seriph\nlayout: cover\n---\n\n# A", deck.Slidev},
		{"---\nmarp: true\n---\n\n# A", deck.Marp},
		{"---\ntheme: gaia\npaginate: true\n---\n\n# A", deck.Marp},
		{"---\n\ntheme: gaia\n\n---\n\n# A", deck.Marp},
		{"# A\n\n<!-- _class: lead -->", deck.Marp},
		{"![bg](a.png)\n\n# A", deck.Marp},
		{"# A <!-- .slide: data-x=1 -->", deck.Reveal},
		{"# A\n\n<aside class=\"notes\">b</aside>", deck.Reveal},
		{"- a\n- b\n\nNote: c\n\n---\n\n# B", deck.Reveal},
		{"- a\n- b\nNote: c", deck.Reveal},
		{"# A\n\nsome\n\nNote: visible\n\nmore", deck.Slidev},
		{"---\ntheme: seriph\n---\n\n# A\n\nNote: visible", deck.Slidev},
	}
	for _, tt := range tests {
		if got := deck.Detect(tt.text); got != tt.want {
			t.Errorf("%q is %s, want %s", tt.text, got, tt.want)
		}
	}
}

func TestTitlesThatAreNoHeadingAreWrittenAsOne(t *testing.T) {
	t.Parallel()
	title := "A *b* _c_ snake_case `d` [e](f) <g> &amp; \\ # R&D #"
	for _, content := range []string{"", "text", "# Other\n\ntext", "---\nlayout: x\n---\n\ntext"} {
		d := mustParse(t, deck.Format(deck.Deck{Title: "t", Slides: []deck.Slide{{}, {Title: title, Content: content}}}, ""))
		if got := d.Slides[1].Title; got != title {
			t.Errorf("with content %q: got title %q", content, got)
		}
	}
	kept := deck.Slide{Title: "A b", Content: "A *b*\n===\n\ntext"}
	if d := mustParse(t, deck.Format(deck.Deck{Slides: []deck.Slide{kept}}, "")); d.Slides[0] != kept {
		t.Errorf("got %+v, want %+v", d.Slides[0], kept)
	}
}

func TestErrorsNameTheLineAndTheRemedy(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, text string
		want       []string
	}{
		{"invalid YAML", "\n---\nfoo: 1\ntitle: [a\nand more\n---\n", []string{"line 5", "quotes", "line 2"}},
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
			_, err := deck.Parse(tt.text, "")
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
	want := deck.Format(mustParse(t, text), "")
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 20 {
				d, err := deck.Parse(text, "")
				if got := deck.Format(d, ""); err != nil || got != want {
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
		if _, err := deck.Parse(text, ""); err != nil {
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
	d, err := deck.Parse(text, "")
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
