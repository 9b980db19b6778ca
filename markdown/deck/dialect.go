package deck

import (
	"cmp"
	"regexp"
	"strings"

	"flightdeck/markdown"
)

// Dialect is the program for which a deck is written.
type Dialect string

// These are the programs whose decks are read and written.
const (
	Slidev Dialect = "SLIDEV"
	Marp   Dialect = "MARP"
	Reveal Dialect = "REVEAL"
)

// Valid reports whether the dialect is one of the known ones.
func (d Dialect) Valid() bool { return d == Slidev || d == Marp || d == Reveal }

// The keys of front matter that only one of the programs knows.
var (
	slidevKeys = keySet(`addons aspectRatio browserExporter canvasWidth codeCopy colorSchema comark contextMenu defaults
		download drawings duration editor exportFilename favicon fonts highlighter htmlAttrs info layout lineNumbers
		magicMoveCopy magicMoveDuration mdc monaco monacoTypesAdditionalPackages monacoTypesSource plantUmlServer
		preloadImages presenter record remote remoteAssets routerMode selectable seoMeta themeConfig titleTemplate
		twoslash wakeLock clicks hideInToc`)
	marpKeys = keySet(`marp headingDivider paginate header footer style size math backgroundColor backgroundImage
		backgroundPosition backgroundRepeat color _class _paginate _header _footer _backgroundColor _backgroundImage
		_backgroundPosition _backgroundRepeat _backgroundSize _color`)
	revealKeys = keySet(`revealOptions separator verticalSeparator notesSeparator highlightTheme`)
)

func keySet(names string) map[string]bool {
	set := map[string]bool{}
	for _, name := range strings.Fields(names) {
		set[name] = true
	}
	return set
}

// The texts that only one of the programs gives a meaning.
var (
	revealSign = regexp.MustCompile(`<!--\s*\.(?:slide|element)\b|<aside\s[^>]*class=["']?notes\b|class="[^"]*\bfragment\b`)
	marpSign   = regexp.MustCompile(`(?m)!\[bg[ \]]|^#{1,6} .*<!-- *fit *-->|<!--\s*_?(?:class|paginate|header|footer|color|background[A-Z]\w+|headingDivider)\s*:`)
	slidevSign = regexp.MustCompile(`(?m)<v-\w+|\bv-click\b|^::\w+::|^---\n(?:layout|transition|class|background|level|clicks|hideInToc|src|hide):|^<<< @/`)
)

// Detect returns the dialect of a deck: that of the keys of its front matter, or else that of the
// text. A deck that every program reads is Slidev's.
func Detect(text string) Dialect {
	text = markdown.Normalise(text)
	lines := strings.Split(text, "\n")
	head := findHead(lines, "")
	switch {
	case head.err != nil:
		return Slidev
	case len(head.lines) > 0 && isDialectMark(head.lines[0]):
		return Dialect(strings.ToUpper(strings.TrimPrefix(head.lines[0], "# ")))
	}
	if as := detectKeys(head); as != "" {
		return as
	}
	body := strings.Join(lines[head.length:], "\n")
	as := detectSigns(body)
	switch {
	case as != "":
		return as
	case !head.exists && endsInNotes(body):
		return Reveal
	}
	return Slidev
}

// detectSigns returns the dialect that the text of slides tells, or "".
func detectSigns(body string) Dialect {
	switch {
	case slidevSign.MatchString(body):
		return Slidev
	case revealSign.MatchString(body):
		return Reveal
	case marpSign.MatchString(body):
		return Marp
	}
	return ""
}

// detectKeys returns the dialect that the keys of a deck's front matter tell, or "".
func detectKeys(head head) Dialect {
	var slidev, marp, reveal int
	for _, f := range head.fields {
		switch {
		case f.Key == "marp" && f.Value == "true":
			return Marp
		case slidevKeys[f.Key]:
			slidev++
		case marpKeys[f.Key] && f.Key != "marp":
			marp++
		case revealKeys[f.Key]:
			reveal++
		}
	}
	switch {
	case reveal > 0:
		return Reveal
	case slidev > 0:
		return Slidev
	case marp > 0, head.onlyMarp:
		return Marp
	}
	return ""
}

// endsInNotes reports whether a text looks like a deck of reveal.js: no slide has several
// paragraphs that begin with Note:, and one ends in such a paragraph.
func endsInNotes(body string) bool {
	ends := false
	for slide := range strings.SplitSeq(body, revealBreak) {
		marks := noteMark.FindAllStringIndex(slide, -1)
		if len(marks) > 1 {
			return false
		}
		if len(marks) == 1 {
			at := marks[0]
			separate := at[0] == 0 || strings.Contains(slide[at[0]:at[1]], "\n") || endsBlock(slide[:at[0]])
			below := strings.TrimSpace(slide[at[1]:])
			ends = ends || separate && !strings.Contains(below, "\n\n")
		}
	}
	return ends
}

var blockLine = regexp.MustCompile(`^\s*(?:[-*+]|[0-9]+[.)]|#{1,6})\s`)

// endsBlock reports whether the last line of a text is a list item or a heading.
func endsBlock(text string) bool {
	text = strings.TrimRight(text, "\n")
	return blockLine.MatchString(text[1+strings.LastIndexByte(text, '\n'):])
}

// own returns the dialect in which a deck is written when none is asked for: that of the keys of
// its front matter, or else of its slides, or else Slidev's.
func own(d Deck) Dialect {
	as := detectKeys(head{fields: fieldsOf(splitLines(d.Extra))})
	if as != "" {
		return as
	}
	var all strings.Builder
	for _, s := range d.Slides {
		all.WriteString(s.Content + "\n\n")
	}
	return cmp.Or(detectSigns(all.String()), Slidev)
}
