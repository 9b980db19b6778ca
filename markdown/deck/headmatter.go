package deck

import (
	"cmp"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"flightdeck/markdown"
)

// headmatter is the front matter at the top of a deck. In Slidev it is the front matter of the
// first slide at the same time, so that both are written into one block:
//
//	---
//	title: A deck
//	theme: seriph
//	layout: cover
//	---
//
// The keys of slideKeys belong to the first slide, all others to the deck. Where that division is
// not the right one, or where a key is there twice, the lines below firstSlideMark belong to the
// first slide. YAML forbids a repeated key: the line of the deck is then hidden in a comment that
// begins with hidden, and Parse restores it.
type headmatter struct {
	title, description, theme string
	extra                     string
	first                     []string // the YAML lines of the first slide
	spots                     []string // lines of comments with Marp's directives for the first slide
	dialect                   Dialect
	mark                      string // a comment that names the dialect, if nothing else tells it
}

const (
	firstSlideMark = "# first slide"
	hidden         = "#|"
)

// slideKeys are the keys of Slidev's front matter that act on one slide, with those of the layouts
// that Slidev has. transition is none of them: at the top of a deck it is the one of all slides.
var slideKeys = keySet(`layout class background backgroundSize image url scale hide disabled clicks clicksStart level
	hideInToc name routeAlias src zoom preload dragPos clickAnimation`)

// defaultTheme is the theme of every program if none is named.
const defaultTheme = "default"

// dialectMark returns the comment that names a dialect.
func dialectMark(as Dialect) string { return "# " + strings.ToLower(string(as)) }

func isDialectMark(line string) bool { return line == dialectMark(Slidev) || line == dialectMark(Marp) }

// readHead reads the front matter of a deck.
func readHead(found head, as Dialect) headmatter {
	h := headmatter{dialect: as}
	lines := found.lines
	own := slices.Index(lines, firstSlideMark)
	if own >= 0 {
		h.first = markdown.TrimLines(unhide(lines[own+1:]))
		lines = lines[:own]
	}
	extra := slices.Clone(lines)
	for _, f := range slices.Backward(found.fields) {
		if f.First >= len(lines) {
			continue
		}
		text := extra[f.First:min(f.Last+1, len(extra))]
		target := h.target(f.Key)
		switch {
		case target != nil && f.Scalar:
			*target = cmp.Or(*target, f.Value) // of a repeated key the last value counts
		case own < 0 && as == Slidev && slideKeys[f.Key]:
			h.first = slices.Concat(text, h.first)
		case as == Marp && strings.HasPrefix(f.Key, "_") && directives[f.Key[1:]]:
			h.spots = slices.Concat(directive(text), h.spots)
		default:
			continue
		}
		extra = slices.Delete(extra, f.First, f.First+len(text))
	}
	if len(extra) > 0 && isDialectMark(extra[0]) {
		extra = extra[1:]
	}
	h.title, h.theme = markdown.SingleLine(h.title), markdown.SingleLine(h.theme)
	h.description = trimText(h.description)
	h.extra = strings.Join(markdown.TrimLines(unhide(extra)), "\n")
	return h
}

// directive returns a comment that holds lines of front matter as directives.
func directive(lines []string) []string {
	if len(lines) == 1 {
		return []string{"<!-- " + lines[0] + " -->"}
	}
	return slices.Concat([]string{"<!--"}, lines, []string{"-->"})
}

// target returns the field of a Deck that a key sets, or nil.
func (h *headmatter) target(key string) *string {
	switch key {
	case "title":
		return &h.title
	case "description":
		return &h.description
	case "theme":
		return &h.theme
	}
	return nil
}

// format writes the block with its ---, or nothing if it is empty. It hides lines that would not
// read back unchanged: lines with a repeated key, or else all extra lines, or else those of the
// first slide too.
func (h headmatter) format() string {
	modelled := h.modelledLines()
	extra := splitLines(h.extra)
	own := slices.Clone(h.first)
	if len(modelled)+len(extra)+len(own) == 0 {
		return ""
	}
	mark := []string{firstSlideMark}
	attempts := [][]string{
		slices.Concat(modelled, extra, own),
		slices.Concat(modelled, hideKeys(extra, append(keysOf(own), "title", "description", "theme")), mark, hideKeys(own, keysOf(modelled))),
		slices.Concat(modelled, hideAll(extra), mark, hideKeys(own, keysOf(modelled))),
		slices.Concat(modelled, hideAll(extra), mark, hideAll(own)),
	}
	var block string
	for _, lines := range attempts {
		block = "---\n" + strings.Join(lines, "\n") + "\n---\n"
		if h.readsBackFrom(block) {
			break
		}
	}
	return block
}

func (h headmatter) readsBackFrom(block string) bool {
	found := findHead(strings.Split(block, "\n"), h.dialect)
	got := readHead(found, h.dialect)
	return found.err == nil && got.title == h.title && got.description == h.description && got.theme == h.theme &&
		got.extra == h.extra && slices.Equal(got.first, h.first) && len(got.spots) == 0
}

func (h headmatter) modelledLines() []string {
	var lines []string
	if h.mark != "" {
		lines = append(lines, h.mark)
	}
	for _, key := range []string{"title", "description", "theme"} {
		if value := *h.target(key); value != "" {
			lines = append(lines, key+": "+yamlScalar(value))
		}
	}
	return lines
}

// plainScalar matches the scalars that every YAML version reads as a string.
var (
	plainScalar = regexp.MustCompile(`^\p{L}[\p{L}\p{N} ,.()/'!?&+_-]*[\p{L}\p{N}.)!?]$`)
	yamlWord    = regexp.MustCompile(`(?i)^(?:true|false|null|yes|no|on|off)$`)
)

// yamlScalar writes text on one line. Go's escapes are those of YAML; --- is avoided, since Slidev
// ends front matter at --- even inside a line.
func yamlScalar(text string) string {
	if plainScalar.MatchString(text) && !yamlWord.MatchString(text) && !strings.Contains(text, "---") {
		return text
	}
	return strings.ReplaceAll(strconv.Quote(text), "---", `-\x2d-`)
}

func isHidden(line string) bool { return strings.HasPrefix(line, hidden) }

func hide(line string) string {
	if line == "" {
		return hidden
	}
	return hidden + " " + line
}

// hideKeys hides the fields with these keys, and every line that unhide would change; it hides all
// lines if they are no YAML fields.
func hideKeys(lines, keys []string) []string {
	fields, err := markdown.Fields(lines)
	if err != nil || len(fields) == 0 {
		return hideAll(lines)
	}
	lines = slices.Clone(lines)
	for i, line := range lines {
		if isHidden(line) || line == firstSlideMark {
			lines[i] = hide(line)
		}
	}
	for _, f := range fields {
		if slices.Contains(keys, f.Key) {
			copy(lines[f.First:f.Last+1], hideAll(lines[f.First:f.Last+1]))
		}
	}
	return lines
}

func hideAll(lines []string) []string {
	hid := make([]string, len(lines))
	for i, line := range lines {
		hid[i] = hide(line)
	}
	return hid
}

func unhide(lines []string) []string {
	shown := make([]string, len(lines))
	for i, line := range lines {
		shown[i] = line
		if rest, ok := strings.CutPrefix(line, hidden); ok {
			shown[i] = strings.TrimPrefix(rest, " ")
		}
	}
	return shown
}

func keysOf(lines []string) []string {
	fields, _ := markdown.Fields(lines) //nolint:errcheck // lines that are no fields have no keys
	var keys []string
	for _, f := range fields {
		keys = append(keys, f.Key)
	}
	return keys
}
