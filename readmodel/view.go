package readmodel

import (
	"context"
	"encoding/json"
	"io"
	"strconv"
	"time"

	"flightdeck/domain"
	"flightdeck/eventstore"
)

// View is who looks, and at which moment. Everything reached from one answer is
// read in the view of that answer, so that it is one state of the world.
type View struct {
	At    eventstore.Position
	Actor domain.Actor
	// Named says that a client asked for the moment; otherwise a cursor may bring
	// one of its own.
	Named bool
}

// moved is the same view of another moment.
func (v View) moved(p eventstore.Position) View {
	v.At = p
	return v
}

// AsOf is a point in history as a client names it: an instant or a position.
type AsOf struct {
	instant  *domain.Instant
	position eventstore.Position
}

// AsOfPosition is the point right after the event at a position.
func AsOfPosition(p eventstore.Position) AsOf { return AsOf{position: p} }

// AsOfInstant is the point at which everything recorded up to an instant had
// happened.
func AsOfInstant(i domain.Instant) AsOf { return AsOf{instant: &i} }

// ParseAsOf reads an RFC 3339 instant or a decimal position.
func ParseAsOf(s string) (AsOf, error) {
	if position, err := eventstore.ParsePosition(s); err == nil {
		return AsOfPosition(position), nil
	}
	instant, err := domain.ParseInstant(s)
	if err != nil {
		return AsOf{}, domain.Errorf(domain.Invalid, "%q is not a point in history: write an instant with an offset such as 2026-01-31T12:00:00Z, or a log position such as 1042", s)
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

// Resolve returns the position of a point in history. The future has not happened:
// a point after now, or after the end of the log, is an error.
func (r *Reader) Resolve(ctx context.Context, point AsOf) (eventstore.Position, error) {
	head := r.log.Head()
	if point.instant == nil {
		if point.position > head.Position {
			return 0, domain.Errorf(domain.Invalid, "position %s is in the future: the log ends at %s", point.position, head.Position).At("asOf")
		}
		return point.position, nil
	}
	instant := point.instant.Time()
	if now := time.Now(); instant.After(now) && instant.After(head.RecordedAt) {
		return 0, domain.Errorf(domain.Invalid, "%s is in the future: it is %s now", point.instant, domain.InstantOf(now)).At("asOf")
	}
	if err := r.log.CloseInstant(ctx, instant); err != nil {
		return 0, err
	}
	return r.log.PositionAt(ctx, instant)
}

// Head returns the view of now.
func (r *Reader) Head(actor domain.Actor) View { return View{At: r.log.Head().Position, Actor: actor} }
