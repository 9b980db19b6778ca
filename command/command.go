package command

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"flightdeck/auth"
	"flightdeck/domain"
	"flightdeck/eventstore"
	"flightdeck/policy"
	"flightdeck/vault"

	"github.com/google/uuid"
)

// Tables is what commands ask and keep beside the log, in the writer's
// transaction. Package readmodel implements it.
type Tables interface {
	// ContentBySlug and UserByEmail return an id, "" for none.
	ContentBySlug(tx *eventstore.Tx, slug string) (id string, err error)
	UserByEmail(tx *eventstore.Tx, email string) (id string, err error)
	// Admins counts the users with that role.
	Admins(tx *eventstore.Tx) (int, error)
	SetPassword(tx *eventstore.Tx, userID, hash string) error
	// HasKey and KeepKey are about the key that seals what is personal in the events
	// of a user.
	HasKey(tx *eventstore.Tx, userID string) (bool, error)
	KeepKey(tx *eventstore.Tx, userID string, wrapped []byte) error
	// Forget deletes all that is kept of a user beside the log.
	Forget(tx *eventstore.Tx, userID string) error
	// ReplacePassword reports whether the hash that is there is old, and then keeps
	// the other in its place.
	ReplacePassword(tx *eventstore.Tx, userID, old, hash string) (replaced bool, err error)
	// Sessions are kept by the digest of their token. EndSession reports whether there
	// was one.
	StartSession(tx *eventstore.Tx, token []byte, userID string, expires time.Time) error
	EndSession(tx *eventstore.Tx, token []byte) (ended bool, err error)
	EndSessions(tx *eventstore.Tx, userID string) error
	// Keys are kept by the digest of the key. RevokeKey returns whose it was, "" when
	// there is no such key; revoking twice keeps who was first.
	AddKey(tx *eventstore.Tx, id string, digest []byte, userID, name, by string, expires *domain.Instant) error
	RevokeKey(tx *eventstore.Tx, id, by string) (userID string, err error)
}

// Accounts is what commands read of accounts before they are queued. Package
// readmodel implements it.
type Accounts interface {
	// PasswordByEmail returns empty texts when nobody can log in with the address.
	PasswordByEmail(ctx context.Context, email string) (userID, hash string, err error)
	// PasswordByID returns "" for a user who has no password.
	PasswordByID(ctx context.Context, userID string) (hash string, err error)
}

// Rebuilder rebuilds the read model. Package readmodel implements it.
type Rebuilder interface {
	// Start begins a rebuild, or goes on with an unfinished one, and returns at once.
	Start() error
}

// Commands runs commands. Its methods may be called at the same time.
type Commands struct {
	Log      *eventstore.Store
	Tables   Tables
	Accounts Accounts
	// Rules says who may do what; nil for policy.Rules.
	Rules *policy.Table
	// Rebuilder is what RebuildReadModel needs, and nothing else.
	Rebuilder Rebuilder
	// Watch is told of the sessions that end; may be nil.
	Watch *auth.Watch
	// Vault seals what is personal in events; nil leaves it as it is.
	Vault *vault.Vault
	// Correlation returns the correlation id of a request; nil for none.
	Correlation func(context.Context) string
	// SessionLife is how long a token is valid.
	SessionLife time.Duration
	// Closed says that nobody makes an account for themselves.
	Closed bool
}

// Command is a request for a change: one of this package's structs.
type Command interface {
	// prepare checks what needs no transaction and does what is slow.
	prepare(ctx context.Context, c *Commands) (plan, error)
	// key is the command's idempotency key, nil for none.
	key() *string
}

// afterCommitter is a command that has something to do once it is durable, also when nobody
// waits for its answer any more, and when it had been done before; out is empty then.
type afterCommitter interface {
	afterCommit(ctx context.Context, c *Commands, out Outcome) error
}

// plan is the part of a command that runs in the writer's transaction. It may run
// for another attempt, so it changes nothing but through u.
type plan func(u *unit) (Outcome, error)

// Outcome is what a command was about.
type Outcome struct {
	// ID is the object that was written; SlideID the slide in it, if one was.
	ID      string
	SlideID string
}

// Result is what a command led to.
type Result struct {
	Outcome
	// First and Position are the positions of the first and the last event. When
	// nothing changed First is after Position, which is then the head of the log
	// that the command saw.
	First, Position eventstore.Position
	// After is the state of the object right after the command, where the command
	// changed it and was not done before; else nil.
	After domain.State
	// Parts are the outcomes of the commands in a Batch.
	Parts []Outcome
	// Replayed says that the command had been done before, under the same
	// idempotency key, and was not done again.
	Replayed bool
}

// unit is a command's access to the transaction.
type unit struct {
	*Commands
	tx    *eventstore.Tx
	actor domain.Actor
	parts []Outcome
	// changed says that events were appended.
	changed bool
}

// maxKey is how long an idempotency key may be, in bytes.
const maxKey = 200

// Do runs a command on behalf of the actor in ctx, and returns once it is durable.
// What the actor can do something about is a *domain.Error or domain.Errors, and
// nothing was written then.
func (c *Commands) Do(ctx context.Context, cmd Command) (Result, error) {
	actor := auth.ActorFrom(ctx)
	info, err := c.describe(ctx, actor, cmd)
	if err != nil {
		return Result{}, err
	}
	plan, err := cmd.prepare(ctx, c)
	if err != nil {
		return Result{}, err
	}
	hook, _ := cmd.(afterCommitter) //nolint:errcheck // most commands have none
	if hook != nil {
		ctx = context.WithoutCancel(ctx)
	}
	var out Outcome
	var parts []Outcome
	var after domain.State
	done, err := c.Log.Update(ctx, info, func(tx *eventstore.Tx) error {
		u := &unit{Commands: c, tx: tx, actor: actor}
		o, err := plan(u)
		out, parts = o, u.parts
		if err == nil && u.changed {
			after, err = load[domain.State](u, o.ID)
		}
		return err
	})
	if err != nil {
		return Result{}, explain(err)
	}
	if hook != nil {
		if err := hook.afterCommit(ctx, c, out); err != nil {
			return Result{}, err
		}
	}
	r := Result{Outcome: out, First: done.First, Position: done.Position, After: after, Parts: parts, Replayed: done.Replayed}
	if done.Replayed {
		err = c.recall(ctx, cmd, &r)
	}
	return r, err
}

// describe is what the log is told of a command.
func (c *Commands) describe(ctx context.Context, actor domain.Actor, cmd Command) (info eventstore.Command, err error) {
	info.Metadata = c.metadata(ctx, actor.UserID)
	key := cmd.key()
	if key == nil {
		return info, nil
	}
	if *key == "" || len(*key) > maxKey {
		return info, domain.Errorf(domain.Invalid, "idempotencyKey has %d bytes: use 1 to %d, best a UUID", len(*key), maxKey).At("idempotencyKey")
	}
	input, err := json.Marshal(cmd)
	if err != nil {
		return info, fmt.Errorf("digest a command: %w", err)
	}
	digest := sha256.Sum256(fmt.Appendf(nil, "%T %s", cmd, input))
	info.Key, info.Input = eventstore.Key{Actor: actor.UserID, Value: *key}, digest[:]
	return info, nil
}

func (c *Commands) metadata(ctx context.Context, actor string) eventstore.Metadata {
	m := eventstore.Metadata{Actor: actor}
	if c.Correlation != nil {
		m.CorrelationID = c.Correlation(ctx)
	}
	return m
}

// explain turns what the log reports into what a client can act on.
func explain(err error) error {
	switch {
	case errors.Is(err, eventstore.ErrKeyReused):
		return domain.Errorf(domain.KeyReused, "the idempotency key was used before, with another input: use a new key for a new command").At("idempotencyKey")
	case errors.Is(err, eventstore.ErrOverloaded):
		return domain.Errorf(domain.Overloaded, "too many changes are waiting: try again in a moment, with the same idempotency key")
	case errors.Is(err, eventstore.ErrClosed):
		return domain.Errorf(domain.Unavailable, "the server is stopping: try again in a moment, with the same idempotency key")
	}
	return err
}

// NewID returns a new id of the kind. Ids sort in the order in which they were made.
func NewID(kind domain.Kind) string { return domain.NewID(kind, newUUID()) }

// newUUID returns a UUID of version 7, which keeps indexes in order of time.
func newUUID() string { return uuid.Must(uuid.NewV7()).String() }

// thing is a state that has an author and can be hidden.
type thing interface {
	domain.State
	AtVersion() int
	Owner() string
	Exists() bool
	Public() bool
}

// load returns the state of a stream; the zero value when there is none.
func load[S domain.State](u *unit, id string) (S, error) {
	var zero S
	state, _, err := u.tx.State(eventstore.StreamID(id))
	if err != nil || state == nil {
		return zero, err
	}
	s, ok := state.(S)
	if !ok {
		return zero, fmt.Errorf("stream %s holds a %T", id, state)
	}
	return s, nil
}

// may reports whether an actor has a right to something of a user's, "" for what is
// nobody's.
func (c *Commands) may(actor domain.Actor, right policy.Right, owner string) bool {
	rules := policy.Rules()
	if c.Rules != nil {
		rules = *c.Rules
	}
	return rules.May(actor, right, owner)
}

// loadOwn is load for something that the actor wants to change: change is the right
// to that, see the right to see it. What the actor may not even see does not exist
// for them.
func loadOwn[S thing](u *unit, field, id string, change policy.Right, see func(policy.Sight) policy.Right) (S, error) {
	s, err := load[S](u, id)
	if err != nil || s.AtVersion() == 0 || u.may(u.actor, change, s.Owner()) {
		return s, err
	}
	if is := policy.ExposureOf(s.Public(), !s.Exists()); !u.may(u.actor, see(policy.SightOf(is, is)), s.Owner()) {
		var none S
		return none, nil
	}
	return s, domain.Errorf(domain.Forbidden, "only its author and editors may change %s", id).At(field)
}

// append encodes events and adds them to the end of a stream.
func (u *unit) append(kind domain.Kind, id string, expected eventstore.ExpectedVersion, events []domain.Event) error {
	records := make([]eventstore.NewEvent, len(events))
	for i, e := range events {
		name, version, data, err := domain.Encode(e)
		if err != nil {
			return err
		}
		records[i] = eventstore.NewEvent{ID: newUUID(), Type: name, SchemaVersion: version, Data: data}
		if err := u.seal(id, &records[i]); err != nil {
			return err
		}
	}
	if len(records) == 0 {
		return nil
	}
	u.changed = true
	_, err := u.tx.Append(eventstore.Stream{ID: eventstore.StreamID(id), Type: string(kind)}, expected, records...)
	return err
}

// mayCreate returns an error unless the actor has a right to create things.
func (u *unit) mayCreate(right policy.Right) error {
	switch {
	case u.may(u.actor, right, u.actor.UserID):
		return nil
	case u.actor.Visitor():
		return domain.Errorf(domain.Forbidden, "log in to write: send the token of logIn as Authorization: Bearer …")
	default:
		return domain.Errorf(domain.Forbidden, "the role %s may only read: an admin can change it with changeRole", u.actor.Role)
	}
}

// conflict is the error of a change to something that has moved on.
func conflict(id string, expected, actual int) error {
	return &domain.Error{
		Code: domain.VersionConflict, Field: "expectedVersion", ID: id, Expected: expected, Actual: actual,
		Message: fmt.Sprintf("expected version %d, but it is at version %d: look at what changed since, then send the change again", expected, actual),
	}
}
