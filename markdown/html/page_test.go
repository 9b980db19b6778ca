package html_test

import (
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
		{"front matter that is no YAML", "---\ntitle: a: b\n---\n\n# c", "title: a: b"},
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
