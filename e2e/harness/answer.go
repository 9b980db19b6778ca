package harness

import (
	"fmt"

	"flightdeck/eventstore"
)

// Answer is a GraphQL response.
type Answer struct {
	Data   map[string]any
	Errors []struct {
		Message    string
		Path       []any
		Extensions map[string]any
	}
	// Raw is the response as it was received.
	Raw []byte
}

// Texts returns a field of each object in the list at a path.
func (a Answer) Texts(field string, path ...any) []string {
	list, _ := a.At(path...).([]any)
	out := []string{}
	for _, one := range list {
		m, _ := one.(map[string]any)
		out = append(out, fmt.Sprint(m[field]))
	}
	return out
}

// Number is At for a number. It returns 0 for another value.
func (a Answer) Number(path ...any) int {
	f, _ := a.At(path...).(float64)
	return int(f)
}

// Code returns the code of the only top-level error, or a text that says how many errors there are.
func (a Answer) Code() string {
	if len(a.Errors) != 1 {
		return fmt.Sprintf("%d errors: %s", len(a.Errors), a.Raw)
	}
	return fmt.Sprint(a.Errors[0].Extensions["code"])
}

// At follows a path of names and indexes into the data. It returns nil if the path leads nowhere.
func (a Answer) At(path ...any) any {
	var v any = a.Data
	for _, step := range path {
		switch s := step.(type) {
		case string:
			m, _ := v.(map[string]any)
			v = m[s]
		case int:
			list, _ := v.([]any)
			if s >= len(list) {
				return nil
			}
			v = list[s]
		}
	}
	return v
}

// Text is At for a string. It returns "" for another value.
func (a Answer) Text(path ...any) string {
	s, _ := a.At(path...).(string)
	return s
}

// Position returns the position of the event or item in a result of a subscription.
func (a Answer) Position() eventstore.Position {
	for name := range a.Data {
		p, err := eventstore.ParsePosition(a.Text(name, "position"))
		if err != nil {
			panic(fmt.Sprintf("no position in %s", a.Raw))
		}
		return p
	}
	panic(fmt.Sprintf("no data in %s", a.Raw))
}
