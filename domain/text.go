package domain

import (
	"encoding/json"
	"errors"
	"net/mail"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// The limits of fields, in bytes if the name says so, else in characters.
const (
	MaxTitle        = 300
	MaxSlug         = 200
	MaxDescription  = 2000
	MaxContentBytes = 4 << 20
	MaxNotesBytes   = 64 << 10
	MaxTheme        = 100
	MaxTags         = 50
	MaxTag          = 64
	MaxSlides       = 1000
	MaxDisplayName  = 100
	MaxEmail        = 254 // RFC 5321, 4.5.3.1.3, less the angle brackets
)

// slugPattern matches segments of lower-case letters, digits and single hyphens, separated by
// slashes, as in a path of a site.
var slugPattern = regexp.MustCompile(`^[a-z0-9]+(?:[-_.][a-z0-9]+)*(?:/[a-z0-9]+(?:[-_.][a-z0-9]+)*)*$`)

// checkText refuses text that cannot be stored unchanged: invalid UTF-8, and NUL, which databases
// and JSON tools cut or change.
func checkText(field, s string) *Error {
	switch {
	case !utf8.ValidString(s):
		return Errorf(Invalid, "%s is not valid UTF-8: send text, not bytes of another encoding", field).At(field)
	case strings.ContainsRune(s, 0):
		return Errorf(Invalid, "%s contains a NUL character: remove it", field).At(field)
	}
	return nil
}

// checkLine is checkText for a line of one to most characters.
func checkLine(field, s string, most int) *Error {
	if e := checkText(field, s); e != nil {
		return e
	}
	if !IsVisible(s) {
		return Errorf(Invalid, "%s is empty: give at least one character that can be seen", field).At(field)
	}
	return checkLength(field, s, most)
}

// IsVisible reports whether a text has a character that can be seen: no space, no control or format
// character such as U+200B, no mark without a letter, no filler.
func IsVisible(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool {
		return unicode.In(r, unicode.L, unicode.N, unicode.P, unicode.S, unicode.Co) &&
			!unicode.Is(unicode.Other_Default_Ignorable_Code_Point, r) && r != '\u2800' // a Braille cell without dots
	})
}

// checkLength refuses text of more than most characters.
func checkLength(field, s string, most int) *Error {
	if n := utf8.RuneCountInString(s); n > most {
		return Errorf(Invalid, "%s has %d characters: at most %d are allowed", field, n, most).At(field)
	}
	return nil
}

// checkOptional is checkText for a text of up to most characters that may be absent.
func checkOptional(field string, s *string, most int) *Error {
	if s == nil {
		return nil
	}
	if e := checkText(field, *s); e != nil {
		return e
	}
	return checkLength(field, *s, most)
}

// checkBytes is checkText for a long text, limited in bytes.
func checkBytes(field, s string, most int) *Error {
	if len(s) > most {
		return Errorf(Invalid, "%s has %d bytes: at most %d are allowed", field, len(s), most).At(field)
	}
	return checkText(field, s)
}

// checkContent is checkBytes for the text of a content, which must have the form that its format
// names.
func checkContent(s string, format ContentFormat) *Error {
	if e := checkBytes("content", s, MaxContentBytes); e != nil || format != JSON {
		return e
	}
	return checkJSON("content", s)
}

// checkJSON refuses a text that is not one JSON text (RFC 8259). The fault names the field that
// chose the format or the text.
func checkJSON(field, content string) *Error {
	var text json.RawMessage
	err := json.Unmarshal([]byte(content), &text)
	if err == nil {
		return nil
	}
	at := int64(len(content))
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		at = syntax.Offset
	}
	return Errorf(Invalid, "content is not valid JSON at byte %d: correct it, or choose another format", at).At(field)
}

func checkSlug(s string) *Error {
	if e := checkLine("slug", s, MaxSlug); e != nil {
		return e
	}
	if !slugPattern.MatchString(s) {
		return Errorf(Invalid, "slug %q is not usable in an address: use a-z, 0-9 and single hyphens, such as my-first-page", s).At("slug")
	}
	return nil
}

func checkTags(tags []string) *Error {
	if len(tags) > MaxTags {
		return Errorf(Invalid, "%d tags are too many: at most %d are allowed", len(tags), MaxTags).At("tags")
	}
	for _, tag := range tags {
		if e := checkLine("tags", tag, MaxTag); e != nil {
			return e
		}
	}
	return nil
}

// normalTags trims the tags and keeps the first of equal tags, in order. It returns nil for nil.
func normalTags(tags []string) []string {
	if tags == nil {
		return nil
	}
	seen := make(map[string]bool, len(tags))
	out := make([]string, 0, len(tags))
	for _, tag := range tags {
		tag = strings.TrimSpace(tag)
		if !seen[tag] {
			seen[tag] = true
			out = append(out, tag)
		}
	}
	return out
}

// ClipName makes a display name of a text from elsewhere: one line without control characters, cut
// to the allowed length; "" if nothing is left.
func ClipName(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case !unicode.IsPrint(r) || r == utf8.RuneError:
			return -1
		}
		return r
	}, s)
	s = strings.TrimSpace(s)
	if runes := []rune(s); len(runes) > MaxDisplayName {
		s = strings.TrimSpace(string(runes[:MaxDisplayName]))
	}
	return s
}

func checkEmail(s string) *Error {
	if e := checkLine("email", s, MaxEmail); e != nil {
		return e
	}
	address, err := mail.ParseAddress(s)
	if err != nil || address.Address != s || address.Name != "" {
		return Errorf(Invalid, "email %q is not an address: write it as name@example.org", s).At("email")
	}
	return nil
}
