package resolvers

import (
	"context"

	"flightdeck/graph/model"
	"flightdeck/policy"
	"flightdeck/projection"
)

// rebuild returns how far the rebuild is, for admins; nil when none was begun.
func (r *Resolver) rebuild(ctx context.Context) *projection.RebuildProgress {
	if !r.Reader.May(r.now(ctx).Actor, policy.Operate, "") {
		return nil
	}
	r.NoStore(ctx)
	return r.Rebuilder.Progress()
}

// rebuildPayload is the payload of a rebuild that was asked for.
func (r *Resolver) rebuildPayload(err error) (*model.RebuildPayload, error) {
	p := &model.RebuildPayload{Errors: []model.UserError{}, Query: &model.Query{}}
	if err != nil {
		p.Errors, err = userErrors(err, "")
		return p, err
	}
	p.Rebuild = r.Rebuilder.Progress()
	return p, nil
}
