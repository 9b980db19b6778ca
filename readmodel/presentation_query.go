package readmodel

import (
	"context"
	"slices"

	"flightdeck/domain"
	"flightdeck/eventstore"
	"flightdeck/policy"
	"flightdeck/prepared"

	"github.com/uptrace/bun"
)

// PresentationFilter selects decks. A nil field selects all.
type PresentationFilter struct {
	IsPublic    *bool
	AuthorID    *string
	CreatedFrom *domain.Instant
	CreatedTo   *domain.Instant
	UpdatedFrom *domain.Instant
	UpdatedTo   *domain.Instant
}

// PresentationEdge is a deck in a connection.
type PresentationEdge struct {
	Node   *Presentation
	cursor func(*Presentation) string
}

// Cursor returns the cursor of the edge.
func (e *PresentationEdge) Cursor() string { return e.cursor(e.Node) }

// PresentationConnection is a page of decks.
type PresentationConnection struct {
	Connection
	Nodes  []*Presentation
	cursor func(*Presentation) string
}

// Edges returns the nodes with their cursors.
func (c *PresentationConnection) Edges() []*PresentationEdge {
	edges := make([]*PresentationEdge, len(c.Nodes))
	for i, node := range c.Nodes {
		edges[i] = &PresentationEdge{node, c.cursor}
	}
	return edges
}

// Presentation returns a deck, nil if there is none or the view may not see it.
func (r *Reader) Presentation(ctx context.Context, v View, id string) (*Presentation, error) {
	if err := domain.CheckID(domain.KindPresentation, "id", id); err != nil {
		return nil, err
	}
	return r.presentation(ctx, v, id)
}

// presentation is Presentation for an id that is known to be one.
func (r *Reader) presentation(ctx context.Context, v View, id string) (*Presentation, error) {
	row, err := one[Presentation](ctx, r, "presentation", v, id, func(v View, id string) *bun.SelectQuery {
		return r.db.NewSelect().Model((*Presentation)(nil)).Apply(currentRow("p", id, v.At), r.visible(v, presentations, "p"))
	})
	if row == nil || err != nil {
		return nil, err
	}
	r.adoptPresentations(v, row)
	return row, nil
}

// Slide returns a slide, nil if there is none in a deck that the view may see.
func (r *Reader) Slide(ctx context.Context, v View, id string) (*Slide, error) {
	if err := domain.CheckID(domain.KindSlide, "id", id); err != nil {
		return nil, err
	}
	rows, err := r.slidesByID(ctx, v, []string{id})
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	return rows[0], nil
}

// Presentations returns a page of the decks that the filter and the search select.
func (r *Reader) Presentations(ctx context.Context, v View, p Page, f PresentationFilter, o *Order, search *string) (*PresentationConnection, error) {
	l, err := r.presentationList(ctx, v, f, o, search)
	if err != nil {
		return nil, err
	}
	s, err := l.read(ctx, v, r.log.Head().Position, p)
	if err != nil {
		return nil, err
	}
	return &PresentationConnection{s.Connection, s.rows, s.cursor}, nil
}

func (r *Reader) presentationList(ctx context.Context, v View, f PresentationFilter, o *Order, search *string) (l list[Presentation], err error) {
	words, err := r.words(ctx, v, search)
	if err != nil {
		return l, err
	}
	order, err := o.orDefault(words)
	if err != nil {
		return l, err
	}
	l = list[Presentation]{
		reader: r, name: r.listName("presentations", f, order, words),
		dear: !words.none() || f != PresentationFilter{},
		desc: order.Direction == Descending,
		query: func(p eventstore.Position) *bun.SelectQuery {
			v := v.moved(p)
			q := r.db.NewSelect().Model((*Presentation)(nil)).Apply(currentRows("p", p), r.visible(v, presentations, "p"), f.apply, words.presentations(p))
			q = order.bound(q, "p", p)
			if order.Field == Relevance {
				q = r.ranked(q, (*Presentation)(nil), "p", "presentation_search", "title", "description", words)
			}
			return q
		},
		adopt: func(v View, rows []*Presentation) { r.adoptPresentations(v, rows...) },
	}
	l.keys, l.key = presentationKeys(order.Field)
	return l, nil
}

// presentationKeys returns the columns of an order and a function that returns their values in a
// row.
func presentationKeys(by OrderField) (keys []string, key func(*Presentation) []any) {
	switch by {
	case UpdatedAt:
		return []string{"p.updated_at"}, func(p *Presentation) []any { return []any{p.UpdatedAt} }
	case Title:
		return []string{"p.title", "p.id"}, func(p *Presentation) []any { return []any{p.Title, p.ID} }
	case Relevance:
		return []string{"p.rank", "p.updated_at"}, func(p *Presentation) []any { return []any{p.Rank, p.UpdatedAt} }
	}
	return []string{"p.created_at"}, func(p *Presentation) []any { return []any{p.CreatedAt} }
}

func (f PresentationFilter) apply(q *bun.SelectQuery) *bun.SelectQuery {
	if f.IsPublic != nil {
		public := 0
		if *f.IsPublic {
			public = 1
		}
		q = q.Where("p.is_public = ?", prepared.Bind(public))
	}
	if f.AuthorID != nil {
		q = q.Where("p.author_id = ?", prepared.Bind(*f.AuthorID))
	}
	return q.Apply(between("p.created_at", f.CreatedFrom, f.CreatedTo), between("p.updated_at", f.UpdatedFrom, f.UpdatedTo))
}

// adoptPresentations gives rows their view.
func (r *Reader) adoptPresentations(v View, rows ...*Presentation) {
	asOf := v.asOf()
	for _, row := range rows {
		row.AsOf = asOf
	}
	r.joinPresentations(v, rows)
}

// joinPresentations makes rows, which know their moments, the rows of one answer.
func (r *Reader) joinPresentations(v View, rows []*Presentation) {
	a := &answer{reader: r, view: v, decks: rows}
	for _, row := range rows {
		row.answer = a
		a.name(row.AsOf, row.AuthorID)
	}
}

// Author returns the author of the deck.
func (p *Presentation) Author(ctx context.Context) (*User, error) {
	return p.answer.user(ctx, p.AsOf, p.AuthorID)
}

// Slides returns the slides of the deck in running order.
func (p *Presentation) Slides(ctx context.Context) ([]*Slide, error) {
	all, err := p.answer.slides.get(func() (map[string]*Slide, error) { return p.answer.reader.slidesOf(ctx, p.answer.decks) })
	if err != nil {
		return nil, err
	}
	slides := make([]*Slide, 0, len(p.SlideIDs))
	for _, id := range p.SlideIDs {
		if s, ok := all[id+p.ValidFrom.String()]; ok {
			slides = append(slides, s)
		}
	}
	return slides, nil
}

// slidesOf returns the slides of decks. The key is the slide's id followed by the position of the
// deck's row, whose moment is that of the slides.
func (r *Reader) slidesOf(ctx context.Context, decks []*Presentation) (map[string]*Slide, error) {
	all := make(map[string]*Slide)
	for chunk := range slices.Chunk(decks, MaxPage) {
		byPosition := make(map[eventstore.Position]*Presentation, len(chunk))
		positions := make([]eventstore.Position, len(chunk))
		for i, deck := range chunk {
			positions[i] = deck.ValidFrom
			byPosition[deck.ValidFrom] = deck
		}
		var rows []struct {
			Slide `bun:",extend"`
			Deck  eventstore.Position `bun:"deck"`
		}
		q := r.db.NewSelect().TableExpr("presentations AS p").
			Join("JOIN slides AS s ON s.presentation_id = p.id AND s.valid_from <= p.valid_from AND s.valid_to > p.valid_from").
			ColumnExpr("s.id, s.valid_from, s.valid_to, s.presentation_id, s.title, s.notes, s.content, p.valid_from AS deck").Where("p.valid_from IN (?)", prepared.BindAll(positions))
		if err := r.db.Scan(ctx, q, &rows); err != nil {
			return nil, err
		}
		for i := range rows {
			s := &rows[i].Slide
			s.deck = byPosition[rows[i].Deck]
			s.AsOf = s.deck.AsOf
			all[s.ID+rows[i].Deck.String()] = s
		}
	}
	return all, nil
}

// History returns a page of the deck's events.
func (p *Presentation) History(ctx context.Context, first *int, after *string, last *int, before *string) (*EventConnection, error) {
	return p.answer.reader.history(ctx, p.answer.viewOf(p.AsOf), p.ID, Page{First: first, After: after, Last: last, Before: before})
}

// Revision returns the deck at a version, or at a point in history. It returns nil if the deck did
// not exist then or the view may not see it. Either version or asOf is nil.
func (p *Presentation) Revision(ctx context.Context, version *int, asOf *AsOf) (*Presentation, error) {
	v, ok, err := p.answer.revision(ctx, p.answer.viewOf(p.AsOf), p.ID, version, asOf)
	if err != nil || !ok {
		return nil, err
	}
	return p.answer.reader.presentation(ctx, v, p.ID)
}

// Presentation returns the deck of the slide.
func (s *Slide) Presentation() *Presentation { return s.deck }

// Order returns the place of the slide in its deck, from 1.
func (s *Slide) Order() int { return slices.Index(s.deck.SlideIDs, s.ID) + 1 }

// Notes returns the speaker notes, nil if the view may not see them.
func (s *Slide) Notes() *string {
	if a := s.deck.answer; !a.reader.May(a.view.Actor, policy.SeeNotes, s.deck.AuthorID) {
		return nil
	}
	return s.SpeakerNotes
}
