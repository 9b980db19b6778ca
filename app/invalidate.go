package app

import (
	"context"

	"flightdeck/account"
	"flightdeck/domain"
	"flightdeck/eventstore"
	"flightdeck/projection"
)

// This file tells both caches about changes: the cache of principals and the cache of answers. The
// writer's transaction tells them before it commits, so before a reader can see the changed rows.

// watchedAccounts are the tables of accounts. Every method that may change a principal invalidates
// the cache of principals.
type watchedAccounts struct {
	account.Tables
	principals *principalCache
}

// EndSession ends one session.
func (t watchedAccounts) EndSession(tx *eventstore.Tx, token []byte) (bool, error) {
	t.principals.invalidate()
	return t.Tables.EndSession(tx, token)
}

// EndSessions ends all sessions of a user.
func (t watchedAccounts) EndSessions(tx *eventstore.Tx, userID string) error {
	t.principals.invalidate()
	return t.Tables.EndSessions(tx, userID)
}

// RevokeKey revokes an API key.
func (t watchedAccounts) RevokeKey(tx *eventstore.Tx, id, by string) (userID string, err error) {
	t.principals.invalidate()
	return t.Tables.RevokeKey(tx, id, by)
}

// Forget deletes the secrets of a user.
func (t watchedAccounts) Forget(tx *eventstore.Tx, userID string) error {
	t.principals.invalidate()
	return t.Tables.Forget(tx, userID)
}

// watchedModel is the read model. It records every event that it projects.
type watchedModel struct {
	projection.Model
	changes    *changeIndex
	principals *principalCache
}

// Project records an event and projects it. If the transaction is rolled back after all, the caches
// have dropped more than they had to.
func (m watchedModel) Project(ctx context.Context, rows eventstore.Rows, e eventstore.Event, before, after any) error {
	m.changes.Record(e)
	if e.Stream.Type == string(domain.KindUser) {
		m.principals.invalidate()
	}
	return m.Model.Project(ctx, rows, e, before, after)
}
