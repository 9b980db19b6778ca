package main

import (
	"context"

	"flightdeck/domain"
	"flightdeck/eventstore"
	"flightdeck/readmodel"
)

// This file tells who remembers something, answers and holders, when it may be another
// one: within the writer's transaction, before anybody can read what that writes.

// tables are those of the read model, watched by holders.
type tables struct {
	readmodel.Tables
	holders *holders
}

func (t tables) EndSession(tx *eventstore.Tx, token []byte) (bool, error) {
	t.holders.touch()
	return t.Tables.EndSession(tx, token)
}

func (t tables) EndSessions(tx *eventstore.Tx, userID string) error {
	t.holders.touch()
	return t.Tables.EndSessions(tx, userID)
}

func (t tables) RevokeKey(tx *eventstore.Tx, id, by string) (userID string, err error) {
	t.holders.touch()
	return t.Tables.RevokeKey(tx, id, by)
}

func (t tables) Forget(tx *eventstore.Tx, userID string) error {
	t.holders.touch()
	return t.Tables.Forget(tx, userID)
}

// model is the model of the log, watched by who remembers answers and holders.
type model struct {
	readmodel.Model
	latest  *latest
	holders *holders
}

// Project notes an event before anybody can read it. When it is taken back after all,
// what was kept is computed once more than it had to be.
func (m model) Project(ctx context.Context, rows eventstore.Rows, e eventstore.Event, before, after any) error {
	m.latest.note(e)
	if e.Stream.Type == string(domain.KindUser) {
		m.holders.touch()
	}
	return m.Model.Project(ctx, rows, e, before, after)
}
