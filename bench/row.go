package main

import "fmt"

// row is one line of the table.
type row struct {
	Axis     string  `json:"axis"`
	Figure   string  `json:"figure"`
	Baseline string  `json:"baseline"`
	Ratio    float64 `json:"ratio"` // 0 where a figure is compared with its target itself
	Target   string  `json:"target"`
	Met      bool    `json:"met"`
	// Failed says that it is not even half of the target, or twice what it may be:
	// noise is large, but not that large.
	Failed bool `json:"failed"`
}

// atLeast is a row whose ratio is to reach a bound.
func atLeast(axis, figure, baseline string, ratio, bound float64) row {
	return row{axis, figure, baseline, ratio, fmt.Sprintf("≥ %v", bound), ratio >= bound, ratio < bound/2}
}

// atMost is a row whose ratio is a cost that may reach a bound.
func atMost(axis, figure, baseline string, ratio, bound float64) row {
	return row{axis, figure, baseline, ratio, fmt.Sprintf("cost ≤ %v", bound), ratio <= bound, ratio > 2*bound}
}

// within is a row whose figure, a value in some unit, may reach a bound.
func within(axis, figure, baseline string, value, bound float64, target string) row {
	return row{axis, figure, baseline, 0, target, value <= bound, value > 2*bound}
}
