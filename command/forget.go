package command

import (
	"context"
	"fmt"

	"flightdeck/domain"
	"flightdeck/eventstore"
	"flightdeck/policy"
)

// ForgetUser erases a user for good: the name and the address in every event and every row, at
// every position, and the password, sessions and keys. The user's contents stay. Only the user and
// admins may run it.
type ForgetUser struct {
	IdempotencyKey  *string
	ID              string
	ExpectedVersion *int
}

func (in ForgetUser) key() *string    { return in.IdempotencyKey }
func (in ForgetUser) target() Outcome { return Outcome{ID: in.ID} }

func (in ForgetUser) prepare(context.Context, *Commands) (txFunc, error) {
	may := func(u *unit) error {
		if !u.may(u.actor, policy.ForgetUser, in.ID) {
			return domain.Errorf(domain.Forbidden, "only the user and admins may have a user forgotten").At("id")
		}
		return nil
	}
	return changeUser(in.ID, in.ExpectedVersion, may, func(u *unit, user domain.User) ([]domain.Event, error) {
		if err := u.mustKeepAnAdmin(user, "id"); err != nil {
			return nil, err
		}
		events, err := user.Forget()
		if err != nil || len(events) == 0 {
			return nil, err
		}
		if err := u.Accounts.Forget(u.tx, in.ID); err != nil {
			return nil, err
		}
		return events, u.tx.ForgetStream(eventstore.StreamID(in.ID))
	})
}

// afterCommit drops the user's key from memory, closes the user's websockets and purges the deleted
// data from the files. If the purge fails, the command can be sent again.
func (in ForgetUser) afterCommit(ctx context.Context, c *Commands, _ Outcome) error {
	if c.Vault != nil {
		c.Vault.Forget(in.ID)
	}
	c.closeConnections(in.ID)
	if err := c.Log.PurgeDeleted(ctx); err != nil {
		return fmt.Errorf("the user is forgotten, but traces may be left in the database's files: send the command again, or restart the server: %w", err)
	}
	return nil
}

// seal seals the personal fields of an event with the user's key, and creates the key if there is
// none.
func (u *unit) seal(userID string, e *eventstore.NewEvent) (err error) {
	fields := domain.Personal(e.Type)
	if u.Vault == nil || fields == nil {
		return nil
	}
	has, err := u.Accounts.HasKey(u.tx, userID)
	if err != nil {
		return err
	}
	if !has {
		wrapped, err := u.Vault.NewKey(userID)
		if err != nil {
			return err
		}
		if err := u.Accounts.KeepKey(u.tx, userID, wrapped); err != nil {
			return err
		}
	}
	e.Data, err = u.Vault.Seal(userID, e.ID, e.Data, fields)
	return err
}
