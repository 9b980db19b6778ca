package command

import (
	"context"
	"time"

	"flightdeck/domain"
	"flightdeck/eventstore"
)

// StreamEvents holds events for the end of one stream.
type StreamEvents struct {
	Kind domain.Kind
	ID   string
	// From is the version of the stream before the events; 0 for a new stream.
	From   int
	Events []domain.Event
}

// Append adds events to the ends of streams in one transaction, all or none, and returns once they
// are durable. It checks no rights and decides nothing: it is for the import of a history. The
// events are recorded at the instant, or as soon after it as the log allows; see
// eventstore.Command. The personal fields of the events are sealed. A stream at another version is
// an *eventstore.ConflictError.
func (c *Commands) Append(ctx context.Context, at time.Time, metadata eventstore.Metadata, streams ...StreamEvents) error {
	_, err := c.Log.Update(ctx, eventstore.Command{At: at, Metadata: metadata}, func(tx *eventstore.Tx) error {
		u := &unit{Commands: c, tx: tx}
		for _, s := range streams {
			if err := u.append(s.Kind, s.ID, eventstore.Exactly(s.From), s.Events); err != nil {
				return err
			}
		}
		return nil
	})
	return err
}
