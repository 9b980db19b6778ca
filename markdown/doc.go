// Package markdown is the border between Markdown and FlightDeck: it reads a
// presentation out of one Markdown file and writes it back, finds a page's
// title, and turns content of any format into HTML that is safe to show.
//
// It imports the standard library, goldmark, bluemonday and go-yaml, and
// nothing of FlightDeck; it has no state, clock or I/O, and every function may
// be called from many goroutines. Start at [ParseDeck] and [FormatDeck] for
// decks, at [HTML] and [PageTitle] for pages.
//
// # Decks
//
// One file has to mean the same to three programs that disagree in the details:
//
//   - Slidev (sli.dev/guide/syntax; packages/parser/src/core.ts) splits on every
//     line that begins with ---, outside ``` fences only. A --- with text right
//     below it opens that slide's front matter. The last comment of a slide, if
//     nothing follows it, is its notes.
//   - Marp (marp.app/docs; marpit src/markdown) splits on every thematic break
//     that CommonMark sees, so `Title` over --- is a heading and no split. Each
//     comment is a note, unless it is YAML with a directive in it.
//   - reveal.js (revealjs.com/markdown; plugin/markdown) splits on a line of
//     exactly ---, even in code. Notes are what follows `Note:` or `Notes:`.
//
// ParseDeck splits on a line of exactly ---, outside code and comments, unless
// paragraph text stands right above it: that is a setext heading, as in
// CommonMark. So a list, a heading or a fence may touch the line, a paragraph
// needs a blank line between, as all three manuals show it. Other spellings of
// a rule (***, ___, ----) and Marp's headingDivider do not split.
//
// FormatDeck writes what all three read alike: --- between blank lines, notes as
// a closing comment, a slide's front matter in place of its ---. Where a slide's
// own text begins a line with --- (a rule, a setext heading, a table), it is
// written one space further in: the same Markdown, but no split in Slidev,
// reveal.js and ParseDeck, which takes the space away again. Two things cannot
// be had: Marp splits on a rule in any spelling (write <hr> to have one in a
// slide there), and reveal.js splits on a --- inside code, as does Slidev within
// ~~~ fences. reveal.js hides our notes instead of showing them to the speaker.
// A slide's front matter is Slidev's alone; the others show it as text.
//
// # Pages
//
// Markdown is rendered as CommonMark with GitHub's extensions, raw HTML and all,
// and only then sanitised by a list of what is allowed: [HTML]. What comes out
// neither runs nor reaches beyond the element that it is put into.
package markdown
