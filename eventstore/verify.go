package eventstore

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// verifyPage is the number of events that one read returns at most.
const verifyPage = 1000

// Verify reads a log up to a position and checks that positions are contiguous, that instants
// strictly increase, and that every hash follows from its predecessor and the stored fields. It
// returns the head up to which the log is whole; the error is a *BrokenError at the first fault.
// progress, which may be nil, receives the position reached, from time to time.
func Verify(ctx context.Context, r Reader, to Position, progress func(Position)) (Head, error) {
	var at Head
	for at.Position < to {
		events, err := r.Read(ctx, at.Position, int(min(verifyPage, to-at.Position)))
		broken, ok := errors.AsType[*BrokenError](err)
		if ok && broken.Position > at.Position+1 { // check the events before the broken one first
			events, err = r.Read(ctx, at.Position, int(broken.Position-at.Position-1))
		}
		if err != nil {
			return at, err
		}
		if len(events) == 0 {
			return at, &BrokenError{at.Position + 1, "the event is missing"}
		}
		for _, e := range events {
			if err := follows(at, e); err != nil {
				return at, err
			}
			at = e.head()
		}
		if progress != nil {
			progress(at.Position)
		}
	}
	return at, nil
}

// Find returns the position of the event with a hash, up to the position to. ok is false if there
// is none. A whole log that contains the hash of an earlier head has only grown since. The hash of
// all zeros is the head of the empty log, at position 0.
func Find(ctx context.Context, r Reader, to Position, hash Hash) (Position, bool, error) {
	at := Position(0)
	for hash != (Hash{}) {
		events, err := r.Read(ctx, at, verifyPage)
		if err != nil {
			return 0, false, err
		}
		for _, e := range events {
			if at = e.Position; at > to {
				return 0, false, nil
			}
			if e.Hash == hash {
				return at, true, nil
			}
		}
		if len(events) == 0 {
			return 0, false, nil
		}
	}
	return 0, true, nil
}

// follows returns an error unless e is the next event after a head.
func follows(at Head, e Event) error {
	switch {
	case e.Position != at.Position+1:
		return &BrokenError{at.Position + 1, fmt.Sprintf("the event is missing; the next one is at %s", e.Position)}
	case !e.RecordedAt.After(at.RecordedAt) && at.Position > 0:
		return &BrokenError{e.Position, fmt.Sprintf("recorded at %s, not after its predecessor", e.RecordedAt.Format(time.RFC3339Nano))}
	case e.Hash != Link(at.Hash, e):
		return &BrokenError{e.Position, "the hash does not follow from the event and its predecessor: one of them was changed"}
	}
	return nil
}
