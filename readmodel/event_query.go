package readmodel

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"flightdeck/budget"
	"flightdeck/domain"
	"flightdeck/eventstore"
	"flightdeck/policy"
	"flightdeck/prepared"

	"github.com/uptrace/bun"
)

// EventFilter selects events. A nil field selects all.
type EventFilter struct {
	StreamIds []string
	Kinds     []domain.Kind
	Types     []string
	ActorIds  []string
	From      *domain.Instant
	To        *domain.Instant
}

// EventEdge is an event in a connection.
type EventEdge struct {
	Node   Event
	row    *eventRow
	cursor func(*eventRow) string
}

// Cursor returns the cursor of the edge.
func (e *EventEdge) Cursor() string { return e.cursor(e.row) }

// EventConnection is a page of events.
type EventConnection struct {
	Connection
	Nodes  []Event
	rows   []*eventRow // of the nodes
	cursor func(*eventRow) string
}

// Edges returns the nodes with their cursors.
func (c *EventConnection) Edges() []*EventEdge {
	edges := make([]*EventEdge, len(c.Nodes))
	for i, node := range c.Nodes {
		edges[i] = &EventEdge{node, c.rows[i], c.cursor}
	}
	return edges
}

// Check returns an error if a list in the filter is too long, or if it names a type that no event
// has.
func (f EventFilter) Check() error {
	known := append(domain.EventNames(), TypeWithdrawn)
	for _, name := range f.Types {
		if !slices.Contains(known, name) {
			return domain.Errorf(domain.Invalid, "%.60q is not a type of event: the types are %s", name, strings.Join(known, ", ")).At("filter")
		}
	}
	return atMost(MaxFilter, len(f.StreamIds), len(f.Kinds), len(f.Types), len(f.ActorIds))
}

// eventRow is an event that a query found. The query reads the position and the author, loadEvents
// the event.
type eventRow struct {
	bun.BaseModel `bun:"table:all_events,alias:e"`

	Position eventstore.Position `bun:"position,pk"`
	// DeckAuthor is the author of the deck that the event is about, "" for other events.
	DeckAuthor string `bun:"deck_author,scanonly"`

	event eventstore.Event `bun:"-"`
}

// Events returns a page of the events that the filter selects and the view may see, the oldest
// first.
func (r *Reader) Events(ctx context.Context, v View, p Page, f EventFilter) (*EventConnection, error) {
	if err := f.Check(); err != nil {
		return nil, err
	}
	span, err := r.recorded(ctx, f.From, f.To)
	if err != nil {
		return nil, err
	}
	l := list[eventRow]{
		reader: r, name: r.listName("events", f), dear: f.Kinds != nil || f.Types != nil || f.ActorIds != nil,
		keys: []string{"e.position"},
		key:  func(e *eventRow) []any { return []any{e.Position} },
		query: func(p eventstore.Position) *bun.SelectQuery {
			return r.found().Where("e.position <= ?", prepared.Bind(p)).Apply(f.apply, span, r.events(v))
		},
		load: r.loadEvents,
	}
	s, err := l.read(ctx, v, r.log.Head().Position, p)
	if err != nil {
		return nil, err
	}
	return &EventConnection{s.Connection, r.adoptEvents(s.view, s.rows), s.rows, s.cursor}, nil
}

// history returns a page of the events of one object.
func (r *Reader) history(ctx context.Context, v View, id string, p Page) (*EventConnection, error) {
	return r.Events(ctx, v, p, EventFilter{StreamIds: []string{id}})
}

// found selects the positions of events and the authors of their decks.
func (r *Reader) found() *bun.SelectQuery {
	return r.db.NewSelect().Model((*eventRow)(nil)).ColumnExpr("e.position").
		ColumnExpr("coalesce((SELECT d.author_id FROM presentations AS d WHERE d.valid_from = e.position), '') AS deck_author")
}

// loadEvents reads the events of rows from the log, archived ones included. It returns the number
// of complete rows, which come first.
func (r *Reader) loadEvents(ctx context.Context, rows []*eventRow) (int, error) {
	positions := make([]eventstore.Position, len(rows))
	for i, row := range rows {
		positions[i] = row.Position
	}
	loaded := 0
	for size := 0; loaded < len(rows) && size < pageBytes; {
		events, err := r.log.At(ctx, positions[loaded:])
		if err != nil {
			return loaded, err
		}
		b := budget.From(ctx)
		if err := errors.Join(b.Bytes(eventstore.DataSize(events)), b.Settle(ctx)); err != nil {
			return loaded, err
		}
		if len(events) == 0 {
			return loaded, fmt.Errorf("event %s is missing: run flightdeck verify", positions[loaded])
		}
		for i := 0; i < len(events) && size < pageBytes; i++ {
			rows[loaded].event = events[i]
			size += len(events[i].Data)
			loaded++
		}
	}
	return loaded, nil
}

// EventsBetween returns the events between two positions, both included, that the view may see. If
// their data is long it returns the first of them.
func (r *Reader) EventsBetween(ctx context.Context, v View, first, last eventstore.Position) ([]Event, error) {
	return r.find(ctx, v, r.found().Where("e.position BETWEEN ? AND ?", prepared.Bind(first), prepared.Bind(last)).Apply(r.events(v)).OrderExpr("e.position"))
}

// StreamSince returns the events of a stream after a version that the view may see, MaxPage at
// most.
func (r *Reader) StreamSince(ctx context.Context, v View, id string, version int) ([]Event, error) {
	return r.find(ctx, v, r.found().Where("e.stream_id = ? AND e.version > ?", prepared.Bind(id), prepared.Bind(version)).
		Apply(r.events(v)).OrderExpr("e.position").Limit(MaxPage))
}

// find runs a query that found has begun.
func (r *Reader) find(ctx context.Context, v View, q *bun.SelectQuery) ([]Event, error) {
	var rows []*eventRow
	if err := r.db.Scan(ctx, q, &rows); err != nil {
		return nil, err
	}
	loaded, err := r.loadEvents(ctx, rows)
	return r.adoptEvents(v, rows[:loaded]), err
}

// recorded selects the events from one instant up to another, which is not included. The log is in
// the order of time, so a range of positions selects them.
func (r *Reader) recorded(ctx context.Context, from, to *domain.Instant) (func(*bun.SelectQuery) *bun.SelectQuery, error) {
	before := func(i *domain.Instant) (eventstore.Position, error) {
		return r.log.PositionAt(ctx, i.Time().Add(-time.Microsecond))
	}
	first, last := eventstore.Position(0), eventstore.Forever
	var err error
	if from != nil {
		if first, err = before(from); err != nil {
			return nil, err
		}
	}
	if to != nil {
		if last, err = before(to); err != nil {
			return nil, err
		}
	}
	return func(q *bun.SelectQuery) *bun.SelectQuery {
		if from != nil {
			q = q.Where("e.position > ?", prepared.Bind(first))
		}
		if to != nil {
			q = q.Where("e.position <= ?", prepared.Bind(last))
		}
		return q
	}, nil
}

// deliveredTogether is the number of delivered events whose users and objects are read at once. An
// object may be large, also where its event is not.
const deliveredTogether = 4

// Delivered returns the events that the filter selects and the actor may see, in the order of the
// log, of a slice of events from a feed. In the place of an event that the actor may not see, and
// that took an object away from the actor, it returns a Withdrawn event. An event is decoded when
// the sequence comes to it, and not at all if withData is false: then the fields of its own and its
// data are empty.
func (r *Reader) Delivered(ctx context.Context, actor domain.Actor, f EventFilter, events []eventstore.Event, withData bool) (iter.Seq[Event], error) {
	events = slices.DeleteFunc(slices.Clone(events), func(e eventstore.Event) bool { return !f.matches(e) && !f.tells(e) })
	if len(events) == 0 {
		return func(func(Event) bool) {}, nil
	}
	v := r.Head(actor)
	positions := make([]eventstore.Position, len(events))
	for i, e := range events {
		positions[i] = e.Position
	}
	var rows []*eventRow
	if err := r.db.Scan(ctx, r.found().Apply(r.events(v)).Where("e.position IN (?)", prepared.BindAll(positions)).OrderExpr("e.position"), &rows); err != nil {
		return nil, err
	}
	at := make(map[eventstore.Position]*eventRow, len(rows))
	for _, row := range rows {
		at[row.Position] = row
	}
	d := delivery{reader: r, view: v, decode: typed}
	if !withData {
		d.decode = blank
	}
	var hidden []eventstore.Event
	for _, e := range events {
		switch row := at[e.Position]; {
		case row != nil && f.matches(e):
			row.event = e
			d.shown = append(d.shown, row)
		case row == nil && f.tells(e):
			hidden = append(hidden, e)
		}
	}
	var err error
	d.withdrawn, err = r.withdrawals(ctx, v, hidden)
	return d.events, err
}

// delivery is the result of Delivered before it is decoded. Both lists are in the order of the log.
type delivery struct {
	reader    *Reader
	view      View
	shown     []*eventRow
	withdrawn []eventstore.Event
	decode    func(e *Envelope, schemaVersion int) Event
}

// events yields the events of both lists in the order of the log.
func (d delivery) events(yield func(Event) bool) {
	withdrawn := d.withdrawn
	before := func(p eventstore.Position) bool {
		for len(withdrawn) > 0 && withdrawn[0].Position < p {
			if !yield(d.reader.withdrawn(d.view, withdrawn[0])) {
				return false
			}
			withdrawn = withdrawn[1:]
		}
		return true
	}
	for together := range slices.Chunk(d.shown, deliveredTogether) {
		for i, e := range d.reader.envelopes(d.view, together) {
			if !before(e.Position) || !yield(d.decode(e, together[i].event.SchemaVersion)) {
				return
			}
		}
	}
	before(eventstore.Forever)
}

// withdrawn returns the Withdrawn event in the place of an event.
func (r *Reader) withdrawn(v View, of eventstore.Event) Withdrawn {
	return Withdrawn{&Envelope{
		ID: "withdrawn-" + of.Position.String(), Position: of.Position, StreamID: string(of.Stream.ID), StreamVersion: of.Version, Type: TypeWithdrawn,
		RecordedAt: domain.InstantOf(of.RecordedAt), kind: domain.Kind(of.Stream.Type), data: []byte("{}"),
		answer: &answer{reader: r, view: v}, notes: true,
	}}
}

func (f EventFilter) apply(q *bun.SelectQuery) *bun.SelectQuery {
	q = in(q, "e.stream_id", f.StreamIds)
	q = in(q, "e.stream_type", f.Kinds)
	q = in(q, "e.type", f.Types)
	return in(q, "e.actor", f.ActorIds)
}

// in selects the rows whose column has one of the values. nil selects all rows.
func in[T any](q *bun.SelectQuery, column string, values []T) *bun.SelectQuery {
	if values == nil {
		return q
	}
	return q.Where(column+" IN (?)", prepared.BindAll(values))
}

// matches reports whether the filter selects an event: it is apply for an event in memory.
func (f EventFilter) matches(e eventstore.Event) bool {
	at := domain.InstantOf(e.RecordedAt)
	return oneOf(f.StreamIds, string(e.Stream.ID)) && oneOf(f.Kinds, domain.Kind(e.Stream.Type)) &&
		oneOf(f.Types, e.Type) && oneOf(f.ActorIds, e.Actor) &&
		(f.From == nil || at >= *f.From) && (f.To == nil || at < *f.To)
}

// tells reports whether the filter selects a Withdrawn event in the place of an event. A filter by
// actors selects none, and a filter by types only if it names TypeWithdrawn: the answer would tell
// the hidden event's actor or type.
func (f EventFilter) tells(e eventstore.Event) bool {
	e.Type = TypeWithdrawn
	return f.ActorIds == nil && f.matches(e)
}

// oneOf reports whether a value is in a list. nil means the list of all values.
func oneOf[T comparable](values []T, value T) bool {
	return values == nil || slices.Contains(values, value)
}

// adoptEvents returns the events of rows and gives them their view.
func (r *Reader) adoptEvents(v View, rows []*eventRow) []Event {
	events := make([]Event, len(rows))
	for i, e := range r.envelopes(v, rows) {
		events[i] = typed(e, rows[i].event.SchemaVersion)
	}
	return events
}

// envelopes returns the envelopes of the events of rows and gives them their view.
func (r *Reader) envelopes(v View, rows []*eventRow) []*Envelope {
	a, asOf := &answer{reader: r, view: v}, v.asOf()
	for _, row := range rows {
		from := row.event
		e := &Envelope{
			ID: from.ID, Position: from.Position, StreamID: string(from.Stream.ID), StreamVersion: from.Version, Type: from.Type,
			RecordedAt: domain.InstantOf(from.RecordedAt), CorrelationID: optional(from.CorrelationID), CausationID: optional(from.CausationID),
			AsOf: asOf, kind: domain.Kind(from.Stream.Type), actor: from.Actor, answer: a,
			notes: r.May(v.Actor, policy.SeeNotes, row.DeckAuthor),
		}
		e.data, e.damage = OpenData(r.vault, from)
		a.name(asOf, from.Actor)
		a.events = append(a.events, e)
	}
	return a.events
}

func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// subjects returns the objects of events by the events' positions, each as of its event. It runs
// three statements at most.
func (r *Reader) subjects(ctx context.Context, v View, events []*Envelope) (map[eventstore.Position]Node, error) {
	positions := make(map[domain.Kind][]eventstore.Position)
	for _, e := range events {
		positions[e.kind] = append(positions[e.kind], e.Position)
	}
	things := make(map[eventstore.Position]Node, len(events))
	if list := positions[domain.KindContent]; list != nil {
		var rows []*Content
		if err := r.db.Scan(ctx, r.db.NewSelect().Model((*Content)(nil)).Where("c.valid_from IN (?)", prepared.BindAll(list)).Apply(r.visible(v, contents, "c")), &rows); err != nil {
			return nil, err
		}
		for _, row := range rows {
			row.AsOf = &row.ValidFrom
			things[row.ValidFrom] = row
		}
		r.joinContents(v, rows)
	}
	if list := positions[domain.KindPresentation]; list != nil {
		var rows []*Presentation
		if err := r.db.Scan(ctx, r.db.NewSelect().Model((*Presentation)(nil)).Where("p.valid_from IN (?)", prepared.BindAll(list)).Apply(r.visible(v, presentations, "p")), &rows); err != nil {
			return nil, err
		}
		for _, row := range rows {
			row.AsOf = &row.ValidFrom
			things[row.ValidFrom] = row
		}
		r.joinPresentations(v, rows)
	}
	if list := positions[domain.KindUser]; list != nil {
		var rows []*User
		if err := r.db.Scan(ctx, r.db.NewSelect().Model((*User)(nil)).Where("u.valid_from IN (?)", prepared.BindAll(list)), &rows); err != nil {
			return nil, err
		}
		r.adoptUsers(v, rows...)
		for _, row := range rows {
			if r.May(v.Actor, policy.SeeUser, row.ID) {
				row.AsOf = &row.ValidFrom
				things[row.ValidFrom] = row
			}
		}
	}
	return things, nil
}
