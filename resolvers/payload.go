package resolvers

import (
	"context"
	"log/slog"

	"flightdeck/auth"
	"flightdeck/command"
	"flightdeck/domain"
	"flightdeck/eventstore"
	"flightdeck/graph/model"
	"flightdeck/readmodel"
)

// done is the part that the payloads of all commands have.
type done struct {
	result   command.Result
	position *eventstore.Position
	errors   []model.UserError
}

// do runs a command. Errors that the client can act on are data: see userErrors.
func (r *Resolver) do(ctx context.Context, cmd command.Command) (d done, err error) {
	d.result, err = r.Commands.Do(ctx, cmd)
	if err != nil {
		d.errors, err = userErrors(err, "input")
		return d, err
	}
	d.position, d.errors = &d.result.Position, []model.UserError{}
	r.advance(ctx, r.after(ctx, d.result))
	return d, nil
}

// after returns the view at the position of a command. It is now, except for a command that had
// run before: its position may be long past.
func (r *Resolver) after(ctx context.Context, result command.Result) readmodel.View {
	return readmodel.View{At: result.Position, Actor: auth.ActorFrom(ctx), Named: result.Replayed}
}

// events returns the events that a command appended; position is nil for a refused command.
func (r *Resolver) events(ctx context.Context, position *eventstore.Position, result command.Result) ([]readmodel.Event, error) {
	if position == nil || result.First > result.Position {
		return []readmodel.Event{}, nil
	}
	return r.Reader.EventsBetween(ctx, r.after(ctx, result), result.First, result.Position)
}

func (r *Resolver) contentPayload(ctx context.Context, cmd command.Command) (*model.ContentPayload, error) {
	d, err := r.do(ctx, cmd)
	return &model.ContentPayload{Errors: d.errors, Position: d.position, Done: d.result, Query: &model.Query{}}, err
}

func (r *Resolver) presentationPayload(ctx context.Context, cmd command.Command) (*model.PresentationPayload, error) {
	d, err := r.do(ctx, cmd)
	return &model.PresentationPayload{Errors: d.errors, Position: d.position, Done: d.result, Query: &model.Query{}}, err
}

func (r *Resolver) userPayload(ctx context.Context, cmd command.Command) (*model.UserPayload, error) {
	d, err := r.do(ctx, cmd)
	if err == nil {
		r.audit(ctx, d.result.ID, d.errors, roleOf(cmd)...)
	}
	return &model.UserPayload{Errors: d.errors, Position: d.position, Done: d.result, Query: &model.Query{}}, err
}

// roleOf returns the role that a command gives, for the log.
func roleOf(cmd command.Command) []slog.Attr {
	if change, ok := cmd.(command.ChangeRole); ok {
		return []slog.Attr{slog.String("role", string(change.Role))}
	}
	return nil
}

func (r *Resolver) deletePayload(ctx context.Context, cmd command.Command) (*model.DeletePayload, error) {
	d, err := r.do(ctx, cmd)
	if err == nil {
		r.audit(ctx, d.result.ID, d.errors)
	}
	p := &model.DeletePayload{Errors: d.errors, Position: d.position, Done: d.result, Query: &model.Query{}}
	if d.position != nil {
		p.DeletedID = &d.result.ID
	}
	return p, err
}

// createKey makes an API key. Its payload is the only place that holds the secret.
func (r *Resolver) createKey(ctx context.Context, in command.CreateAPIKey) (*model.APIKeyPayload, error) {
	secret, id, result, err := r.Commands.CreateKey(ctx, in)
	p, err := r.keyPayload(ctx, id)(result, err)
	if p != nil && p.APIKey != nil {
		p.Key = &secret
	}
	return p, err
}

// apiKeys returns the API keys. The answer is not cached: no event tells that a key has expired.
func (r *Resolver) apiKeys(ctx context.Context) ([]*readmodel.APIKey, error) {
	r.NoStore(ctx)
	return r.Reader.APIKeys(ctx, r.now(ctx))
}

// keyPayload returns a function that turns the outcome of a command about an API key into a
// payload.
func (r *Resolver) keyPayload(ctx context.Context, id string) func(command.Result, error) (*model.APIKeyPayload, error) {
	return func(result command.Result, err error) (*model.APIKeyPayload, error) {
		p := &model.APIKeyPayload{Query: &model.Query{}}
		if err != nil {
			p.Errors, err = userErrors(err, "input")
			if err == nil {
				r.audit(ctx, "", p.Errors)
			}
			return p, err
		}
		r.audit(ctx, id, nil)
		r.advance(ctx, r.after(ctx, result))
		p.Position, p.Errors = &result.Position, []model.UserError{}
		p.APIKey, err = r.Reader.APIKey(ctx, r.after(ctx, result), id)
		return p, err
	}
}

// sessionPayload returns a function that turns the outcome of a log-in into a payload. root is the
// argument that held the input, and "" for a mutation without arguments.
func (r *Resolver) sessionPayload(ctx context.Context, root string) func(command.Session, error) (*model.SessionPayload, error) {
	return func(s command.Session, err error) (*model.SessionPayload, error) {
		p := &model.SessionPayload{Query: &model.Query{}}
		if err != nil {
			p.Errors, err = userErrors(err, root)
			if err == nil {
				r.audit(ctx, "", p.Errors)
			}
			return p, err
		}
		r.audit(ctx, s.UserID, nil)
		actor := domain.Actor{UserID: s.UserID, Role: s.Role}
		view := readmodel.View{At: s.Position, Actor: actor}
		user, err := r.Reader.User(ctx, view, s.UserID)
		if err != nil {
			return nil, err
		}
		r.advance(ctx, view)
		r.enter(ctx, s.Token)
		expires := domain.InstantOf(s.ExpiresAt)
		p.Token, p.ExpiresAt, p.User, p.Errors = &s.Token, &expires, user, []model.UserError{}
		return p, nil
	}
}

func (r *Resolver) logOut(ctx context.Context) (*model.LogOutPayload, error) {
	p := &model.LogOutPayload{Query: &model.Query{}}
	ended, err := r.Commands.LogOut(ctx, auth.TokenFrom(ctx))
	if err != nil {
		return nil, err
	}
	if p.LoggedOut = ended; ended {
		r.advance(ctx, r.Reader.Head(domain.Actor{}))
		r.enter(ctx, "")
	}
	return p, nil
}
