package deck

import (
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
//	#| layout: cover
//	# first slide
//	layout: center
//	---
//
// The lines below markdown.FirstSlideMark belong to the first slide. YAML forbids a repeated key:
// the line of the deck is then hidden in a comment that begins with markdown.Hidden, and Parse
// restores it.
type headmatter struct {
	title, description, theme string
	extra                     string
	first                     []string // the YAML lines of the first slide
}

// parseHead reads the headmatter and returns the lines below it. A --- at the top without
// headmatter opens the first slide and is dropped.
func parseHead(lines []string) (headmatter, []string, error) {
	top := 0
	for top < len(lines)-1 && markdown.IsBlank(lines[top]) {
		top++
	}
	lines = lines[top:]
	n, fields, err := markdown.DeckFrontMatter(lines, top+1)
	switch {
	case err != nil:
		return headmatter{}, nil, err
	case n > 0:
		return readHead(lines[1:n-1], fields), lines[n:], nil
	case markdown.IsRule(lines[0]):
		return headmatter{}, lines[1:], nil
	}
	return headmatter{}, lines, nil
}

func readHead(lines []string, fields []markdown.Field) headmatter {
	var h headmatter
	own := slices.Index(lines, markdown.FirstSlideMark)
	if own >= 0 {
		h.first = markdown.TrimLines(unhide(lines[own+1:]))
		lines = lines[:own]
	}
	extra := slices.Clone(lines)
	for _, f := range slices.Backward(fields) {
		target := h.target(f.Key)
		if f.First >= len(lines) || target == nil || !f.Scalar {
			continue
		}
		*target = f.Value
		extra = slices.Delete(extra, f.First, min(f.Last+1, len(extra)))
	}
	h.title, h.theme = markdown.SingleLine(h.title), markdown.SingleLine(h.theme)
	h.description = trimText(h.description)
	h.extra = strings.Join(markdown.TrimLines(unhide(extra)), "\n")
	return h
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

// withFirst adds the front matter of the first slide, and drops the title of the deck if it equals
// that of the slide.
func (h headmatter) withFirst(s writtenSlide) headmatter {
	h.first = s.front
	if h.title == s.title {
		h.title = ""
	}
	return h
}

// format writes the block with its ---, or nothing if it is empty. It hides lines that would not
// read back unchanged: lines with a repeated key, or else all extra lines, or else those of the
// first slide too.
func (h headmatter) format() string {
	modelled := h.modelledLines()
	extra := splitLines(h.extra)
	own := slices.Clone(h.first)
	attempts := [][2][]string{
		{hideKeys(extra, append(keysOf(own), "title", "description", "theme")), hideKeys(own, keysOf(modelled))},
		{hideAll(extra), hideKeys(own, keysOf(modelled))},
		{hideAll(extra), hideAll(own)},
	}
	var block string
	for _, attempt := range attempts {
		lines := slices.Concat(modelled, attempt[0])
		if len(own) > 0 {
			lines = append(append(lines, markdown.FirstSlideMark), attempt[1]...)
		}
		if len(lines) == 0 {
			return ""
		}
		block = "---\n" + strings.Join(lines, "\n") + "\n---\n"
		if h.readsBackFrom(block) {
			break
		}
	}
	return block
}

func (h headmatter) readsBackFrom(block string) bool {
	got, _, err := parseHead(strings.Split(block, "\n"))
	return err == nil && got.title == h.title && got.description == h.description && got.theme == h.theme &&
		got.extra == h.extra && slices.Equal(got.first, h.first)
}

func (h headmatter) modelledLines() []string {
	var lines []string
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

func isHidden(line string) bool { return strings.HasPrefix(line, markdown.Hidden) }

func hide(line string) string {
	if line == "" {
		return markdown.Hidden
	}
	return markdown.Hidden + " " + line
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
		if isHidden(line) || line == markdown.FirstSlideMark {
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
		if rest, ok := strings.CutPrefix(line, markdown.Hidden); ok {
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

func joinFrontMatter(front []string, body string) string {
	if len(front) == 0 {
		return body
	}
	block := "---\n" + strings.Join(front, "\n") + "\n---"
	if body == "" {
		return block
	}
	return block + "\n\n" + body
}
