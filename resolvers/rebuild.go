package resolvers

import (
	"context"

	"flightdeck/graph/model"
	"flightdeck/policy"
	"flightdeck/projection"
)

// rebuild returns the progress of the latest rebuild for admins. It is nil for others, and before
// the first rebuild of this server.
func (r *Resolver) rebuild(ctx context.Context) *projection.RebuildProgress {
	if !r.Reader.May(r.now(ctx).Actor, policy.Operate, "") {
		return nil
	}
	r.NoStore(ctx)
	return r.Rebuilder.Progress()
}

// rebuildPayload returns the payload of the request for a rebuild.
func (r *Resolver) rebuildPayload(err error) (*model.RebuildPayload, error) {
	p := &model.RebuildPayload{Errors: []model.UserError{}, Query: &model.Query{}}
	if err != nil {
		p.Errors, err = userErrors(err, "")
		return p, err
	}
	p.Rebuild = r.Rebuilder.Progress()
	return p, nil
}
