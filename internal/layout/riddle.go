package layout

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
)

// Kind tells riddles apart.
type Kind string

// The kinds of riddles that Riddles knows.
const (
	Who  Kind = "who"  // "who", "whom" and "whoever" in place of a noun
	What Kind = "what" // a clause without a head, as in "what is true now"
	Body Kind = "body" // "nobody", "somebody", "everybody", "anybody"
)

// Kinds are all kinds of riddles.
var Kinds = []Kind{Who, What, Body}

// patterns finds the riddles of a kind in a paragraph whose lines are joined.
//
// "What" is a riddle before a verb or a pronoun, since the reader has to find out which thing is
// meant. Before a noun ("what events it holds", "what the caller gets") it tells the thing itself.
var patterns = map[Kind]*regexp.Regexp{
	Who: regexp.MustCompile(`(?i)\b(who|whom|whoever)\b`),
	What: regexp.MustCompile(`(?i)\bwhat (is|was|were|are|has|had|have|does|did|do|may|might|must|can|cannot|could|will|would|should|` +
		`it|they|he|she|we|you|one|there|` +
		`comes|came|follows|followed|waits|happens|happened|changes|changed|belongs|belonged|makes|made|stands|stood|lies|lay|` +
		`goes|went|leads|led|remains|remained|needs|needed|lasts|writes|wrote|became|becomes|gives|gave|takes|took|looks|counts)\b`),
	Body: regexp.MustCompile(`(?i)\b(nobody|somebody|everybody|anybody)\b`),
}

// quoted matches code and words in quotation marks, which are no prose.
var quoted = regexp.MustCompile("`[^`\n]*`|\"[^\"\n]*\"")

// Riddle is a clause that makes its reader guess of which thing it speaks.
type Riddle struct {
	File string
	Line Line // where it begins
	Kind Kind
}

// Riddles returns the riddles of a text in the order of its lines. A riddle may run from the end of
// a line into the next; those in quotation marks or code do not count.
func (p Prose) Riddles() []Riddle {
	var found []Riddle
	for _, paragraph := range p.Paragraphs {
		var joined strings.Builder
		var starts []int
		for _, line := range paragraph {
			starts = append(starts, joined.Len())
			joined.WriteString(line.Text + " ")
		}
		text := quoted.ReplaceAllStringFunc(joined.String(), func(quote string) string {
			return strings.Repeat("`", len(quote))
		})
		for _, kind := range Kinds {
			for _, at := range patterns[kind].FindAllStringIndex(text, -1) {
				i, exact := slices.BinarySearch(starts, at[0])
				if !exact {
					i--
				}
				found = append(found, Riddle{p.File, paragraph[i], kind})
			}
		}
	}
	slices.SortStableFunc(found, func(a, b Riddle) int { return cmp.Compare(a.Line.Number, b.Line.Number) })
	return found
}
