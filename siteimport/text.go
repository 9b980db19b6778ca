package siteimport

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"

	"flightdeck/domain"
	"flightdeck/gitimport"
)

// MaxFileBytes is the size of the largest file that can become a page: a text in UTF-16, which has
// twice as many bytes as its UTF-8, and a byte order mark.
const MaxFileBytes = 2*domain.MaxContentBytes + 2

// The encodings from which decode repairs a text.
const (
	windows1252 = "Windows-1252"
	utf16       = "UTF-16"
)

// decode returns the text of a changed file. Text in UTF-8 stays as it is, and encoding is "". Text
// that is plainly in another encoding is converted, and encoding names that. The error of any other
// file is domain.Invalid.
func decode(c gitimport.Change) (text, encoding string, err error) {
	if c.Content == nil {
		return "", "", tooLarge(c.Size)
	}
	switch {
	case bytes.HasPrefix(c.Content, []byte{0xFF, 0xFE}), bytes.HasPrefix(c.Content, []byte{0xFE, 0xFF}):
		text, encoding = fromUTF16(c.Content), utf16
	case utf8.Valid(c.Content):
		text = string(c.Content)
	default:
		text, encoding = fromWindows1252(c.Content), windows1252
	}
	switch {
	case text == "" && encoding != "":
		return "", "", domain.Errorf(domain.Invalid, "it is not in UTF-8, and not plainly in another encoding: convert it with iconv")
	case strings.ContainsRune(text, 0):
		return "", "", domain.Errorf(domain.Invalid, "it contains a NUL character, as binary files do")
	case len(text) > domain.MaxContentBytes:
		return "", "", tooLarge(len(text))
	}
	return text, encoding, nil
}

func tooLarge(size int) error {
	return domain.Errorf(domain.Invalid, "it has %d bytes: at most %d are allowed", size, domain.MaxContentBytes)
}

// fromUTF16 converts UTF-16 with a byte order mark; "" if it has odd or unpaired parts.
func fromUTF16(content []byte) string {
	text, err := unicode.UTF16(unicode.LittleEndian, unicode.ExpectBOM).NewDecoder().Bytes(content)
	if err != nil || bytes.ContainsRune(text, utf8.RuneError) {
		return ""
	}
	return string(text)
}

// Bounds of text that is plainly Windows-1252: Western text has few letters beyond ASCII in a row,
// and few in all. Text in the encodings of Cyrillic, Greek or East Asian scripts has many.
const (
	maxRun   = 3
	fewBytes = 8 // however short the text is
	maxShare = 4 // one byte in maxShare
)

// fromWindows1252 converts text in Windows-1252, of which Latin-1 is a part, or text in UTF-8 into
// which single bytes of it were put; "" if the content is neither.
func fromWindows1252(content []byte) string {
	var out strings.Builder
	out.Grow(len(content) + len(content)/maxShare)
	bad, run, longest, mixed := 0, 0, 0, false
	for rest := content; len(rest) > 0; {
		r, size := utf8.DecodeRune(rest)
		switch {
		case r == utf8.RuneError && size == 1:
			if r = charmap.Windows1252.DecodeByte(rest[0]); r == utf8.RuneError || !utf8.FullRune(rest) && len(rest) > 1 {
				return "" // no character, or the text is cut within one
			}
			bad++
			run++
			longest = max(longest, run)
		case size > 1:
			mixed = true
			run++
		case r < ' ' && !strings.ContainsRune("\t\n\v\f\r", r):
			return ""
		default:
			run = 0
		}
		out.WriteRune(r)
		rest = rest[size:]
	}
	if longest > maxRun || mixed && longest > 1 || bad > fewBytes+len(content)/maxShare {
		return ""
	}
	return out.String()
}
