package html

import (
	"bytes"
	"strconv"
	"strings"
	"unicode"

	"github.com/yuin/goldmark/ast"
)

// headingIDs assigns ids to the headings of one page and counts the uses of each id. Unlike the ids
// of goldmark, these keep the letters of all alphabets, as GitHub does. It implements parser.IDs.
type headingIDs map[string]int

// Generate returns a new id for the source of a heading.
func (ids headingIDs) Generate(value []byte, _ ast.NodeKind) []byte {
	id := strings.Map(idRune, string(bytes.TrimSpace(value)))
	if id == "" {
		id = "heading"
	}
	unique := id
	for ids[unique] > 0 {
		unique = id + "-" + strconv.Itoa(ids[id])
		ids[id]++
	}
	ids[unique]++
	return []byte(unique)
}

// Put marks an id as taken.
func (ids headingIDs) Put(value []byte) { ids[string(value)]++ }

func idRune(r rune) rune {
	switch {
	case unicode.IsLetter(r), unicode.IsMark(r), unicode.IsDigit(r):
		return unicode.ToLower(r)
	case r == ' ', r == '-', r == '_':
		return '-'
	}
	return -1
}
