// Package deck reads a presentation out of one Markdown file and writes it back.
//
// One file has to mean the same to three programs that disagree in the details:
//
//   - Slidev (sli.dev/guide/syntax; packages/parser/src/core.ts) splits on every line that begins
//     with ---, outside ``` fences only. A --- with text right below it opens that slide's front
//     matter. The last comment of a slide is its notes if nothing follows it.
//   - Marp (marp.app/docs; marpit src/markdown) splits on every thematic break of CommonMark, so
//     `Title` over --- is a heading and no split. Each comment is a note, unless it is YAML with a
//     directive in it.
//   - reveal.js (revealjs.com/markdown; plugin/markdown) splits on a line of exactly ---, even in
//     code. The text after `Note:` or `Notes:` is the notes.
//
// Parse splits on a line of exactly ---, outside code and comments, unless paragraph text stands
// right above it: that is a setext heading, as in CommonMark. So a list, a heading or a fence may
// touch the line; a paragraph needs a blank line between, as all three manuals show it. Other
// spellings of a rule (***, ___, ----) and Marp's headingDivider do not split.
//
// Format writes text that all three read alike: --- between blank lines, notes as a closing
// comment, a slide's front matter in place of its ---. A line of the slide's own text that begins
// with --- (a rule, a setext heading, a table) is written one space further in: the same Markdown,
// but no split in Slidev, reveal.js and Parse, which takes the space away again. Three differences
// remain. Marp splits on a rule in any spelling; write <hr> to have one in a slide there. reveal.js
// splits on a --- inside code, as does Slidev within ~~~ fences. reveal.js hides the notes instead
// of showing them to the speaker. A slide's front matter is for Slidev alone; the others show it as
// text.
//
// Start with [Parse] and [Format].
package deck
