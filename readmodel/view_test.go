package readmodel_test

import (
	"strings"
	"testing"

	"flightdeck/readmodel"
)

// An instant with milliseconds is the end of its millisecond. An instant that is written with more
// digits, or with none, is exact.
func TestAnInstantWithMillisecondsIsTheEndOfIt(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"2026-01-31T12:00:00.123Z":         "2026-01-31T12:00:00.123999Z",
		"2026-01-31T12:00:00.000Z":         "2026-01-31T12:00:00.000999Z",
		"2026-01-31T13:00:00.123+01:00":    "2026-01-31T12:00:00.123999Z",
		"2026-01-31T12:00:00.123456Z":      "2026-01-31T12:00:00.123456Z",
		"2026-01-31T12:00:00.123000Z":      "2026-01-31T12:00:00.123000Z",
		"2026-01-31T12:00:00.1Z":           "2026-01-31T12:00:00.100000Z",
		"2026-01-31T12:00:00Z":             "2026-01-31T12:00:00.000000Z",
		"2026-01-31T12:00:00.123456-05:30": "2026-01-31T17:30:00.123456Z",
		"1042":                             "1042",
	} {
		point, err := readmodel.ParseAsOf(text)
		if err != nil {
			t.Fatal(err)
		}
		var b strings.Builder
		if point.MarshalGQL(&b); b.String() != `"`+want+`"` {
			t.Errorf("%s is %s, want %s", text, b.String(), want)
		}
	}
}
