package main

import "fmt"

// row is one line of the table.
type row struct {
	Axis     string  `json:"axis"`
	Figure   string  `json:"figure"`
	Baseline string  `json:"baseline"`
	Ratio    float64 `json:"ratio"` // 0 if the figure itself is compared with its target
	Target   string  `json:"target"`
	Met      bool    `json:"met"`
	// Failed reports that the ratio is below a third of its target, or above three times its bound:
	// noise is large, but not that large.
	Failed bool `json:"failed"`
}

// atLeast returns a row whose ratio should reach a lower bound.
func atLeast(axis, figure, baseline string, ratio, bound float64) row {
	return row{axis, figure, baseline, ratio, fmt.Sprintf("≥ %v", bound), ratio >= bound, ratio < bound/3}
}

// atMost returns a row whose ratio, a cost, has an upper bound.
func atMost(axis, figure, baseline string, ratio, bound float64) row {
	return row{axis, figure, baseline, ratio, fmt.Sprintf("cost ≤ %v", bound), ratio <= bound, ratio > 3*bound}
}

// lasting returns a row whose figure is a duration with an upper bound. --check does not fail on
// it, since a duration depends on the machine and on everything else that runs there.
func lasting(axis, figure, baseline string, value, bound float64, target string) row {
	return row{axis, figure, baseline, 0, target, value <= bound, false}
}

// within returns a row whose figure, a number or a size, has an upper bound.
func within(axis, figure, baseline string, value, bound float64, target string) row {
	return row{axis, figure, baseline, 0, target, value <= bound, value > 2*bound}
}
