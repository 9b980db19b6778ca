package html_test

import (
	"regexp"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"flightdeck/markdown/html"
)

func TestMarkdownIsRendered(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, text, want string }{
		{"paragraph", "a *b* **c**", "<p>a <em>b</em> <strong>c</strong></p>\n"},
		{"heading ids", "# A b!\n\n# A b!\n\n# Über uns\n\n# 日本\n\n# !", "<h1 id=\"a-b\">A b!</h1>\n<h1 id=\"a-b-1\">A b!</h1>\n" +
			"<h1 id=\"über-uns\">Über uns</h1>\n<h1 id=\"日本\">日本</h1>\n<h1>!</h1>\n"},
		{"code keeps its language", "```c++\na<b\n```", "<pre><code class=\"language-c++\">a&lt;b\n</code></pre>\n"},
		{"table", "|a|\n|-:|\n|1|", "<table>\n<thead>\n<tr>\n<th align=\"right\">a</th>\n</tr>\n</thead>\n" +
			"<tbody>\n<tr>\n<td align=\"right\">1</td>\n</tr>\n</tbody>\n</table>\n"},
		{"strikethrough", "~~a~~", "<p><del>a</del></p>\n"},
		{"task list", "- [x] a", "<ul>\n<li><input checked=\"\" disabled=\"\" type=\"checkbox\"> a</li>\n</ul>\n"},
		{"autolink", "https://x.org", "<p><a href=\"https://x.org\" rel=\"nofollow\">https://x.org</a></p>\n"},
		{"relative link", "[a](b#c \"t\")", "<p><a href=\"b#c\" title=\"t\">a</a></p>\n"},
		{"image", "![a: b](c.png)", "<p><img src=\"c.png\" alt=\"a: b\"></p>\n"},
		{"raw HTML that formats", "<kbd>a</kbd> <details open><summary>b</summary>c</details>",
			"<p><kbd>a</kbd> <details open=\"\"><summary>b</summary>c</details></p>\n"},
		{"comment", "a <!-- b -->", "<p>a </p>\n"},
		{"front matter", "---\ntitle: a\n---\n\nb", "<p>b</p>\n"},
		{"rule that opens no front matter", "---\n\nb", "<hr>\n<p>b</p>\n"},
		{"CRLF and a byte order mark", "\uFEFF---\r\ntitle: a\r\n---\r\nb", "<p>b</p>\n"},
		{"nothing", "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := html.Render(tt.text); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestPlainTextIsEscaped(t *testing.T) {
	t.Parallel()
	got := html.Plain("{\"a\": \"<b>&'\"}\r\n\x00\xff")
	want := "<pre>{&#34;a&#34;: &#34;&lt;b&gt;&amp;&#39;&#34;}\n\uFFFD\uFFFD</pre>\n"
	if got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// attacks are from the XSS filter evasion lists of OWASP and PortSwigger.
var attacks = []string{
	`<script>alert(1)</script>`, `<SCRIPT SRC=//x.org/x.js></SCRIPT>`, `<scr<script>ipt>alert(1)</scr</script>ipt>`,
	`<img src=x onerror=alert(1)>`, `<img src="x" onerror="alert(1)"//`, `<img/src=x/onerror=alert(1)>`, "<img src=`x`onerror=alert(1)>",
	`<body onload=alert(1)>`, `<div onmouseover="alert(1)" style="position:fixed;inset:0">x</div>`, `<details open ontoggle=alert(1)>`,
	`<a href="javascript:alert(1)">x</a>`, `<a href="JaVaScRiPt:alert(1)">x</a>`, `<a href=" &#14; javascript:alert(1)">x</a>`,
	`<a href="java&#10;script:alert(1)">x</a>`, `<a href="&#x6A;avascript&colon;alert(1)">x</a>`, `<a href="vbscript:x">x</a>`,
	`<a href="data:text/html;base64,PHNjcmlwdD4=">x</a>`, `<img src="data:image/svg+xml,<svg onload=alert(1)>">`,
	`[x](javascript:alert(1))`, `[x](JAVASCRIPT&colon;alert(1))`, `![x](javascript:alert(1))`, `[x](data:text/html,<script>alert(1)</script>)`,
	`<javascript:alert(1)>`, "[x]: javascript:alert(1)\n\n[x]", `[x](<javascript:alert(1)>)`, `[x](vbscript:x "onmouseover=alert(1)")`,
	`<svg onload=alert(1)>`, `<svg><script>alert(1)</script></svg>`, `<svg><a xlink:href="javascript:alert(1)"><text>x</text></a></svg>`,
	`<svg><animate onbegin=alert(1) attributeName=x dur=1s>`, `<svg><style><img src=x onerror=alert(1)></style>`,
	`<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>`, `<math href="javascript:alert(1)">x</math>`,
	`<iframe src="javascript:alert(1)"></iframe>`, `<iframe srcdoc="<script>alert(1)</script>">`, `<object data="x.swf"></object>`, `<embed src=x>`,
	`<form action="//x.org"><input name=password><button formaction="javascript:alert(1)">x</button></form>`, `<base href="//x.org">`,
	`<meta http-equiv=refresh content="0;url=javascript:alert(1)">`, `<link rel=stylesheet href=//x.org/x.css>`, `<style>*{display:none}</style>`,
	`<noscript><p title="</noscript><img src=x onerror=alert(1)>">`, `<title></title><img src=x onerror=alert(1)>`,
	`<!--><script>alert(1)</script>-->`, `<!-- --!><img src=x onerror=alert(1)> -->`, `<?xml <img src=x onerror=alert(1)> ?>`,
	`<![CDATA[<img src=x onerror=alert(1)>]]>`, `<p id="app" name="location" class="modal">x</p>`, `<input type="image" src="x" onerror="alert(1)">`,
	"```\"onmouseover=alert(1)\nx\n```", "```<script>\nx\n```", "# <img src=x onerror=alert(1)>", "| <script>alert(1)</script> |\n|-|",
	`<code class="language-js&quot; onclick=alert(1)">x</code>`, `<a href="https://x.org" target=_blank ping=//x.org style=color:red>x</a>`,
	`<template><script>alert(1)</script></template>`, `<video src=x onerror=alert(1)></video>`, `<audio src=x onerror=alert(1)>`,
	`<a href="//x.org\@y.org">x</a>`, `<img srcset="x 1x, javascript:alert(1) 2x">`, `<xss style="behavior:url(x)">`, `<a title="x" href='x' onclick='y'>z`,
	"\x00<scr\x00ipt>alert(1)</script>", "<img src=\"x\" alt=\"\u2028\" onerror\u00a0=alert(1)>", `<textarea><img src=x onerror=alert(1)></textarea>`,
}

func TestNothingThatRunsOrLoadsSurvives(t *testing.T) {
	t.Parallel()
	for _, attack := range attacks {
		for _, text := range []string{attack, "> " + attack, "- a\n\n  " + attack, "**" + attack, "<div>\n" + attack, "---\ntitle: x\n---\n" + attack} {
			checkSafe(t, html.Render(text))
			checkSafe(t, html.Sanitize(text))
			checkSafe(t, html.Plain(text))
		}
	}
}

func TestNothingThatRunsOrLoadsSurvivesInAnyMixture(t *testing.T) {
	t.Parallel()
	pieces := append([]string{"\n", "\n\n", "<", ">", "\"", "'", "</", "<!--", "-->", "`", "](", "&", "<pre>", "</p>", "<a href=", "<img src=\""}, attacks...)
	rapid.Check(t, func(t *rapid.T) {
		text := strings.Join(rapid.SliceOfN(rapid.SampledFrom(pieces), 1, 8).Draw(t, "pieces"), rapid.SampledFrom([]string{"", " ", "\n"}).Draw(t, "between"))
		checkSafe(t, html.Render(text))
		checkSafe(t, html.Sanitize(text))
	})
}

func FuzzHTML(f *testing.F) {
	for _, attack := range attacks {
		f.Add(attack)
	}
	f.Fuzz(func(t *testing.T, text string) {
		checkSafe(t, html.Render(text))
		checkSafe(t, html.Sanitize(text))
	})
}

func TestSanitisingTwiceChangesNothing(t *testing.T) {
	t.Parallel()
	for _, attack := range attacks {
		once := html.Sanitize(attack)
		if twice := html.Sanitize(once); twice != once {
			t.Errorf("%q became %q, then %q", attack, once, twice)
		}
	}
}

func TestHTMLContentKeepsItsFormat(t *testing.T) {
	t.Parallel()
	kept := []string{
		`<h2 id="a-b">a</h2>`, `<pre><code class="language-go">x</code></pre>`, `<table><tr><td colspan="2" align="left">x</td></tr></table>`,
		`<p lang="de" title="50% &amp; more">x</p>`, `<a href="mailto:a@x.org">x</a>`, `<a href="https://x.org" rel="nofollow">x</a>`, `<a href="#top">x</a>`, `<ol start="3"><li>x</li></ol>`,
		`<figure><img src="/a.png" alt="b" width="10"><figcaption>c</figcaption></figure>`, `<ruby>a<rt>b</rt></ruby>`,
		`<blockquote cite="https://x.org">x</blockquote>`,
	}
	for _, text := range kept {
		if got := html.Sanitize(text); got != text {
			t.Errorf("got %q, want %q", got, text)
		}
	}
	if got := html.Sanitize("<!DOCTYPE html><html><head><title>t</title></head><body class=x><p id=y>a</p></body></html>"); got != "<p>a</p>" {
		t.Errorf("a document became %q", got)
	}
}

func TestContentStaysWithinItsContainer(t *testing.T) {
	t.Parallel()
	tests := []struct{ html, want string }{
		{"</div></section>a", "a"},
		{"<div><b>a", "<div><b>a</b></div>"},
		{"<div><b>a</div>b</b>", "<div><b>a</b></div>b"},
		{"<p>a<p>b", "<p>a<p>b"},
		{"<ul><li>a<li>b</ul></li>c", "<ul><li>a<li>b</ul>c"},
		{"<br>a<hr></p>", "<br>a<hr>"},
		{"<details><summary>a <!-- ", "<details><summary>a </summary></details>"},
	}
	for _, tt := range tests {
		if got := html.Sanitize(tt.html); got != tt.want {
			t.Errorf("%q: got %q, want %q", tt.html, got, tt.want)
		}
	}
}

func TestHeadingsHaveGitHubsIDs(t *testing.T) {
	t.Parallel()
	tests := []struct{ text, want string }{
		{"## my_func", "my_func"},
		{"## [Link](http://x.y/z)", "link"},
		{"## <em>h</em> y", "h-y"},
		{"## A &amp; B", "a--b"},
		{"## `code` *b* ~~c~~", "code-b-c"},
		{"## ΟΔΟΣ", "οδος"},
		{"<h2 align=\"center\">Raw heading</h2>", "raw-heading"},
		{"<h2 id=\"own\">Raw heading</h2>", "own"},
		{"# a-1\n\n# a\n\n# a", "a-1 a a-2"},
		{"# !\n\n# ?", " -1"},
	}
	id := regexp.MustCompile(`<h[1-6](?: id="([^"]*)")?>`)
	for _, tt := range tests {
		var got []string
		for _, m := range id.FindAllStringSubmatch(html.Render(tt.text), -1) {
			got = append(got, m[1])
		}
		if strings.Join(got, " ") != tt.want {
			t.Errorf("%q: got the ids %q, want %q", tt.text, got, tt.want)
		}
	}
	if got := html.Sanitize("<h2>a</h2>"); got != "<h2>a</h2>" {
		t.Errorf("a heading in HTML became %q", got)
	}
}

func TestAlertsAndFootnotesAreRendered(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, text string
		want       []string
	}{
		{"note", "> [!NOTE]\n> x *y*", []string{`<div class="markdown-alert markdown-alert-note">`, `<p class="markdown-alert-title">Note</p>`, "<p>x <em>y</em></p>"}},
		{"lower case", "> [!warning]\n> x", []string{`<div class="markdown-alert markdown-alert-warning">`}},
		{"unknown kind", "> [!OTHER]\n> x", []string{"<blockquote>", "[!OTHER]"}},
		{"no text", "> [!NOTE]\n\nx", []string{"<blockquote>"}},
		{"text on the line", "> [!NOTE] x\n> y", []string{"<blockquote>"}},
		{"in a list", "- > [!NOTE]\n  > x", []string{"<blockquote>"}},
		{"footnote", "T[^1].\n\n[^1]: n", []string{
			`<sup id="user-content-fnref:1"><a href="#user-content-fn:1" class="footnote-ref">1</a></sup>`,
			`<div class="footnotes">`, `<li id="user-content-fn:1">`, `<a href="#user-content-fnref:1" class="footnote-backref">`,
		}},
		{"footnote without definition", "T[^1].", []string{"<p>T[^1].</p>"}},
		{"definition without reference", "T\n\n[^1]: n", []string{"<p>T</p>\n"}},
	}
	for _, tt := range tests {
		got := html.Render(tt.text)
		checkSafe(t, got)
		for _, want := range tt.want {
			if !strings.Contains(got, want) {
				t.Errorf("%s: %q does not contain %q", tt.name, got, want)
			}
		}
	}
}

// hostileTexts are texts of about n bytes on which a parser without bounds takes time that grows
// with the square of the length, or writes as much.
func hostileTexts(n int) map[string]string {
	texts := map[string]string{
		"wide table":      strings.Repeat("|a", n/6) + "|\n" + strings.Repeat("|-", n/6) + "|\n" + strings.Repeat("|\n", n/6),
		"references":      "[a]: /" + strings.Repeat("x", n/2) + "\n\n" + strings.Repeat("[a]", n/6),
		"reference title": "[a]: / '" + strings.Repeat("x", n/2) + "'\n\n" + strings.Repeat("[a]", n/6),
		"brackets":        strings.Repeat("[", n/2) + "a" + strings.Repeat("]", n/2),
		"footnotes":       "[^1]: a\n\n" + strings.Repeat("[^1]", n/4),
	}
	for _, unit := range []string{
		"[", "[a](", `[a](\)`, "[a](x\n", "[a](<b", "[a](b \"", "[a][", "![", "*a_ ", "*a_ b~", "a_b*", "_a", "`a``", "<a b='", "<!--",
		">", "> ", "- ", "1. ", "1. > ", "[a]: b\n", "[a]:\n", "[^a]: b\n", "# a-1\n\n# a\n\n",
	} {
		texts[unit] = strings.Repeat(unit, n/len(unit))
	}
	return texts
}

// The test would not end if the work were not bounded.
func TestWorkOnHostileTextsIsBounded(t *testing.T) {
	t.Parallel()
	const size = 256 << 10
	for name, text := range hostileTexts(size) {
		got := html.Render(text)
		if strings.HasPrefix(got, "<pre>") {
			t.Errorf("%q: the whole page is preformatted", name)
		}
		if len(got) > 64*size {
			t.Errorf("%q: %d bytes became %d", name, size, len(got))
		}
	}
}

func TestHostileParagraphLeavesTheRestOfThePage(t *testing.T) {
	t.Parallel()
	for name, text := range hostileTexts(64 << 10) {
		got := html.Render("# Title *a*\n\n[b](c)\n\n" + text)
		if want := "<h1 id=\"title-a\">Title <em>a</em></h1>\n<p><a href=\"c\">b</a></p>\n"; !strings.HasPrefix(got, want) {
			t.Errorf("%q: the page begins with %.100q", name, got)
		}
	}
}

func TestPagesOfManyLinksAndTablesAreRendered(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"links in one paragraph": strings.Repeat("[a](b) ", 2000),
		"lines of one paragraph": strings.Repeat("[a](b)\n", 2000),
		"list":                   strings.Repeat("- [a](b)\n", 2000),
		"table":                  "|a|\n|-|\n" + strings.Repeat("| [a](b) |\n", 2000),
	} {
		if n := strings.Count(html.Render(text), `<a href="b">a</a>`); n != 2000 {
			t.Errorf("%s: %d of 2000 links are rendered", name, n)
		}
	}
	if got := html.Render(strings.Repeat("a", html.MaxBytes+1)); !strings.HasPrefix(got, "<pre>") {
		t.Error("a text longer than MaxBytes was rendered")
	}
}

func TestRenderingIsSafeForConcurrentUse(t *testing.T) {
	t.Parallel()
	text := "---\ntitle: a\n---\n\n# b\n\n- [x] c <kbd>d</kbd> https://x.org\n\n---\n\n# b"
	want := html.Render(text)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 20 {
				if got := html.Render(text); got != want {
					t.Errorf("got %q, want %q", got, want)
				}
			}
		})
	}
	all.Wait()
}

var (
	tag       = regexp.MustCompile(`<[^>]*>?`)
	safeTag   = regexp.MustCompile(`^</?(?:a|abbr|article|aside|b|bdi|bdo|blockquote|br|caption|cite|code|col|colgroup|dd|del|details|dfn|div|dl|dt|em|figcaption|figure|h[1-6]|hgroup|hr|i|img|input|ins|kbd|li|mark|ol|p|pre|q|rp|rt|ruby|s|samp|section|small|span|strike|strong|sub|summary|sup|table|tbody|td|tfoot|th|thead|time|tr|tt|u|ul|var|wbr)((?: [a-z]+="[^"<>]*")*)/?>$`)
	attribute = regexp.MustCompile(` ([a-z]+)="([^"]*)"`)
	safeURL   = regexp.MustCompile(`(?i)^(?:(?:https?|mailto|tel):|[^:]*$|[^:]*[/?#])`)
)

// checkSafe reads HTML as strictly as the policy writes it: text in angle brackets that is no tag
// of a known element with known attributes is an error.
func checkSafe(t interface{ Errorf(string, ...any) }, text string) {
	for _, found := range tag.FindAllString(text, -1) {
		m := safeTag.FindStringSubmatch(found)
		if m == nil {
			t.Errorf("%q in %q", found, text)
			continue
		}
		for _, a := range attribute.FindAllStringSubmatch(m[1], -1) {
			if !safeAttribute(found, a[1], a[2]) {
				t.Errorf("%s=%q in %q", a[1], a[2], text)
			}
		}
	}
}

func safeAttribute(tag, name, value string) bool {
	switch name {
	case "href", "src", "cite":
		return safeURL.MatchString(value)
	case "class":
		return strings.HasPrefix(value, "language-") || strings.HasPrefix(value, "markdown-alert") || strings.HasPrefix(value, "footnote")
	case "id":
		return strings.HasPrefix(tag, "<h") || strings.HasPrefix(value, "user-content-fn")
	case "type":
		return value == "checkbox"
	case "title", "alt", "lang", "dir", "rel", "align", "open", "checked", "disabled", "start", "colspan", "datetime":
		return true
	}
	return false
}
