package html

import (
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/text/cases"
	"golang.org/x/text/language"
)

// slugger makes the ids of the headings of one page, as GitHub and the npm package github-slugger
// do. It maps each id that was given to the number of later headings with the same text.
type slugger map[string]int

// slug returns the id of a heading with this text: its letters, digits, marks, hyphens and
// underscores in lower case, with hyphens for spaces. It adds a number to an id that was given
// before. The id is "" for a text without any such character.
func (s slugger) slug(text string) string {
	base := strings.Map(slugRune, cases.Lower(language.Und).String(text))
	id := base
	for {
		if _, taken := s[id]; !taken {
			s[id] = 0
			return id
		}
		s[base]++
		id = base + "-" + strconv.Itoa(s[base])
	}
}

func slugRune(r rune) rune {
	switch {
	case r == ' ':
		return '-'
	case r == '-', unicode.In(r, unicode.L, unicode.M, unicode.Nd, unicode.Nl, unicode.Pc, unicode.Other_Alphabetic):
		return r
	}
	return -1
}
