package eventstore

import (
	"fmt"
	"time"
)

// Import appends events exactly as another log recorded them, with their position, version,
// instant, metadata, schema version, bytes and hash. It folds and projects them like all others.
// Each event must be the next one of this log; else the error is a *BrokenError with its position.
// After any error the command is rolled back, even if its function returns nil.
//
// Import is for a log that no client reads yet: an import may record events before an instant that
// CloseInstant has closed.
func (tx *Tx) Import(events ...Event) error {
	for _, e := range events {
		if tx.failed != nil {
			return tx.failed
		}
		if err := tx.importOne(e); err != nil {
			tx.failed = err
		}
	}
	return tx.failed
}

func (tx *Tx) importOne(e Event) error {
	if _, err := tx.head.Next(e); err != nil {
		return err
	}
	f, err := tx.load(e.Stream.ID)
	if err != nil {
		return err
	}
	switch {
	case e.Version != f.version+1:
		return &BrokenError{e.Position, fmt.Sprintf("it is event %d of stream %s, which has %d events so far", e.Version, e.Stream.ID, f.version)}
	case f.version > 0 && e.Stream.Type != f.streamType:
		return &BrokenError{e.Position, fmt.Sprintf("it says that stream %s is of type %s, which is of type %s", e.Stream.ID, e.Stream.Type, f.streamType)}
	}
	f.streamType = e.Stream.Type
	e.RecordedAt = time.UnixMicro(e.RecordedAt.UnixMicro()).UTC()
	if f, err = tx.insert(e, f); err != nil {
		return fmt.Errorf("import %s at position %s: %w", e.Type, e.Position, err)
	}
	tx.states[e.Stream.ID] = f
	return nil
}

// Next returns the head of the log h after e. The error is a *BrokenError unless e has the next
// position, a later instant, and the hash that follows.
func (h Head) Next(e Event) (Head, error) {
	if err := follows(h, e); err != nil {
		return h, err
	}
	return e.head(), nil
}
