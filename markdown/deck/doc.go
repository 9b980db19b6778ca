// Package deck reads a presentation out of one Markdown file and writes it back.
//
// Three programs show such files and disagree in the details. A file is read as the program reads
// it for which it was written, its [Dialect]; conformance/decks compares the results with those of
// the programs.
//
//   - Slidev (sli.dev/guide/syntax; packages/parser/src/core.ts) splits on every line that begins
//     with ---, outside of closed ``` fences. A --- with text right below it opens that slide's
//     front matter. The last comment of a slide is its notes if nothing follows it.
//   - Marp (marp.app/docs; marpit src/markdown) splits on every thematic break of CommonMark
//     outside of lists and quotes, in any spelling, so `Title` over --- is a heading and no split;
//     and before the headings of the levels in headingDivider. Each comment is a note, unless it is
//     YAML with a directive in it.
//   - reveal.js (revealjs.com/markdown; plugin/markdown) splits on a line of exactly ---, even in
//     code. The text after a line that begins with Note: or Notes: is the notes, also a comment or
//     an <aside class="notes">.
//
// Three rules are the same for all dialects. Front matter that is not valid YAML is read line by
// line, as its author meant it, and kept as it is. Text right below a --- that is no front matter
// is text. Comments are notes, and so no part of a content, unless they are for a program: a
// directive of Marp or reveal.js, a formatter, a linter.
//
// The front matter of a Slidev deck is that of its first slide as well. The keys that act on one
// slide, such as layout, go to the slide; so do Marp's directives with an underscore, as a comment.
//
// Format writes text that its program reads as the same slides: --- between blank lines, notes as a
// closing comment or, for reveal.js, a paragraph. It changes a line of a slide only if the program
// would end the slide there.
//
// Start with [Parse] and [Format].
package deck
