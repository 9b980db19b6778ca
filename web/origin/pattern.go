package origin

import (
	"slices"
	"strings"
)

// pattern is a text in lower case, with one * at most.
type pattern struct {
	before, behind string // the *
	wild           bool   // there is a *
}

func newPattern(text string) pattern {
	before, behind, wild := strings.Cut(strings.ToLower(text), "*")
	return pattern{before, behind, wild}
}

// anyMatches reports whether one of some patterns matches a text in any case.
func anyMatches(patterns []pattern, text string) bool {
	text = strings.ToLower(text)
	return slices.ContainsFunc(patterns, func(p pattern) bool { return p.matches(text) })
}

// matches reports whether a text in lower case is the pattern, with a part of one label in place of
// the *.
func (p pattern) matches(text string) bool {
	if !p.wild {
		return text == p.before
	}
	if len(text) <= len(p.before)+len(p.behind) || !strings.HasPrefix(text, p.before) || !strings.HasSuffix(text, p.behind) {
		return false
	}
	return isLabel(text[len(p.before) : len(text)-len(p.behind)])
}

// isLabel reports whether a text has only bytes of a label of a host's name.
func isLabel(text string) bool {
	for i := range len(text) {
		switch c := text[i]; {
		case 'a' <= c && c <= 'z', '0' <= c && c <= '9', c == '-', c == '_':
		default:
			return false
		}
	}
	return true
}
