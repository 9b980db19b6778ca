package command

import (
	"context"
	"errors"

	"flightdeck/auth"
	"flightdeck/domain"
	"flightdeck/eventstore"
	"flightdeck/policy"

	"github.com/99designs/gqlgen/graphql"
)

// CreateContent begins a content.
type CreateContent struct {
	IdempotencyKey *string
	Title          string
	// Slug is made from the title, and made unique, when it is nil.
	Slug        *string
	Description *string
	Content     string
	Format      domain.ContentFormat
	Tags        []string
	Status      domain.ContentStatus
}

// UpdateContent changes the fields that are present.
type UpdateContent struct {
	IdempotencyKey  *string
	ID              string
	ExpectedVersion *int
	Title           graphql.Omittable[*string]               `json:",omitzero"`
	Slug            graphql.Omittable[*string]               `json:",omitzero"`
	Description     graphql.Omittable[*string]               `json:",omitzero"`
	Content         graphql.Omittable[*string]               `json:",omitzero"`
	Format          graphql.Omittable[*domain.ContentFormat] `json:",omitzero"`
	Tags            graphql.Omittable[[]string]              `json:",omitzero"`
}

// ContentTarget names a content and the version it is expected to be at.
type ContentTarget struct {
	IdempotencyKey  *string
	ID              string
	ExpectedVersion *int
}

// The commands without a field of their own.
type (
	// PublishContent makes a content public.
	PublishContent struct{ ContentTarget }
	// UnpublishContent makes a content a draft.
	UnpublishContent struct{ ContentTarget }
	// ArchiveContent takes a content out of public view.
	ArchiveContent struct{ ContentTarget }
	// DeleteContent hides a content everywhere but in its history.
	DeleteContent struct{ ContentTarget }
)

// Restore names a version to go back to.
type Restore struct {
	IdempotencyKey  *string
	ID              string
	ToVersion       int
	ExpectedVersion *int
}

// RestoreContent brings back an earlier version of a content, or a deleted one.
type RestoreContent struct{ Restore }

func (in CreateContent) key() *string { return in.IdempotencyKey }
func (in UpdateContent) key() *string { return in.IdempotencyKey }
func (in ContentTarget) key() *string { return in.IdempotencyKey }
func (in Restore) key() *string       { return in.IdempotencyKey }

func (in UpdateContent) target() Outcome { return Outcome{ID: in.ID} }
func (in ContentTarget) target() Outcome { return Outcome{ID: in.ID} }
func (in Restore) target() Outcome       { return Outcome{ID: in.ID} }

func (in CreateContent) prepare(context.Context, *Commands) (plan, error) {
	return func(u *unit) (Outcome, error) {
		if err := u.mayCreate(policy.CreateContent); err != nil {
			return Outcome{}, err
		}
		slug, err := u.slug(in.Slug, in.Title)
		if err != nil {
			return Outcome{}, err
		}
		id := NewID(domain.KindContent)
		events, err := domain.CreateContent(domain.ContentCreated{
			ContentID: id, Title: in.Title, Slug: slug, Description: in.Description, Content: in.Content,
			Format: in.Format, AuthorID: u.actor.UserID, Tags: in.Tags, Status: in.Status,
		})
		if err != nil {
			return Outcome{}, err
		}
		return Outcome{ID: id}, u.append(domain.KindContent, id, eventstore.NoStream, events)
	}, nil
}

func (in UpdateContent) prepare(context.Context, *Commands) (plan, error) {
	e := domain.ContentUpdated{Description: change(in.Description)}
	var err error
	if e.Title, err = present("title", in.Title); err != nil {
		return nil, err
	}
	if e.Slug, err = present("slug", in.Slug); err != nil {
		return nil, err
	}
	if e.Content, err = present("content", in.Content); err != nil {
		return nil, err
	}
	if e.Format, err = present("format", in.Format); err != nil {
		return nil, err
	}
	if tags, ok := in.Tags.ValueOK(); ok {
		e.Tags = append([]string{}, tags...)
	}
	return changeContent(in.ID, in.ExpectedVersion, func(u *unit, c domain.Content) ([]domain.Event, error) {
		if e.Slug != nil {
			if err := u.slugIsFree(*e.Slug, c.ID); err != nil {
				return nil, err
			}
		}
		return c.Update(e)
	})
}

func (in PublishContent) prepare(context.Context, *Commands) (plan, error) {
	return in.plan(domain.Content.Publish)
}

func (in UnpublishContent) prepare(context.Context, *Commands) (plan, error) {
	return in.plan(domain.Content.Unpublish)
}

func (in ArchiveContent) prepare(context.Context, *Commands) (plan, error) {
	return in.plan(domain.Content.Archive)
}

func (in DeleteContent) prepare(context.Context, *Commands) (plan, error) {
	return in.plan(domain.Content.Delete)
}

func (in ContentTarget) plan(decide func(domain.Content) ([]domain.Event, error)) (plan, error) {
	return changeContent(in.ID, in.ExpectedVersion, func(_ *unit, c domain.Content) ([]domain.Event, error) { return decide(c) })
}

func (in RestoreContent) prepare(ctx context.Context, c *Commands) (plan, error) {
	old, err := version[domain.Content](ctx, c, domain.KindContent, policy.ChangeContent, in.Restore)
	if err != nil {
		return nil, err
	}
	return changeContent(in.ID, in.ExpectedVersion, func(u *unit, c domain.Content) ([]domain.Event, error) {
		events, err := c.Restore(old)
		if err != nil {
			return nil, err
		}
		return events, at("toVersion", u.slugIsFree(old.Slug, c.ID))
	})
}

// changeContent loads a content that the actor may change, lets decide decide, and
// appends.
func changeContent(id string, expected *int, decide func(*unit, domain.Content) ([]domain.Event, error)) (plan, error) {
	if err := domain.CheckID(domain.KindContent, "id", id); err != nil {
		return nil, err
	}
	return func(u *unit) (Outcome, error) {
		out := Outcome{ID: id}
		c, err := loadOwn[domain.Content](u, "id", id, policy.ChangeContent, policy.Sight.Content)
		if err != nil {
			return out, err
		}
		if expected != nil && c.Version > 0 && c.Version != *expected {
			return out, conflict(id, *expected, c.Version)
		}
		events, err := decide(u, c)
		if err != nil {
			return out, err
		}
		return out, u.append(domain.KindContent, id, eventstore.Exactly(c.Version), events)
	}, nil
}

// version returns the state to which a Restore goes back, the zero value when there
// is none: only who may see the object is told so. The past does not change, so it
// is read before the command is queued.
func version[S thing](ctx context.Context, c *Commands, kind domain.Kind, change policy.Right, in Restore) (s S, err error) {
	if err := domain.CheckID(kind, "id", in.ID); err != nil {
		return s, err
	}
	actor := auth.ActorFrom(ctx)
	if in.ToVersion < 1 || !c.may(actor, change, actor.UserID) { // a replay is dear: not for those who may change nothing
		return s, nil
	}
	state, at, err := c.Log.State(ctx, eventstore.StreamID(in.ID), eventstore.Until{Version: in.ToVersion})
	if at == in.ToVersion {
		s, _ = state.(S) //nolint:errcheck // the id says what the stream holds
	}
	return s, err
}

// at says that an error is the fault of another field.
func at(field string, err error) error {
	if e, ok := errors.AsType[*domain.Error](err); ok {
		return e.At(field)
	}
	return err
}

// present returns the value of a field that cannot be cleared, nil when it was
// left out.
func present[T any](field string, in graphql.Omittable[*T]) (*T, error) {
	value, ok := in.ValueOK()
	if ok && value == nil {
		return nil, domain.Errorf(domain.Invalid, "%s cannot be null: leave it out to keep it as it is", field).At(field)
	}
	return value, nil
}

// change returns what an input does to a field that may be cleared.
func change[T comparable](in graphql.Omittable[*T]) domain.Change[T] {
	value, ok := in.ValueOK()
	if !ok {
		return domain.Change[T]{}
	}
	return domain.To(value)
}
