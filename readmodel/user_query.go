package readmodel

import (
	"context"

	"flightdeck/domain"
	"flightdeck/eventstore"
	"flightdeck/policy"
	"flightdeck/prepared"

	"github.com/uptrace/bun"
)

// UserEdge is a user in a connection.
type UserEdge struct {
	Node   *User
	cursor func(*User) string
}

// Cursor returns the cursor of the edge.
func (e *UserEdge) Cursor() string { return e.cursor(e.Node) }

// UserConnection is a page of users.
type UserConnection struct {
	Connection
	Nodes  []*User
	cursor func(*User) string
}

// Edges returns the nodes with their cursors.
func (c *UserConnection) Edges() []*UserEdge {
	edges := make([]*UserEdge, len(c.Nodes))
	for i, node := range c.Nodes {
		edges[i] = &UserEdge{node, c.cursor}
	}
	return edges
}

// User returns a user, nil if there is none.
func (r *Reader) User(ctx context.Context, v View, id string) (*User, error) {
	if err := domain.CheckID(domain.KindUser, "id", id); err != nil {
		return nil, err
	}
	users, err := r.usersByID(ctx, v, []string{id})
	return users[id], err
}

// Users returns a page of the users in the order of their registration. The error is
// domain.Unauthenticated for actors without the right to list users.
func (r *Reader) Users(ctx context.Context, v View, p Page) (*UserConnection, error) {
	reach := r.rules.Reach(v.Actor.Role, policy.ListUsers)
	if reach == policy.Not {
		return nil, domain.Errorf(domain.Unauthenticated, "log in to list users")
	}
	l := list[User]{
		reader: r, name: r.listName("users"),
		keys: []string{"u.created_at"},
		key:  func(u *User) []any { return []any{u.CreatedAt} },
		query: func(p eventstore.Position) *bun.SelectQuery {
			q := r.db.NewSelect().Model((*User)(nil)).Apply(currentRows("u", p), recordedBy("u.created_at", p))
			if reach == policy.Own {
				q = q.Where("u.id = ?", prepared.Bind(v.Actor.UserID))
			}
			return q
		},
		adopt: func(v View, rows []*User) { r.adoptUsers(v, rows...) },
	}
	s, err := l.read(ctx, v, r.log.Head().Position, p)
	if err != nil {
		return nil, err
	}
	return &UserConnection{s.Connection, s.rows, s.cursor}, nil
}

// adoptUsers gives rows their view.
func (r *Reader) adoptUsers(v View, rows ...*User) {
	a, asOf := &answer{reader: r, view: v}, v.asOf()
	for _, row := range rows {
		row.answer, row.AsOf = a, asOf
	}
}

// Email returns the user's address, nil if the view may not see it or the user was erased.
func (u *User) Email() *string {
	if u.Gone() || !u.answer.reader.May(u.answer.view.Actor, policy.SeeEmail, u.ID) {
		return nil
	}
	return &u.Address
}
