package sqlite

import (
	"context"

	"flightdeck/eventstore"
)

// ForgetStream deletes the snapshots of a stream, and the idempotency keys of the commands that
// wrote to the stream or came from an actor with its id.
func (t *tx) ForgetStream(ctx context.Context, id eventstore.StreamID) error {
	if err := t.run(ctx, "DELETE FROM snapshots WHERE stream_id = ?", string(id)); err != nil {
		return err
	}
	return t.run(ctx, `DELETE FROM idempotency_keys WHERE actor IN (SELECT ?1 UNION SELECT e.actor FROM all_events AS e WHERE e.stream_id = ?1)
		AND (actor = ?1 OR EXISTS (SELECT 1 FROM all_events AS e
			WHERE e.stream_id = ?1 AND e.position BETWEEN idempotency_keys.first_position AND idempotency_keys.last_position))`, string(id))
}
