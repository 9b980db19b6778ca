package web

import (
	"bytes"
	"strconv"
	"unicode"
	"unicode/utf16"
)

// escapeLen is the length of an escape such as \ud83d.
const escapeLen = 6

// hasHalfPair reports whether valid JSON escapes half of a surrogate pair. It is no
// character, UTF-8 has no bytes for it (RFC 3629, 3), and encoding/json puts U+FFFD
// in its place without saying so.
func hasHalfPair(text []byte) bool {
	for {
		at := bytes.IndexByte(text, '\\')
		if at < 0 {
			return false
		}
		text = text[at:]
		r := escaped(text)
		switch {
		case r < 0:
			text = text[2:]
			continue
		case utf16.IsSurrogate(r):
			if utf16.DecodeRune(r, escaped(text[escapeLen:])) == unicode.ReplacementChar {
				return true
			}
			text = text[escapeLen:]
		}
		text = text[escapeLen:]
	}
}

// escaped returns the code unit of an escape of four digits that text begins with,
// -1 where it begins with something else.
func escaped(text []byte) rune {
	if len(text) < escapeLen || text[0] != '\\' || text[1] != 'u' {
		return -1
	}
	unit, err := strconv.ParseUint(string(text[2:escapeLen]), 16, 16)
	if err != nil {
		return -1
	}
	return rune(unit)
}
