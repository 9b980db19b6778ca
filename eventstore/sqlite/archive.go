package sqlite

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"sync"

	"flightdeck/eventstore"
	"flightdeck/eventstore/block"

	lru "github.com/hashicorp/golang-lru/v2"
)

// blocks reads blocks of the archive and caches the recent ones. Its methods may be called
// concurrently.
type blocks struct {
	recent *lru.Cache[int64, []eventstore.Event]

	mu     sync.Mutex // guards codecs
	codecs map[int64]*block.Codec
}

const (
	// maxRecent bounds the cached blocks, and maxRemembered the data of one cached block: 16 MiB in
	// all.
	maxRecent     = 256
	maxRemembered = 64 << 10
)

func newBlocks() (*blocks, error) {
	recent, err := lru.New[int64, []eventstore.Event](maxRecent)
	return &blocks{recent: recent, codecs: make(map[int64]*block.Codec)}, err
}

// get returns the events of a block.
func (b *blocks) get(ctx context.Context, q queries, id int64) ([]eventstore.Event, error) {
	if events, ok := b.recent.Get(id); ok {
		return events, nil
	}
	var dictionary int64
	var data []byte
	found, err := q.one(ctx, selectBlock, []any{id}, &dictionary, &data)
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, fmt.Errorf("block %d of the archive is missing", id)
	}
	codec, err := b.codec(ctx, q, dictionary)
	if err != nil {
		return nil, err
	}
	events, err := codec.Decode(data)
	if err != nil {
		return nil, fmt.Errorf("block %d of the archive: %w", id, err)
	}
	size := 0
	for _, e := range events {
		size += len(e.Data)
	}
	if size <= maxRemembered {
		b.recent.Add(id, events)
	}
	return events, nil
}

// codec returns the codec of a dictionary.
func (b *blocks) codec(ctx context.Context, q queries, dictionary int64) (*block.Codec, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if c, ok := b.codecs[dictionary]; ok {
		return c, nil
	}
	var data []byte
	if dictionary != 0 {
		found, err := q.one(ctx, selectDictionary, []any{dictionary}, &data)
		if err != nil {
			return nil, err
		}
		if !found {
			return nil, fmt.Errorf("dictionary %d of the archive is missing", dictionary)
		}
	}
	c, err := block.New(uint32(dictionary), data)
	if err == nil {
		b.codecs[dictionary] = c
	}
	return c, err
}

// place is the place of a moved event.
type place struct {
	event                      eventstore.Event
	stream, block, name, actor int64
}

// Archive moves events into the archive. The events of one stream are neighbours, in order, and
// follow the archived events of the stream.
//
// All indexes of the log but one are in the order of positions. The events are moved in that order,
// so that each page of an index changes once and not once per event.
func (t *tx) Archive(ctx context.Context, events []eventstore.Event) error {
	dictionary, err := t.dictionary(ctx)
	if err != nil {
		return err
	}
	codec, err := t.blocks.codec(ctx, t.queries, dictionary)
	if err != nil {
		return err
	}
	names := make(map[string]int64)
	places := make([]place, 0, len(events))
	var s shelf
	for _, part := range block.Split(events) {
		if s, err = t.shelf(ctx, s, part); err != nil {
			return fmt.Errorf("stream %s: %w", part[0].Stream.ID, err)
		}
		p := place{stream: s.stream}
		if _, err := t.one(ctx, "INSERT INTO archive_blocks (dictionary, data) VALUES (?, ?) RETURNING block", []any{dictionary, codec.Encode(part)}, &p.block); err != nil {
			return err
		}
		for _, p.event = range part {
			if p.name, err = t.name(ctx, names, p.event.Type); err != nil {
				return err
			}
			if p.actor, err = t.name(ctx, names, p.event.Actor); err != nil {
				return err
			}
			places = append(places, p)
		}
	}
	slices.SortFunc(places, func(a, b place) int { return cmp.Compare(a.event.Position, b.event.Position) })
	for _, p := range places {
		if err := t.move(ctx, p); err != nil {
			return fmt.Errorf("position %s: %w", p.event.Position, err)
		}
	}
	return nil
}

// shelf is the part of the archive that holds a stream.
type shelf struct {
	eventstore.StreamStatus
	stream int64
}

// shelf returns the part of the archive for the events of one stream, neighbours in order, and
// counts the events as archived. before is its result for the events before.
func (t *tx) shelf(ctx context.Context, before shelf, part []eventstore.Event) (s shelf, err error) {
	first, last := part[0], part[len(part)-1]
	s = before
	if s.ID != first.Stream.ID {
		if s.StreamStatus, err = t.Stream(ctx, first.Stream.ID); err != nil {
			return s, err
		}
		if err := t.run(ctx, "INSERT INTO archive_streams (stream_id, type) VALUES (?, ?) ON CONFLICT DO NOTHING", string(s.ID), s.Type); err != nil {
			return s, err
		}
		if _, err := t.one(ctx, "SELECT stream FROM archive_streams WHERE stream_id = ?", []any{string(s.ID)}, &s.stream); err != nil {
			return s, err
		}
	}
	if first.Version != s.Archived+1 || last.Version >= s.Version {
		return s, fmt.Errorf("events %d to %d do not follow the archived ones up to %d of %d", first.Version, last.Version, s.Archived, s.Version)
	}
	s.Archived = last.Version
	return s, nil
}

// move moves an event whose block is written.
func (t *tx) move(ctx context.Context, p place) error {
	e := p.event
	if err := t.run(ctx, "INSERT INTO archived_events (position, stream, version, type, actor, recorded_at, block) VALUES (?, ?, ?, ?, ?, ?, ?)",
		int64(e.Position), p.stream, e.Version, p.name, p.actor, e.RecordedAt.UnixMicro(), p.block); err != nil {
		return err
	}
	n, err := t.Exec(ctx, "DELETE FROM events WHERE position = ? AND stream_id = ? AND version = ?", int64(e.Position), string(e.Stream.ID), e.Version)
	if err == nil && n != 1 {
		err = errors.New("the event is not there: run flightdeck verify")
	}
	return err
}

// name returns the number of a text, and caches it in names.
func (t *tx) name(ctx context.Context, names map[string]int64, text string) (n int64, err error) {
	if n, ok := names[text]; ok {
		return n, nil
	}
	if err := t.run(ctx, "INSERT INTO archive_names (text) VALUES (?) ON CONFLICT DO NOTHING", text); err != nil {
		return 0, err
	}
	_, err = t.one(ctx, "SELECT name FROM archive_names WHERE text = ?", []any{text}, &n)
	names[text] = n
	return n, err
}

const (
	// A dictionary is made of at most maxSample events without long texts; a log of fewer than
	// minSample events has none.
	maxSample, minSample = 400, 100
	maxSampled           = 8 << 10
)

// dictionary returns the dictionary for new blocks, 0 for none. It makes the dictionary as soon as
// the log has enough events.
func (t *tx) dictionary(ctx context.Context) (dictionary int64, err error) {
	found, err := t.one(ctx, "SELECT max(dictionary) FROM archive_dictionaries HAVING max(dictionary) IS NOT NULL", nil, &dictionary)
	if err != nil || found {
		return dictionary, err
	}
	var sample []eventstore.Event
	err = t.each(ctx, `WITH RECURSIVE sampled(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM sampled WHERE n < ?1)
		SELECT `+columns+`, 0 FROM events WHERE length(data) <= ?2
		AND position IN (SELECT (SELECT max(position) FROM events) * n / ?1 FROM sampled) ORDER BY position`, []any{maxSample, maxSampled},
		func(rows *sql.Rows) error {
			e, _, err := scan(rows)
			sample = append(sample, e)
			return err
		})
	if err != nil || len(sample) < minSample {
		return 0, err
	}
	_, err = t.one(ctx, "INSERT INTO archive_dictionaries (data) VALUES (?) RETURNING dictionary", []any{block.Dictionary(sample)}, &dictionary)
	return dictionary, err
}
