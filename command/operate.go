package command

import (
	"context"
	"errors"

	"flightdeck/auth"
	"flightdeck/domain"
	"flightdeck/eventstore"
	"flightdeck/policy"
)

// SnapshotStream keeps the state of a stream as it is now, on behalf of the admin in
// ctx, and returns the stream.
func (c *Commands) SnapshotStream(ctx context.Context, id string) (eventstore.StreamStatus, error) {
	if err := c.mayOperate(ctx); err != nil {
		return eventstore.StreamStatus{}, err
	}
	if _, err := c.Log.Snapshot(ctx, eventstore.StreamID(id)); err != nil {
		return eventstore.StreamStatus{}, explainStream(err)
	}
	stream, err := c.Log.Stream(ctx, eventstore.StreamID(id))
	return stream, explainStream(err)
}

// ArchiveStream moves the events of a stream up to a version into the archive, on
// behalf of the admin in ctx, and returns the stream.
func (c *Commands) ArchiveStream(ctx context.Context, id string, through int) (eventstore.StreamStatus, error) {
	if err := c.mayOperate(ctx); err != nil {
		return eventstore.StreamStatus{}, err
	}
	stream, err := c.Log.Archive(ctx, eventstore.StreamID(id), through)
	return stream, explainStream(err)
}

// RebuildReadModel begins to make everything that is read anew from the log, on behalf
// of the admin in ctx, and returns at once.
func (c *Commands) RebuildReadModel(ctx context.Context) error {
	if err := c.mayOperate(ctx); err != nil {
		return err
	}
	return c.Rebuilder.Start()
}

// mayOperate returns an error unless the actor in ctx may look after the log.
func (c *Commands) mayOperate(ctx context.Context) error {
	if !c.may(auth.ActorFrom(ctx), policy.Operate, "") {
		return domain.Errorf(domain.Forbidden, "only admins look after the log: log in as one")
	}
	return nil
}

// explainStream turns what the log reports of a stream into what an admin can act on.
func explainStream(err error) error {
	if none, ok := errors.AsType[*eventstore.NoStreamError](err); ok {
		return domain.Errorf(domain.NotFound, "there is no %s: give the id of a content, a deck or a user", none.Stream).At("streamId")
	}
	if refused, ok := errors.AsType[*eventstore.RefusedError](err); ok {
		return domain.Errorf(domain.Invalid, "%s", refused).At("throughVersion")
	}
	return explain(err)
}
