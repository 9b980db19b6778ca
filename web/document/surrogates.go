package document

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/vektah/gqlparser/v2/gqlerror"
)

// checkSurrogates returns an error for the first string of a document that has an escape of half a
// surrogate pair, which is no character. The parser replaces such an escape by U+FFFD.
func checkSurrogates(text string) *gqlerror.Error {
	if !strings.Contains(text, `\u`) {
		return nil
	}
	for i := 0; i < len(text); {
		switch {
		case text[i] == '#':
			i += lineLength(text[i:])
		case strings.HasPrefix(text[i:], `"""`):
			i += blockLength(text[i:])
		case text[i] == '"':
			length, lone := scanString(text[i:])
			if lone > 0 {
				line := strings.Count(text[:i], "\n") + 1
				column := utf8.RuneCountInString(text[strings.LastIndexByte(text[:i], '\n')+1:i+lone]) + 1
				return gqlerror.ErrorLocf("", line, column, "Invalid Unicode escape sequence: %q is half of a pair.", text[i+lone:i+lone+6])
			}
			i += length
		default:
			i++
		}
	}
	return nil
}

// lineLength returns the length of the first line.
func lineLength(text string) int {
	if end := strings.IndexAny(text, "\r\n"); end >= 0 {
		return end
	}
	return len(text)
}

// blockLength returns the length of the block string that a text begins with.
func blockLength(text string) int {
	for i := 3; i < len(text); i++ {
		switch {
		case strings.HasPrefix(text[i:], `\"""`):
			i += 3
		case strings.HasPrefix(text[i:], `"""`):
			return i + 3
		}
	}
	return len(text)
}

// scanString returns the length of the string that a text begins with, and the place of its first
// escape of half a surrogate pair, 0 for none.
func scanString(text string) (length, lone int) {
	for i := 1; i < len(text); i++ {
		switch text[i] {
		case '"', '\r', '\n':
			return i + 1, 0
		case '\\':
			switch half := surrogate(text[i:]); {
			case half == 0:
				i++
			case half < 0xDC00 && surrogate(text[i+6:]) >= 0xDC00:
				i += 11
			default:
				return 0, i
			}
		}
	}
	return len(text), 0
}

// surrogate returns the half of a pair that an escape at the beginning of a text names, 0 for none.
func surrogate(text string) int64 {
	if len(text) < 6 || text[0] != '\\' || text[1] != 'u' {
		return 0
	}
	half, err := strconv.ParseInt(text[2:6], 16, 32)
	if err != nil || half < 0xD800 || half > 0xDFFF {
		return 0
	}
	return half
}
