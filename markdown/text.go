package markdown

import "strings"

// Normalise returns the text as valid UTF-8 with LF as the line end. A byte that is not UTF-8 and
// NUL become U+FFFD; byte order marks go, also within the text, where a joined file has them.
func Normalise(text string) string {
	text = strings.ToValidUTF8(text, "\uFFFD")
	return newlines.Replace(text)
}

var newlines = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\x00", "\uFFFD", "\uFEFF", "")

// SingleLine returns the words of the text with single spaces between them.
func SingleLine(text string) string {
	return strings.Join(strings.FieldsFunc(Normalise(text), func(r rune) bool {
		return r == ' ' || '\t' <= r && r <= '\r'
	}), " ")
}

// IsBlank reports whether the line has only spaces and tabs.
func IsBlank(line string) bool { return strings.Trim(line, " \t") == "" }

// TrimLines returns the lines without the blank ones at both ends.
func TrimLines(lines []string) []string {
	for len(lines) > 0 && IsBlank(lines[0]) {
		lines = lines[1:]
	}
	for len(lines) > 0 && IsBlank(lines[len(lines)-1]) {
		lines = lines[:len(lines)-1]
	}
	return lines
}
