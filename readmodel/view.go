package readmodel

import (
	"context"
	"encoding/json"
	"io"
	"regexp"
	"strconv"
	"time"

	"flightdeck/domain"
	"flightdeck/eventstore"
)

// View is an actor and the moment at which the actor looks. All objects that are reached from one
// answer are read in the view of that answer, so that it shows one state of the log.
type View struct {
	At    eventstore.Position
	Actor domain.Actor
	// Named is true if the moment is named: by an argument, by a cursor, or by an event. It stays
	// the same moment when the log grows, also where it is the end of the log. Otherwise the
	// moment is now, and a cursor may replace it.
	Named bool
}

// moved returns the view of the same actor at another position.
func (v View) moved(p eventstore.Position) View {
	v.At = p
	return v
}

// named returns the view of the same actor at a named position.
func (v View) named(p eventstore.Position) View { return View{At: p, Actor: v.Actor, Named: true} }

// asOf returns the position of a named moment, nil for now.
func (v View) asOf() *eventstore.Position {
	if !v.Named {
		return nil
	}
	return &v.At
}

// AsOf is a point in history in the form that clients use: an instant or a position.
type AsOf struct {
	instant  *domain.Instant
	position eventstore.Position
}

// AsOfPosition returns the point right after the event at a position.
func AsOfPosition(p eventstore.Position) AsOf { return AsOf{position: p} }

// AsOfInstant returns the point right after the last event that was recorded up to an instant.
func AsOfInstant(i domain.Instant) AsOf { return AsOf{instant: &i} }

// milliseconds matches an instant with three digits of a second.
var milliseconds = regexp.MustCompile(`[.,][0-9]{3}([Zz]|[+-][0-9:]+)$`)

// ParseAsOf reads an instant in the form of RFC 3339, or a position in decimal digits. An instant
// with milliseconds is the end of its millisecond: clients that have no microseconds cut them off.
func ParseAsOf(s string) (AsOf, error) {
	if position, err := eventstore.ParsePosition(s); err == nil {
		return AsOfPosition(position), nil
	}
	instant, err := domain.ParseInstant(s)
	if err != nil {
		return AsOf{}, domain.Errorf(domain.Invalid, "%q is not a point in history: write an instant with an offset such as 2026-01-31T12:00:00Z, or a log position such as 1042", s)
	}
	if milliseconds.MatchString(s) {
		instant += 999
	}
	return AsOfInstant(instant), nil
}

// MarshalGQL writes the point as the scalar AsOf.
func (a AsOf) MarshalGQL(w io.Writer) {
	s := a.position.String()
	if a.instant != nil {
		s = a.instant.String()
	}
	_, _ = io.WriteString(w, strconv.Quote(s))
}

// UnmarshalGQL reads the scalar AsOf. A position may also be a number.
func (a *AsOf) UnmarshalGQL(v any) (err error) {
	switch v := v.(type) {
	case string:
		*a, err = ParseAsOf(v)
	case int:
		*a, err = ParseAsOf(strconv.Itoa(v))
	case int64:
		*a, err = ParseAsOf(strconv.FormatInt(v, 10))
	case json.Number:
		*a, err = ParseAsOf(v.String())
	default:
		return domain.Errorf(domain.Invalid, "an AsOf is an instant such as \"2026-01-31T12:00:00Z\" or a position such as \"1042\"")
	}
	return err
}

// maxAhead bounds how far the clock of a client may be ahead of that of the server.
const maxAhead = 5 * time.Second

// Resolve returns the position of a point in history. An instant that is ahead of the clock by
// maxAhead or less is now, which is the end of the log; settled is false then, because the position
// of the same instant is another one later. Any other point after the present, or after the end of
// the log, is an error. Resolve may wait until an instant has passed for the writer, too.
func (r *Reader) Resolve(ctx context.Context, point AsOf) (p eventstore.Position, settled bool, err error) {
	head := r.log.Head()
	if point.instant == nil {
		if point.position > head.Position {
			return 0, false, domain.Errorf(domain.Invalid, "position %s is in the future: the log ends at %s", point.position, head.Position).At("asOf")
		}
		return point.position, true, nil
	}
	instant := point.instant.Time()
	if now := time.Now(); instant.After(now) && instant.After(head.RecordedAt) {
		if instant.Sub(now) > maxAhead {
			return 0, false, domain.Errorf(domain.Invalid, "%s is in the future: it is %s now", point.instant, domain.InstantOf(now)).At("asOf")
		}
		return head.Position, false, nil
	}
	if err := r.log.CloseInstant(ctx, instant); err != nil {
		return 0, false, err
	}
	p, err = r.log.PositionAt(ctx, instant)
	return p, true, err
}

// Head returns an actor's view of the present, which is the end of the log.
func (r *Reader) Head(actor domain.Actor) View { return View{At: r.log.Head().Position, Actor: actor} }
