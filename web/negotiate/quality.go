package negotiate

import (
	"mime"
	"strconv"
	"strings"
)

// qualities holds the weights of the elements of a header, in lower case.
type qualities map[string]float64

// readQualities reads a list of elements with weights (RFC 9110, section 12.4.2). It ignores an
// element with a syntax error. An element without a weight has the weight 1, and one whose weight
// is not a number has the weight malformed.
func readQualities(list string, malformed float64) qualities {
	q := qualities{}
	for element := range strings.SplitSeq(list, ",") {
		name, params, err := mime.ParseMediaType(element)
		if err != nil {
			continue
		}
		q[name] = 1
		if text, ok := params["q"]; ok {
			if q[name], err = strconv.ParseFloat(text, 64); err != nil {
				q[name] = malformed
			}
		}
	}
	return q
}

// of returns the weight of the first of some names that the header has, and 0 if it has none.
func (q qualities) of(names ...string) float64 {
	for _, name := range names {
		if weight, ok := q[name]; ok {
			return weight
		}
	}
	return 0
}
