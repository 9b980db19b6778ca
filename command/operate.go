package command

import (
	"context"
	"errors"

	"flightdeck/domain"
	"flightdeck/eventstore"
	"flightdeck/policy"
)

// SnapshotStream writes a snapshot of the latest version of a stream and returns the stream. The
// actor in ctx must be an admin.
func (c *Commands) SnapshotStream(ctx context.Context, id string) (eventstore.StreamStatus, error) {
	if err := c.mayOperate(ctx); err != nil {
		return eventstore.StreamStatus{}, err
	}
	if _, err := c.Log.Snapshot(ctx, eventstore.StreamID(id)); err != nil {
		return eventstore.StreamStatus{}, streamClientError(err)
	}
	stream, err := c.Log.Stream(ctx, eventstore.StreamID(id))
	return stream, streamClientError(err)
}

// ArchiveStream moves the events of a stream up to and with a version into the archive and returns
// the stream. The actor in ctx must be an admin.
func (c *Commands) ArchiveStream(ctx context.Context, id string, through int) (eventstore.StreamStatus, error) {
	if err := c.mayOperate(ctx); err != nil {
		return eventstore.StreamStatus{}, err
	}
	if c.Follow != nil { // later events are not archived
		if err := c.Follow(ctx); err != nil {
			return eventstore.StreamStatus{}, err
		}
	}
	stream, err := c.Log.Archive(ctx, eventstore.StreamID(id), through)
	return stream, streamClientError(err)
}

// RebuildReadModel starts a rebuild of the read model from the log and returns at once. The actor
// in ctx must be an admin.
func (c *Commands) RebuildReadModel(ctx context.Context) error {
	if err := c.mayOperate(ctx); err != nil {
		return err
	}
	return c.Rebuilder.Start()
}

// mayOperate returns an error unless the actor in ctx has the right policy.Operate in the committed
// state. It does not wait for the writer.
func (c *Commands) mayOperate(ctx context.Context) error {
	actor, err := c.present(ctx, askerOf(ctx))
	if err == nil && !c.may(actor, policy.Operate, "") {
		err = domain.Errorf(domain.Forbidden, "only admins look after the log: log in as one")
	}
	return err
}

// streamClientError turns an error of the log about a stream into one that an admin can act on.
func streamClientError(err error) error {
	if none, ok := errors.AsType[*eventstore.NoStreamError](err); ok {
		return domain.Errorf(domain.NotFound, "there is no %s: give the id of a content, a deck or a user", none.Stream).At("streamId")
	}
	if refused, ok := errors.AsType[*eventstore.RefusedError](err); ok {
		return domain.Errorf(domain.Invalid, "%s", refused).At("throughVersion")
	}
	return clientError(err)
}
