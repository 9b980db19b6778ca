package resolvers

import (
	"context"

	"flightdeck/domain"
	"flightdeck/eventstore"
	"flightdeck/graph/model"
	"flightdeck/policy"
)

// status returns the end of the log as the operation sees it: a client that reads a list in the
// same operation and then subscribes after this position misses no event.
func (r *Resolver) status(ctx context.Context) (*model.LogStatus, error) {
	s := &model.LogStatus{Head: r.now(ctx).At, Lineage: r.Log.Lineage()}
	last, err := r.Log.Read(ctx, s.Head-1, 1)
	if s.Head > 0 && len(last) > 0 {
		at := domain.InstantOf(last[0].RecordedAt)
		s.RecordedAt = &at
	}
	return s, err
}

// size returns the size of the log for admins, and nil for others.
func (r *Resolver) size(ctx context.Context) (*model.LogSize, error) {
	if !r.Reader.May(r.now(ctx).Actor, policy.Operate, "") {
		return nil, nil
	}
	r.NoStore(ctx)
	s, err := r.Log.Size(ctx)
	if err != nil {
		return nil, err
	}
	return &model.LogSize{
		Events: int(s.Events), ArchivedEvents: int(s.Archived), Streams: int(s.Streams), Snapshots: int(s.Snapshots),
		DatabaseBytes: s.Bytes, FreeBytes: s.FreeBytes, WalBytes: s.AheadBytes,
	}, nil
}

// streamPayload returns the payload of an operation on a stream.
func streamPayload(s eventstore.StreamStatus, err error) (*model.StreamPayload, error) {
	p := &model.StreamPayload{Errors: []model.UserError{}, Query: &model.Query{}}
	if err != nil {
		p.Errors, err = userErrors(err, "")
		return p, err
	}
	p.Stream = &model.Stream{ID: string(s.ID), Kind: domain.Kind(s.Type), Version: s.Version, ArchivedThrough: s.Archived}
	return p, nil
}
