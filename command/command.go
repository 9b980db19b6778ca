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

// Lookup answers questions about the present rows, in the writer's transaction. Package readmodel
// implements it.
type Lookup interface {
	// ContentBySlug and UserByEmail return an id, or "" for none. An address has one form there:
	// see domain.EmailForms.
	ContentBySlug(tx *eventstore.Tx, slug string) (id string, err error)
	UserByEmail(tx *eventstore.Tx, email string) (id string, err error)
	// Admins returns the number of users with the role ADMIN.
	Admins(tx *eventstore.Tx) (int, error)
}

// Accounts holds the passwords, sessions and keys that commands read and write in the writer's
// transaction. Package account implements it.
type Accounts interface {
	SetPassword(tx *eventstore.Tx, userID, hash string) error
	// ReplacePassword stores hash if the present hash is old, and reports whether it was.
	ReplacePassword(tx *eventstore.Tx, userID, old, hash string) (replaced bool, err error)
	// A session is stored under the digest of its token. EndSession reports whether there was one.
	StartSession(tx *eventstore.Tx, token []byte, userID string, expires time.Time) error
	EndSession(tx *eventstore.Tx, token []byte) (ended bool, err error)
	EndSessions(tx *eventstore.Tx, userID string) error
	// An API key is stored under its digest. RevokeKey returns the key's user, or "" if there is no
	// such key; a second call changes nothing.
	AddKey(tx *eventstore.Tx, id string, digest []byte, userID, name, by string, expires *domain.Instant) error
	RevokeKey(tx *eventstore.Tx, id, by string) (userID string, err error)
	// UserOfToken returns the user whose session, or whose API key that is not revoked, has a
	// digest; "" if there is none. It does not look at the time of expiry.
	UserOfToken(tx *eventstore.Tx, digest []byte) (userID string, err error)
	// HasKey and KeepKey read and store the key that seals the personal fields of a user's events.
	HasKey(tx *eventstore.Tx, userID string) (bool, error)
	KeepKey(tx *eventstore.Tx, userID string, wrapped []byte) error
	// Forget deletes all secrets of a user.
	Forget(tx *eventstore.Tx, userID string) error
}

// Passwords holds the secrets that commands read before they are queued. Package account implements
// it.
type Passwords interface {
	// UserOfToken is that of Accounts, as committed.
	UserOfToken(ctx context.Context, digest []byte) (userID string, err error)
	// PasswordByEmail returns "" twice if no user can log in with the address, in any form of it.
	PasswordByEmail(ctx context.Context, email string) (userID, hash string, err error)
	// PasswordByID returns "" for a user without a password.
	PasswordByID(ctx context.Context, userID string) (hash string, err error)
}

// Rebuilder rebuilds the read model. Package readmodel implements it.
type Rebuilder interface {
	// Start begins a rebuild, or continues an unfinished one, and returns at once.
	Start() error
}

// Commands runs commands. Its methods may be called from many goroutines.
type Commands struct {
	Log       *eventstore.Store
	Lookup    Lookup
	Accounts  Accounts
	Passwords Passwords
	// Rules is the table of rights; nil means policy.Rules.
	Rules *policy.Table
	// Rebuilder is for RebuildReadModel only.
	Rebuilder Rebuilder
	// Follow waits until everything that follows the log outside the commits has reached the head;
	// nil if there is nothing. It is for ArchiveStream only.
	Follow func(context.Context) error
	// Erase removes the deleted data of a forgotten user from the files; nil for Log.PurgeDeleted.
	Erase func(ctx context.Context, userID string) error
	// Watch hears of every session that ends; it may be nil.
	Watch *auth.Watch
	// Vault seals the personal fields of events; nil leaves them in clear.
	Vault *vault.Vault
	// Correlation returns the correlation id of a request; nil means that there is none.
	Correlation func(context.Context) string
	// SessionLife is the time for which a token is valid.
	SessionLife time.Duration
	// Closed refuses RegisterUser.
	Closed bool
}

// Command is a request for a change: one of this package's structs.
type Command interface {
	// prepare does the slow work, and the checks that need no transaction.
	prepare(ctx context.Context, c *Commands) (txFunc, error)
	// key returns the idempotency key, nil for none.
	key() *string
}

// afterCommitter is a command with work to do after the commit. The work is done even if the caller
// no longer waits, and also for a replayed command, with an empty out.
type afterCommitter interface {
	afterCommit(ctx context.Context, c *Commands, out Outcome) error
}

// txFunc is the part of a command that runs in the writer's transaction. It changes things only
// through u, because it may run again.
type txFunc func(u *unit) (Outcome, error)

// Outcome names the object that a command wrote.
type Outcome struct {
	// ID is the object; SlideID is the slide of it that the command wrote, or "".
	ID      string
	SlideID string
}

// Result is the effect of a command.
type Result struct {
	Outcome
	// First and Position are the positions of the first and the last event. If nothing changed,
	// Position is the head of the log that the command saw, and First is after it.
	First, Position eventstore.Position
	// After is the state of the object right after the command; nil if the command changed nothing
	// or was replayed.
	After domain.State
	// Parts are the outcomes of the commands of a Batch.
	Parts []Outcome
	// Replayed reports that the command had run before, under the same idempotency key, and did not
	// run again.
	Replayed bool
}

// unit is the access of a command to the writer's transaction.
type unit struct {
	*Commands
	tx    *eventstore.Tx
	actor domain.Actor
	parts []Outcome
	// changed reports that events were appended.
	changed bool
}

// maxKey is the length limit of an idempotency key, in bytes.
const maxKey = 200

// Do runs a command as the actor in ctx, and returns once it is durable. The actor's role, and the
// session or the key in ctx, are those of the moment at which the command runs. An error that the
// actor can correct is a *domain.Error or domain.Errors, and then nothing was written.
func (c *Commands) Do(ctx context.Context, cmd Command) (Result, error) {
	who := askerOf(ctx)
	info, err := c.describe(ctx, who.actor, cmd)
	if err != nil {
		return Result{}, err
	}
	run, err := cmd.prepare(ctx, c)
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
		u, err := c.unit(tx, who)
		if err != nil {
			return err
		}
		o, err := run(u)
		out, parts = o, u.parts
		if err == nil && u.changed {
			after, err = load[domain.State](u, o.ID)
		}
		return err
	})
	if err != nil {
		return Result{}, clientError(err)
	}
	if hook != nil {
		if err := hook.afterCommit(ctx, c, out); err != nil {
			return Result{}, err
		}
	}
	r := Result{Outcome: out, First: done.First, Position: done.Position, After: after, Parts: parts, Replayed: done.Replayed}
	if done.Replayed {
		err = c.replayedOutcome(ctx, cmd, &r)
	}
	return r, err
}

// describe returns the metadata, the key and the digest under which the log records a command.
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

// clientError turns an error of the log into one that a client can act on.
func clientError(err error) error {
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

// newUUID returns a UUID of version 7, which sorts by time.
func newUUID() string { return uuid.Must(uuid.NewV7()).String() }

// ownedState is the state of an object that has an owner and can be hidden.
type ownedState interface {
	domain.State
	AtVersion() int
	Owner() string
	Exists() bool
	Public() bool
}

// load returns the state of a stream, or the zero value if there is no such stream.
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

// may reports whether an actor has a right to an object of the owner; owner is "" for an object
// without one.
func (c *Commands) may(actor domain.Actor, right policy.Right, owner string) bool {
	rules := policy.Rules()
	if c.Rules != nil {
		rules = *c.Rules
	}
	return rules.May(actor, right, owner)
}

// loadOwn loads an object that the actor wants to change. It returns a Forbidden error at the field
// if the actor lacks the right to change it, and the zero value if the actor may not even see it.
func loadOwn[S ownedState](u *unit, field, id string, change policy.Right, see func(policy.Visibility) policy.Right) (S, error) {
	s, err := load[S](u, id)
	if err != nil || s.AtVersion() == 0 || u.may(u.actor, change, s.Owner()) {
		return s, err
	}
	if is := policy.ExposureOf(s.Public(), !s.Exists()); !u.may(u.actor, see(policy.VisibilityOf(is, is)), s.Owner()) {
		var none S
		return none, nil
	}
	return s, domain.Errorf(domain.Forbidden, "only its author and editors may change %s", id).At(field)
}

// append adds events to the end of a stream.
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

// mayCreate returns an error unless the actor has the right to create an object.
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

// conflict returns the error of a change that expected another version of the object.
func conflict(id string, expected, actual int) error {
	return &domain.Error{
		Code: domain.VersionConflict, Field: "expectedVersion", ID: id, Expected: expected, Actual: actual,
		Message: fmt.Sprintf("expected version %d, but it is at version %d: look at what changed since, then send the change again", expected, actual),
	}
}
