package deck

import (
	"regexp"
	"slices"
	"sort"
	"strconv"
	"strings"

	"flightdeck/markdown"
	"flightdeck/markdown/html"
)

// split cuts the lines below the front matter of a deck into its slides. hasHead says whether the
// deck has front matter, and so a first slide; divider holds the levels of the headings at which
// Marp begins a slide.
func split(lines []string, as Dialect, hasHead bool, divider []int) [][]string {
	if !hasHead && isBlankText(lines) {
		return nil
	}
	switch as {
	case Marp:
		return splitMarp(lines, divider)
	case Reveal:
		return splitReveal(lines)
	}
	return splitSlidev(lines, hasHead)
}

// splitSlidev cuts at every line that begins with ---, outside of comments and closed code blocks.
// A slide begins with its --- only if it has front matter.
func splitSlidev(lines []string, hasHead bool) [][]string {
	var slides [][]string
	start, scan := 0, newScanner(lines)
	for i := 0; i < len(lines); i++ {
		last, isBreak := scan.next(i)
		if !isBreak {
			i = last
			continue
		}
		if start != i || i == 0 && hasHead {
			slides = append(slides, lines[start:i])
		}
		start = i + 1
		if n := frontMatter(lines[i:]); n > 0 {
			start = i
			i += n - 1
		}
	}
	if start < len(lines) {
		slides = append(slides, lines[start:])
	}
	return slides
}

// scanner reads lines as Slidev does: for it, comments begin anywhere outside of code blocks.
type scanner struct {
	fences
	inComment bool
	open      []string // the beginnings of the code blocks that are never closed
}

func newScanner(lines []string) *scanner { return &scanner{fences: newFences(lines)} }

// next reads the line i, and with it the code block that begins there: up to the line last. isBreak
// is true if the line ends a slide.
func (s *scanner) next(i int) (last int, isBreak bool) {
	line := s.lines[i]
	if !s.inComment {
		if strings.HasPrefix(line, "---") {
			return i, true
		}
		if space, ticks := fence(line); ticks > 0 {
			last, open := s.end(i)
			if open {
				s.open = append(s.open, line[:len(space)+ticks])
			}
			return last, false
		}
	}
	for {
		mark := "<!--"
		if s.inComment {
			mark = "-->"
		}
		_, below, found := strings.Cut(line, mark)
		if !found {
			return i, false
		}
		s.inComment, line = !s.inComment, below
	}
}

// fences finds the ends of code blocks as Slidev does. It holds the lines that begin with
// backticks, by the white space before these.
type fences struct {
	lines   []string
	byStart map[string][]int
}

func newFences(lines []string) fences {
	f := fences{lines, map[string][]int{}}
	for i, line := range lines {
		if space, ticks := fence(line); ticks > 0 {
			f.byStart[space] = append(f.byStart[space], i)
		}
	}
	return f
}

// end returns the line that closes the code block that begins at line i. It returns i if none
// begins there or if it is never closed, which open tells.
func (f fences) end(i int) (last int, open bool) {
	space, ticks := fence(f.lines[i])
	if ticks == 0 {
		return i, false
	}
	same := f.byStart[space]
	for _, j := range same[1+sort.SearchInts(same, i):] {
		if _, n := fence(f.lines[j]); n >= ticks {
			return j, false
		}
	}
	return i, true
}

// fence returns the white space that begins a line and the number of backticks below, 0 for less
// than three.
func fence(line string) (space string, ticks int) {
	text := strings.TrimLeft(line, " \t")
	ticks = len(text) - len(strings.TrimLeft(text, "`"))
	if ticks < 3 {
		return "", 0
	}
	return line[:len(line)-len(text)], ticks
}

// revealBreak stands between two slides of reveal.js.
const revealBreak = "\n---\n"

func splitReveal(lines []string) [][]string {
	var slides [][]string
	for slide := range strings.SplitSeq(strings.Join(lines, "\n"), revealBreak) {
		slides = append(slides, strings.Split(slide, "\n"))
	}
	return slides
}

// splitMarp cuts at every thematic break, and before the headings of the divider's levels.
func splitMarp(lines []string, divider []int) [][]string {
	text := strings.Join(lines, "\n")
	outline := html.NewOutline(text)
	cuts := slices.Clone(outline.Breaks)
	for _, h := range outline.Headings {
		if slices.Contains(divider, h.Level) && strings.TrimSpace(styles.ReplaceAllString(withoutComments(text[:h.Start]), "")) != "" {
			cuts = append(cuts, html.Span{Start: h.Start, End: h.Start})
		}
	}
	slices.SortFunc(cuts, func(a, b html.Span) int { return a.Start - b.Start })
	var slides [][]string
	start := 0
	for _, cut := range cuts {
		slides = append(slides, strings.Split(text[start:cut.Start], "\n"))
		start = cut.End
	}
	return append(slides, strings.Split(text[start:], "\n"))
}

// styles matches the elements that Marp takes out of the text.
var styles = regexp.MustCompile(`(?is)<style\b.*?</style\s*>`)

// headingLevels returns the levels at which the headingDivider in a deck divides: all up to a
// number, or those in a list.
func headingLevels(fields []markdown.Field, body string) []int {
	for _, c := range comments(body) {
		if isDirective(c.inner) {
			fields = append(fields, fieldsOf(strings.Split(strings.TrimSpace(c.inner), "\n"))...)
		}
	}
	var levels []int
	for _, f := range fields {
		if strings.TrimPrefix(f.Key, "$") != "headingDivider" {
			continue
		}
		levels = nil
		if n, err := strconv.Atoi(f.Value); err == nil && f.Scalar && n <= 6 {
			for level := 1; level <= n; level++ {
				levels = append(levels, level)
			}
		}
		for _, element := range f.List {
			if n, err := strconv.Atoi(element); err == nil {
				levels = append(levels, n)
			}
		}
	}
	return levels
}

// disarm changes the lines in the text of a slide that would end the slide. Slidev and reveal.js do
// not see a --- that is one space further in; for Marp it becomes an <hr>.
func disarm(text string, as Dialect) string {
	if as == Marp {
		return disarmMarp(text)
	}
	lines := strings.Split(text, "\n")
	scan := newScanner(slices.Clone(lines))
	for i := 0; i < len(lines); i++ {
		isBreak := lines[i] == "---"
		if as == Slidev {
			i, isBreak = scan.next(i)
		}
		if isBreak {
			lines[i] = " " + lines[i]
		}
	}
	return strings.Join(lines, "\n")
}

// rearm undoes what disarm does for Slidev and reveal.js.
func rearm(text string, as Dialect) string {
	if as == Marp || !strings.Contains(text, " ---") {
		return text
	}
	lines := strings.Split(text, "\n")
	scan := newScanner(slices.Clone(lines))
	for i := 0; i < len(lines); i++ {
		if as == Reveal && lines[i] == " ---" || as == Slidev && !scan.inComment && strings.HasPrefix(lines[i], " ---") {
			lines[i] = lines[i][1:]
		}
		if as == Slidev {
			i, _ = scan.next(i)
		}
	}
	return strings.Join(lines, "\n")
}

func disarmMarp(text string) string {
	var b strings.Builder
	at := 0
	for _, rule := range html.NewOutline(text).Breaks {
		b.WriteString(text[at:rule.Start] + "<hr>")
		if !strings.HasPrefix(text[rule.End:], "\n\n") && rule.End < len(text) {
			b.WriteString("\n")
		}
		at = rule.End
	}
	return b.String() + text[at:]
}

// closeBlocks ends the code, comment or element that a slide leaves open, so that it does not
// extend over the next slides.
func closeBlocks(text string, as Dialect) string {
	if as == Reveal {
		return text
	}
	ends := slices.Concat([]string{""}, longestFences(text), scanAll(text).open,
		[]string{"-->", "</style>", "</script>", "</pre>", "</textarea>", "?>", "]]>", ">"})
	for _, first := range ends {
		for _, second := range ends {
			end := strings.TrimRight("\n"+first+"\n"+second, "\n")
			if isClosed(text+end, as) && isClosed(text+end, Marp) {
				return text + end
			}
		}
	}
	for _, end := range ends { // not all that is open for CommonMark is open for Slidev
		if isClosed(text+"\n"+end, as) {
			return text + "\n" + end
		}
	}
	return text
}

// longestFences returns the longest runs of backticks and of tildes that begin a line.
func longestFences(text string) []string {
	ticks, tildes := "```", "~~~"
	for line := range strings.SplitSeq(text, "\n") {
		mark := strings.TrimLeft(line, " \t")
		ticks = longer(ticks, mark[:len(mark)-len(strings.TrimLeft(mark, "`"))])
		tildes = longer(tildes, mark[:len(mark)-len(strings.TrimLeft(mark, "~"))])
	}
	return []string{ticks, tildes}
}

// escapeComment replaces the mark of a comment that begins within a line and is never closed. It is
// text, but for Slidev the rest of the deck is a comment.
func escapeComment(text string) string {
	open := strings.LastIndex(text, "<!--")
	if open <= 0 || text[open-1] == '\n' || strings.Contains(text[open:], "-->") {
		return text
	}
	return text[:open] + "&lt;!--" + text[open+len("<!--"):]
}

func longer(a, b string) string {
	if len(b) > len(a) {
		return b
	}
	return a
}

// isClosed reports whether a slide below the text is read as one.
func isClosed(text string, as Dialect) bool {
	if as == Marp {
		slides := splitMarp(strings.Split(text+"\n\n---\n\nx", "\n"), nil)
		return strings.Join(slides[len(slides)-1], "") == "x"
	}
	scan := scanAll(text)
	return len(scan.open) == 0 && !scan.inComment
}

// scanAll reads a text to its end.
func scanAll(text string) *scanner {
	lines := strings.Split(text, "\n")
	scan := newScanner(lines)
	for i := 0; i < len(lines); i++ {
		i, _ = scan.next(i)
	}
	return scan
}
