package model_test

import (
	"bytes"
	"testing"

	"flightdeck/graph/model"
)

// FuzzAppendString checks that AppendString and MarshalString write the same bytes for any text.
func FuzzAppendString(f *testing.F) {
	for _, s := range []string{"", "plain", "\"\\\t\r\n\b\f\x00\x1f\x7f", "<a href='x'>&", "é … 💩", "\xff\xfe half \xf0\x9f", "\u2028"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		var want bytes.Buffer
		model.MarshalString(s).MarshalGQL(&want)
		if got := model.AppendString(nil, s); string(got) != want.String() {
			t.Errorf("%q is appended as %s, and written as %s", s, got, want.Bytes())
		}
	})
}
