package domain

import "time"

// Instant is a moment in microseconds since 1970-01-01T00:00:00Z, the resolution of the log.
type Instant int64

// InstantOf returns the microsecond that contains t.
func InstantOf(t time.Time) Instant { return Instant(t.UnixMicro()) }

// Time returns the moment in UTC.
func (i Instant) Time() time.Time { return time.UnixMicro(int64(i)).UTC() }

// String returns the moment as RFC 3339 in UTC with six digits of a second.
func (i Instant) String() string { return i.Time().Format(instantLayout) }

// AppendTo appends the result of String to b.
func (i Instant) AppendTo(b []byte) []byte { return i.Time().AppendFormat(b, instantLayout) }

const instantLayout = "2006-01-02T15:04:05.000000Z"

// ParseInstant reads an RFC 3339 instant. The offset is required, since a time without one is
// another moment in every place. The year in UTC must have four digits, the form that String can
// write.
func ParseInstant(s string) (Instant, error) {
	t, err := time.Parse(time.RFC3339Nano, s)
	if year := t.UTC().Year(); err != nil || year < 0 || year > 9999 {
		return 0, Errorf(Invalid, "%q is not an instant: write RFC 3339 with an offset, such as 2026-01-31T12:00:00Z", s)
	}
	return InstantOf(t), nil
}
