package projection

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"flightdeck/domain"
	"flightdeck/eventstore"
	"flightdeck/readmodel"

	"github.com/uptrace/bun"
	"github.com/uptrace/bun/schema"
)

// Difference is a row that does not follow from the log.
type Difference struct {
	Table string `json:"table"`
	// Row is the id of the object. Position is the position at which the row begins.
	Row      string              `json:"row"`
	Position eventstore.Position `json:"position"`
	Reason   string              `json:"reason"`
}

func (d Difference) String() string {
	return fmt.Sprintf("%s %s at position %s: %s", d.Table, d.Row, d.Position, d.Reason)
}

// VerifyRows compares all rows with the log, up to a position: it folds every stream from its first
// event, and compares the resulting rows and states with the tables and the snapshots. It calls
// report for each difference, and progress, which may be nil, with the number of streams after each
// one. A server may write meanwhile.
func VerifyRows(ctx context.Context, db *sql.DB, dialect schema.Dialect, model Model, log eventstore.Reader, to eventstore.Position, report func(Difference), progress func(done int)) error {
	v := verifier{db: bun.NewDB(db, dialect), model: model, log: log, to: to, report: report, expected: map[string]int64{
		"contents": 0, "content_tags": 0, "presentations": 0, "slides": 0, "users": 0,
	}}
	after := ""
	for done := 0; ; {
		var streams []struct {
			StreamID string
			Type     string
			Version  int
			Last     int // the version of its last event, in the same statement
		}
		if err := v.db.NewSelect().Table("streams").Column("stream_id", "type", "version").
			ColumnExpr("(SELECT coalesce(max(e.version), 0) FROM events AS e WHERE e.stream_id = streams.stream_id) AS last").
			Where("stream_id > ?", after).OrderExpr("stream_id").Limit(verifyAtOnce).Scan(ctx, &streams); err != nil {
			return err
		}
		for _, s := range streams {
			if s.Version != s.Last {
				report(Difference{"streams", s.StreamID, to, fmt.Sprintf("the stream is at version %d, its last event at %d", s.Version, s.Last)})
			}
			if err := v.stream(ctx, s.StreamID, s.Type); err != nil {
				return fmt.Errorf("verify stream %s: %w", s.StreamID, err)
			}
			after = s.StreamID
			if done++; progress != nil {
				progress(done)
			}
		}
		if len(streams) < verifyAtOnce {
			return v.counts(ctx)
		}
	}
}

// verifyAtOnce is the number of streams, or events of a stream, that one query reads.
const verifyAtOnce = 500

type verifier struct {
	db     *bun.DB
	model  Model
	log    eventstore.Reader
	to     eventstore.Position
	report func(Difference)
	// expected is the number of rows of each table that follow from the log.
	expected map[string]int64
}

// stream compares the rows and the snapshots of a stream.
func (v *verifier) stream(ctx context.Context, id, streamType string) error {
	states, positions, err := v.fold(ctx, id)
	if err != nil || len(states) == 0 {
		return err
	}
	if err := v.snapshots(ctx, id, states, positions); err != nil {
		return err
	}
	switch domain.Kind(streamType) {
	case domain.KindContent:
		return v.contents(ctx, id, states, positions)
	case domain.KindPresentation:
		return v.presentations(ctx, id, states, positions)
	case domain.KindUser:
		return v.users(ctx, id, states, positions)
	}
	return fmt.Errorf("streams of type %s are unknown to this version of FlightDeck", streamType)
}

// fold returns the states of a stream after each of its events, and the positions of the events. It
// reports versions that are not contiguous.
func (v *verifier) fold(ctx context.Context, id string) (states []domain.State, positions []eventstore.Position, err error) {
	var state any
	for {
		events, err := v.log.ReadStream(ctx, eventstore.StreamID(id), len(states), verifyAtOnce)
		if broken, ok := errors.AsType[*eventstore.BrokenError](err); ok {
			v.report(Difference{"events", id, broken.Position, broken.Reason})
			return nil, nil, nil
		}
		if err != nil {
			return nil, nil, err
		}
		for _, e := range events {
			if e.Position > v.to {
				return states, positions, nil
			}
			if e.Version != len(states)+1 {
				v.report(Difference{"events", id, e.Position, fmt.Sprintf("version %d follows version %d", e.Version, len(states))})
				return nil, nil, nil
			}
			if state, err = v.model.Apply(state, e); err != nil {
				v.report(Difference{"events", id, e.Position, err.Error()})
				return nil, nil, nil //nolint:nilerr // it is reported
			}
			s, _ := state.(domain.State) //nolint:errcheck // Apply returns one
			states, positions = append(states, s), append(positions, e.Position)
		}
		if len(events) == 0 {
			return states, positions, nil
		}
	}
}

// snapshots compares the snapshots of a stream that have the fingerprint of this program.
func (v *verifier) snapshots(ctx context.Context, id string, states []domain.State, positions []eventstore.Position) error {
	all, err := v.log.Snapshots(ctx, eventstore.StreamID(id))
	if err != nil {
		return err
	}
	for _, s := range all {
		if s.Fingerprint != domain.Fingerprint() || s.Position > v.to {
			continue
		}
		if s.Version < 1 || s.Version > len(states) || s.Position != positions[s.Version-1] {
			v.report(Difference{"snapshots", id, s.Position, fmt.Sprintf("no event leads to a snapshot of version %d there", s.Version)})
			continue
		}
		kept, found, err := v.log.Snapshot(ctx, eventstore.StreamID(id), s.Version, s.Fingerprint)
		if err != nil {
			return err
		}
		want, err := domain.EncodeState(states[s.Version-1])
		if err != nil {
			return err
		}
		if found && kept.Version == s.Version && string(kept.Data) != string(want) {
			v.report(Difference{"snapshots", id, s.Position, fmt.Sprintf("the log says %s, the snapshot says %s", want, kept.Data)})
		}
	}
	return nil
}

func (v *verifier) contents(ctx context.Context, id string, states []domain.State, positions []eventstore.Position) error {
	want := make([]readmodel.Content, len(states))
	var tags []ContentTag
	var before []string
	for i, s := range states {
		c, _ := s.(domain.Content) //nolint:errcheck // the stream is a content's
		want[i] = readmodel.NewContent(c, positions[i], next(positions, i))
		tags = tagRows(tags, c, before, positions[i])
		before = liveTags(c)
	}
	var have []readmodel.Content
	if err := v.db.NewSelect().Model(&have).Where("c.id = ? AND c.valid_from <= ?", id, v.to).OrderExpr("c.valid_from").Scan(ctx); err != nil {
		return err
	}
	compare(v, "contents", id, want, have, func(c *readmodel.Content) (from, to *eventstore.Position) { return &c.ValidFrom, &c.ValidTo })
	return v.tags(ctx, tags)
}

// tagRows returns the rows of a content's tags after one more state.
func tagRows(rows []ContentTag, c domain.Content, before []string, at eventstore.Position) []ContentTag {
	after := liveTags(c)
	for i := range rows {
		if rows[i].ValidTo == eventstore.Forever && !slices.Contains(after, rows[i].Tag) {
			rows[i].ValidTo = at
		}
	}
	for _, tag := range after {
		if !slices.Contains(before, tag) {
			rows = append(rows, ContentTag{Tag: tag, CreatedAt: c.CreatedAt, ValidFrom: at, ValidTo: eventstore.Forever, ContentID: c.ID})
		}
	}
	return rows
}

// tags compares the rows of tags one by one, because their key begins with the tag.
func (v *verifier) tags(ctx context.Context, want []ContentTag) error {
	for _, w := range want {
		var have []ContentTag
		if err := v.db.NewSelect().Model(&have).Where("t.tag = ? AND t.created_at = ? AND t.valid_from = ?", w.Tag, w.CreatedAt, w.ValidFrom).Scan(ctx); err != nil {
			return err
		}
		compare(v, "content_tags", w.ContentID+" "+w.Tag, []ContentTag{w}, have,
			func(t *ContentTag) (from, to *eventstore.Position) { return &t.ValidFrom, &t.ValidTo })
	}
	return nil
}

func (v *verifier) presentations(ctx context.Context, id string, states []domain.State, positions []eventstore.Position) error {
	want := make([]readmodel.Presentation, len(states))
	var slides []readmodel.Slide
	for i, s := range states {
		p, _ := s.(domain.Presentation) //nolint:errcheck // the stream is a deck's
		want[i] = readmodel.NewPresentation(p, positions[i], next(positions, i))
		slides = slideRows(slides, p, positions[i])
	}
	var have []readmodel.Presentation
	if err := v.db.NewSelect().Model(&have).Where("p.id = ? AND p.valid_from <= ?", id, v.to).OrderExpr("p.valid_from").Scan(ctx); err != nil {
		return err
	}
	compare(v, "presentations", id, want, have, func(p *readmodel.Presentation) (from, to *eventstore.Position) { return &p.ValidFrom, &p.ValidTo })
	var haveSlides []readmodel.Slide
	if err := v.db.NewSelect().Model(&haveSlides).Where("s.presentation_id = ? AND s.valid_from <= ?", id, v.to).OrderExpr("s.valid_from, s.id").Scan(ctx); err != nil {
		return err
	}
	slices.SortStableFunc(slides, func(a, b readmodel.Slide) int {
		return cmp.Or(cmp.Compare(a.ValidFrom, b.ValidFrom), cmp.Compare(a.ID, b.ID))
	})
	compare(v, "slides", id, slides, haveSlides, func(s *readmodel.Slide) (from, to *eventstore.Position) { return &s.ValidFrom, &s.ValidTo })
	return nil
}

// slideRows returns the rows of a deck's slides after one more state.
func slideRows(rows []readmodel.Slide, p domain.Presentation, at eventstore.Position) []readmodel.Slide {
	open := make(map[string]bool)
	for i := range rows {
		r := &rows[i]
		if r.ValidTo != eventstore.Forever {
			continue
		}
		s, ok := p.Slide(r.ID)
		if ok && sameSlide(s, domain.Slide{Title: r.Title, Notes: r.SpeakerNotes, Content: r.Content}) {
			open[r.ID] = true
		} else {
			r.ValidTo = at
		}
	}
	for _, s := range p.Slides {
		if !open[s.ID] {
			rows = append(rows, readmodel.NewSlide(p.ID, s, at, eventstore.Forever))
		}
	}
	return rows
}

func (v *verifier) users(ctx context.Context, id string, states []domain.State, positions []eventstore.Position) error {
	want := make([]readmodel.User, len(states))
	for i, s := range states {
		u, _ := s.(domain.User) //nolint:errcheck // the stream is a user's
		want[i] = readmodel.NewUser(u, positions[i], next(positions, i))
	}
	var have []readmodel.User
	if err := v.db.NewSelect().Model(&have).Where("u.id = ? AND u.valid_from <= ?", id, v.to).OrderExpr("u.valid_from").Scan(ctx); err != nil {
		return err
	}
	compare(v, "users", id, want, have, func(u *readmodel.User) (from, to *eventstore.Position) { return &u.ValidFrom, &u.ValidTo })
	return nil
}

// next returns the position at which the i-th state ends.
func next(positions []eventstore.Position, i int) eventstore.Position {
	if i+1 < len(positions) {
		return positions[i+1]
	}
	return eventstore.Forever
}

// compare reports missing rows, rows without an event, and different rows. An end after the
// verified events counts as open.
func compare[T any](v *verifier, table, id string, want, have []T, span func(*T) (from, to *eventstore.Position)) {
	v.expected[table] += int64(len(want))
	for i := range max(len(want), len(have)) {
		switch {
		case i >= len(have):
			from, _ := span(&want[i])
			v.report(Difference{table, id, *from, "the row is missing"})
		case i >= len(want):
			from, _ := span(&have[i])
			v.report(Difference{table, id, *from, "no event leads to the row"})
		default:
			from, to := span(&have[i])
			if *to > v.to {
				*to = eventstore.Forever
			}
			if was, is := fields(want[i]), fields(have[i]); was != is {
				v.report(Difference{table, id, *from, fmt.Sprintf("the log says %s, the row says %s", was, is)})
			}
		}
	}
}

// fields returns a row as text, for comparison and for messages.
func fields(row any) string {
	data, err := json.Marshal(row)
	if err != nil {
		return err.Error()
	}
	return string(data)
}

// counts reports tables with rows of objects that have no stream.
func (v *verifier) counts(ctx context.Context) error {
	for table, want := range v.expected {
		have, err := v.db.NewSelect().Table(table).Where("valid_from <= ?", v.to).Count(ctx)
		if err != nil {
			return err
		}
		if have != want {
			v.report(Difference{table, "all rows", v.to, fmt.Sprintf("%d rows follow from the log, the table has %d", want, have)})
		}
		if err := v.beyond(ctx, table); err != nil {
			return err
		}
	}
	return nil
}

// beyond reports a table with rows of events after the end of the log: the log was cut. It uses one
// statement, which sees one moment of a server that writes.
func (v *verifier) beyond(ctx context.Context, table string) error {
	const end = "(SELECT coalesce(max(position), 0) FROM events)"
	n, err := v.db.NewSelect().Table(table).Where("valid_from > "+end+" OR valid_to > "+end+" AND valid_to < ?", eventstore.Forever).Count(ctx)
	if err == nil && n > 0 {
		v.report(Difference{table, "all rows", v.to, fmt.Sprintf("%d rows follow from events after the end of the log: they are missing", n)})
	}
	return err
}
