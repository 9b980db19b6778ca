package deck

import (
	"regexp"
	"strings"
)

var entity = regexp.MustCompile(`&[#0-9A-Za-z]+;`)

// escapeInline escapes plain text for a heading, so that it reads back as the same text.
func escapeInline(plain string) string {
	plain = strings.ReplaceAll(plain, `\`, `\\`)
	plain = entity.ReplaceAllString(plain, `\$0`)
	var b strings.Builder
	for i := range len(plain) {
		if strings.HasPrefix(plain[i:], "<!--") { // for Slidev also a comment behind a backslash
			b.WriteString("&lt;")
			continue
		}
		if isMarkup(plain, i) {
			b.WriteByte('\\')
		}
		b.WriteByte(plain[i])
	}
	return b.String()
}

// isMarkup reports whether the byte at i is markup in the text of a heading: _ outside words, # at
// the beginning of a word.
func isMarkup(plain string, i int) bool {
	switch plain[i] {
	case '`', '*', '[', ']', '<', '~':
		return true
	case '_':
		return i == 0 || i == len(plain)-1 || !isWord(plain[i-1]) || !isWord(plain[i+1])
	case '#':
		return i == 0 || plain[i-1] == ' '
	}
	return false
}

func isWord(c byte) bool {
	return '0' <= c && c <= '9' || 'A' <= c && c <= 'Z' || 'a' <= c && c <= 'z'
}
