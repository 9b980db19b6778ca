package command

import (
	"context"

	"flightdeck/auth"
	"flightdeck/domain"
	"flightdeck/eventstore"
	"flightdeck/policy"

	"github.com/99designs/gqlgen/graphql"
)

// CreateContent creates a content.
type CreateContent struct {
	IdempotencyKey *string
	Title          string
	// Slug may be nil: a free one is then made from the title.
	Slug        *string
	Description *string
	Content     string
	Format      domain.ContentFormat
	Tags        []string
	Status      domain.ContentStatus
}

// UpdateContent changes the fields of a content that are present.
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

// These commands have no field of their own.
type (
	// PublishContent makes a content public.
	PublishContent struct{ ContentTarget }
	// UnpublishContent makes a content a draft.
	UnpublishContent struct{ ContentTarget }
	// ArchiveContent hides a content from the public.
	ArchiveContent struct{ ContentTarget }
	// DeleteContent hides a content everywhere except in its history.
	DeleteContent struct{ ContentTarget }
)

// Restore names the version to return to.
type Restore struct {
	IdempotencyKey  *string
	ID              string
	ToVersion       int
	ExpectedVersion *int
	// Slug takes the place of the slug of the version; nil keeps that one. A deck has none.
	Slug *string `json:",omitzero"`
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

func (in CreateContent) prepare(context.Context, *Commands) (txFunc, error) {
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

func (in UpdateContent) prepare(context.Context, *Commands) (txFunc, error) {
	e := domain.ContentUpdated{Description: clearable(in.Description)}
	var err error
	if e.Title, err = requiredValue("title", in.Title); err != nil {
		return nil, err
	}
	if e.Slug, err = requiredValue("slug", in.Slug); err != nil {
		return nil, err
	}
	if e.Content, err = requiredValue("content", in.Content); err != nil {
		return nil, err
	}
	if e.Format, err = requiredValue("format", in.Format); err != nil {
		return nil, err
	}
	if tags, ok := in.Tags.ValueOK(); ok {
		e.Tags = append([]string{}, tags...)
	}
	return changeContent(in.ID, in.ExpectedVersion, func(u *unit, c domain.Content) ([]domain.Event, error) {
		if e.Slug != nil {
			if err := u.slugIsFree(*e.Slug, c.ID, "choose another, or leave it out to keep the present one"); err != nil {
				return nil, err
			}
		}
		return c.Update(e)
	})
}

func (in PublishContent) prepare(context.Context, *Commands) (txFunc, error) {
	return in.apply(domain.Content.Publish)
}

func (in UnpublishContent) prepare(context.Context, *Commands) (txFunc, error) {
	return in.apply(domain.Content.Unpublish)
}

func (in ArchiveContent) prepare(context.Context, *Commands) (txFunc, error) {
	return in.apply(domain.Content.Archive)
}

func (in DeleteContent) prepare(context.Context, *Commands) (txFunc, error) {
	return in.apply(domain.Content.Delete)
}

func (in ContentTarget) apply(decide func(domain.Content) ([]domain.Event, error)) (txFunc, error) {
	return changeContent(in.ID, in.ExpectedVersion, func(_ *unit, c domain.Content) ([]domain.Event, error) { return decide(c) })
}

func (in RestoreContent) prepare(ctx context.Context, c *Commands) (txFunc, error) {
	old, err := stateToRestore[domain.Content](ctx, c, domain.KindContent, policy.ChangeContent, in.Restore)
	if err != nil {
		return nil, err
	}
	if in.Slug != nil {
		old.Slug = *in.Slug
	}
	return changeContent(in.ID, in.ExpectedVersion, func(u *unit, c domain.Content) ([]domain.Event, error) {
		events, err := c.Restore(old)
		if err != nil {
			return nil, err
		}
		return events, u.slugIsFree(old.Slug, c.ID, "choose another in slug, which takes the place of that of the version")
	})
}

// changeContent returns the txFunc that loads a content, checks that the actor may change it, calls
// decide and appends its events.
func changeContent(id string, expected *int, decide func(*unit, domain.Content) ([]domain.Event, error)) (txFunc, error) {
	if err := domain.CheckID(domain.KindContent, "id", id); err != nil {
		return nil, err
	}
	return func(u *unit) (Outcome, error) {
		out := Outcome{ID: id}
		c, err := loadOwn[domain.Content](u, "id", id, policy.ChangeContent, policy.Visibility.Content)
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

// stateToRestore returns the state at the version that a Restore names, or the zero value if there
// is none or the actor may not change anything. It reads before the command is queued, because the
// past does not change. Only the transaction tells the actor that there is no such version, after
// the check that the actor may see the object.
func stateToRestore[S ownedState](ctx context.Context, c *Commands, kind domain.Kind, change policy.Right, in Restore) (s S, err error) {
	if err := domain.CheckID(kind, "id", in.ID); err != nil {
		return s, err
	}
	actor := auth.ActorFrom(ctx)
	if in.ToVersion < 1 || !c.may(actor, change, actor.UserID) { // a replay is expensive
		return s, nil
	}
	state, at, err := c.Log.State(ctx, eventstore.StreamID(in.ID), eventstore.Until{Version: in.ToVersion})
	if at == in.ToVersion {
		s, _ = state.(S) //nolint:errcheck // the id names the kind of the state
	}
	return s, err
}

// requiredValue returns the value of an input field that cannot be null, or nil if the field was
// left out.
func requiredValue[T any](field string, in graphql.Omittable[*T]) (*T, error) {
	value, ok := in.ValueOK()
	if ok && value == nil {
		return nil, domain.Errorf(domain.Invalid, "%s cannot be null: leave it out to keep it as it is", field).At(field)
	}
	return value, nil
}

// clearable returns the change of a field that null clears.
func clearable[T comparable](in graphql.Omittable[*T]) domain.Change[T] {
	value, ok := in.ValueOK()
	if !ok {
		return domain.Change[T]{}
	}
	return domain.To(value)
}
