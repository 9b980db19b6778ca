package html

import (
	"bytes"
	"strconv"
	"strings"
	"unicode"

	"github.com/yuin/goldmark/ast"
)

// headingIDs gives the headings of one page their ids and counts how often each
// was given. Unlike goldmark's own, it keeps letters of any alphabet, as GitHub
// does. It implements parser.IDs.
type headingIDs map[string]int

// Generate makes an id that is not yet taken from the heading's source.
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
