package html_test

import (
	"strings"
	"testing"

	"flightdeck/markdown/html"
)

func TestPageTitleIsFrontMatterOrFirstHeading(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, text, want string }{
		{"front matter", "---\ntitle: \"a: b\"\n---\n\n# c", "a: b"},
		{"front matter with CRLF", "---\r\nx: 1\r\ntitle: a\r\n---\r\n", "a"},
		{"folded", "---\ntitle: >-\n  a\n  b\n---\n", "a b"},
		{"front matter without title", "---\nx: 1\n---\n\n# c", "c"},
		{"title that is no text", "---\ntitle: [a]\n---\n\n# c", "c"},
		{"front matter that is no YAML", "---\ntitle: a: b\n---\n\n# c", "a: b"},
		{"key with a space", "---\nComments Due: x\n---\n\n# c", "c"},
		{"blank first line", "---\n\ntitle: a\n---\n\n# c", "a"},
		{"dots at the end", "---\ntitle: a\n...\n# c", "a"},
		{"comments alone", "---\n# b\n---\n# c", "c"},
		{"TOML", "+++\ntitle = \"a\"\n+++\n# c", "a"},
		{"JSON between fences", ";;;\n{\"title\": \"a\"}\n;;;\n# c", "a"},
		{"JSON", "{\n\"title\": \"a\"\n}\n# c", "a"},
		{"brace that begins a text", "{\nx\n}\n# c", "c"},
		{"footnote in the heading", "# A[^1]\n\n[^1]: n", "A"},
		{"ATX", "text\n\n## a #\n", "a"},
		{"setext", "a\nb\n===", "a b"},
		{"setext with ---", "a\n---", "a"},
		{"markup", "# *a* **b** `c` [d](e) ![f](g) <b>h</b> &amp; \\* i_j_k", "a b c d h & * i_j_k"},
		{"autolink", "# <https://x.org>", "https://x.org"},
		{"not in a fence", "```\n# a\n```\n\n~~~\n# b\n~~~\n# c", "c"},
		{"not indented", "    # a\n\n# b", "b"},
		{"not in a comment", "<!--\n# a\n-->\n# b", "b"},
		{"not in a quote or list", "> # a\n\n- # b\n\n# c", "c"},
		{"no heading", "a #b", ""},
		{"empty heading", "#\n\n# a", ""},
		{"nothing", "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := html.PageTitle(tt.text); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestFrontMatterOfPagesIsHidden(t *testing.T) {
	t.Parallel()
	for _, front := range []string{
		"---\nComments Due: x\n---\n", "---\n\na: b\n---\n", "---\na: b\n...\n", "---\n# a\n---\n", "---\n---\n", "---\na: b: c\n---\n",
		"+++\na = 1\n+++\n", ";;;\n{\"a\": 1}\n;;;\n", "{\n\"a\": 1\n}\n", "\uFEFF---\r\na: b\r\n---\r\n",
	} {
		if got := html.Render(front + "text"); got != "<p>text</p>\n" {
			t.Errorf("%q: got %q", front, got)
		}
	}
	if got := html.Render("\n---\na: b\n---\n"); !strings.Contains(got, "a: b") {
		t.Errorf("a block that does not begin on the first line became %q", got)
	}
}
