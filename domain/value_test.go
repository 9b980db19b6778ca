package domain_test

import (
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
	"testing"
	"time"

	"flightdeck/domain"

	"pgregory.net/rapid"
)

const uuid = "0190a8c2-7b1e-7000-8000-00000000000a"

func TestAnIDSaysWhatItNames(t *testing.T) {
	t.Parallel()
	kinds := []domain.Kind{domain.KindContent, domain.KindPresentation, domain.KindUser, domain.KindSlide}
	for _, kind := range kinds {
		id := domain.NewID(kind, uuid)
		if got, ok := domain.KindOf(id); got != kind || !ok {
			t.Errorf("%s names a %s, %t", id, got, ok)
		}
		for _, other := range kinds {
			err := domain.CheckID(other, "field", id)
			if kind == other {
				mustFault(t, err, nil)
				continue
			}
			mustFault(t, err, invalid("field"))
			if !strings.Contains(err.Error(), id) || !strings.Contains(err.Error(), strings.ToLower(string(other))) {
				t.Errorf("error is %v", err)
			}
		}
		if kind.Valid() != (kind != domain.KindSlide) {
			t.Errorf("%s is a kind of stream: %t", kind, kind.Valid())
		}
	}
}

func TestAMalformedIDIsRefused(t *testing.T) {
	t.Parallel()
	for _, id := range []string{
		"", "content-", uuid, "content" + uuid, "Content-" + uuid, "content-" + strings.ToUpper(uuid), " content-" + uuid, "content-" + uuid + "\n",
		"content-" + uuid[1:], "content-" + uuid + "0", "content-" + strings.ReplaceAll(uuid, "-", ""), "content-" + strings.Replace(uuid, "a", "g", 1),
		"content-0190a8c27-b1e-7000-8000-000000000000", "comment-" + uuid, "content-content-" + uuid, times(1000, "ü"), "content-\xff" + uuid[1:],
	} {
		if kind, ok := domain.KindOf(id); ok {
			t.Errorf("%q names a %s", id, kind)
		}
		err := domain.CheckID(domain.KindContent, "field", id)
		mustFault(t, err, invalid("field"))
		if len(err.Error()) > 250 || !strings.Contains(err.Error(), "content-0190") {
			t.Errorf("error is %v", err)
		}
	}
}

func TestInstantsAreMicrosecondsInUTC(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]struct {
		instant domain.Instant
		written string
	}{
		"2026-01-31T12:00:00Z":                {1769860800_000000, "2026-01-31T12:00:00.000000Z"},
		"2026-01-31T12:00:00.123456Z":         {1769860800_123456, "2026-01-31T12:00:00.123456Z"},
		"2026-01-31T12:00:00.1234569Z":        {1769860800_123456, "2026-01-31T12:00:00.123456Z"},
		"2026-01-31T14:00:00+02:00":           {1769860800_000000, "2026-01-31T12:00:00.000000Z"},
		"2026-01-31T06:30:00-05:30":           {1769860800_000000, "2026-01-31T12:00:00.000000Z"},
		"1970-01-01T00:00:00Z":                {0, "1970-01-01T00:00:00.000000Z"},
		"1969-12-31T23:59:59.9999999Z":        {-1, "1969-12-31T23:59:59.999999Z"},
		"0001-01-01T00:00:00Z":                {-62135596800_000000, "0001-01-01T00:00:00.000000Z"},
		"9999-12-31T23:59:59.999999999+00:00": {253402300799_999999, "9999-12-31T23:59:59.999999Z"},
	} {
		got, err := domain.ParseInstant(text)
		if got != want.instant || got.String() != want.written || err != nil {
			t.Errorf("%s is read as %d, written as %s, error %v", text, got, got, err)
		}
		if got.Time().Location() != time.UTC || domain.InstantOf(got.Time()) != got {
			t.Errorf("%s is %s as a time", text, got.Time())
		}
		if appended := got.AppendTo([]byte("at ")); string(appended) != "at "+want.written {
			t.Errorf("%s is appended as %s", text, appended)
		}
	}
	for _, text := range []string{
		"", "now", "2026-01-31", "2026-01-31T12:00:00", "2026-01-31 12:00:00Z", "2026-02-30T12:00:00Z", "2026-01-31T25:00:00Z", "1769860800",
	} {
		_, err := domain.ParseInstant(text)
		mustFault(t, err, invalid(""))
	}
}

func TestInstantsKeepTheOrderOfTimes(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		any := rapid.Int64Range(math.MinInt32, math.MaxInt32)
		a := time.Unix(any.Draw(r, "a"), rapid.Int64Range(0, 999_999_999).Draw(r, "nanoseconds of a"))
		b := time.Unix(any.Draw(r, "b"), rapid.Int64Range(0, 999_999_999).Draw(r, "nanoseconds of b"))
		if a.Before(b) && domain.InstantOf(a) > domain.InstantOf(b) {
			r.Fatalf("%s is before %s", a, b)
		}
		back, err := domain.ParseInstant(domain.InstantOf(a).String())
		if err != nil || back != domain.InstantOf(a) || !back.Time().Equal(a.Truncate(time.Microsecond)) {
			r.Fatalf("%s is read back as %s, error %v", a, back, err)
		}
	})
}

func TestErrorsAreFoundOneByOne(t *testing.T) {
	t.Parallel()
	one := domain.Errorf(domain.NotFound, "no %s", "thing").At("id")
	list := domain.Errors{one, domain.Errorf(domain.Invalid, "bad")}
	if one.Error() != "no thing" || list.Error() != "no thing; bad" {
		t.Errorf("messages are %q and %q", one, list)
	}
	if !errors.Is(list, list[1]) || !errors.Is(fmt.Errorf("wrapped: %w", list), one) {
		t.Error("a fault is not found in the list")
	}
	for want, err := range map[domain.Code]error{
		domain.NotFound: fmt.Errorf("wrapped: %w", list), domain.Invalid: list[1], "": io.EOF,
	} {
		if got := domain.CodeOf(err); got != want {
			t.Errorf("code of %v is %q, want %q", err, got, want)
		}
	}
	if domain.CodeOf(nil) != "" {
		t.Error("no error has a code")
	}
}

func TestATitleThatCannotBeSeenIsRefused(t *testing.T) {
	t.Parallel()
	for _, title := range []string{"", " ", "\u200B", "\u200B \u2060\u00AD", "\u3164", "\u2800", "\u0301", "\U000E0041"} {
		if domain.IsVisible(title) {
			t.Errorf("%q can be seen", title)
		}
		_, err := domain.CreatePresentation(domain.PresentationCreated{Title: title, Theme: "default"}, nil)
		mustFault(t, err, invalid("title"))
	}
	for _, title := range []string{"a", "\u200Ba", "東", "1", "!", "🙂", "👩\u200D🚀"} {
		if !domain.IsVisible(title) {
			t.Errorf("%q cannot be seen", title)
		}
	}
}
