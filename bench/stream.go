package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"sync/atomic"
	"time"

	"flightdeck/domain"
	"flightdeck/eventstore"
	"flightdeck/projection"
)

// stream measures the state of one long stream at any of its versions beside a fold from its first
// event, and counts the events that are read.
func stream(s settings, _ world) (_ []row, err error) {
	length := min(10_000, s.Contents)
	say("a stream of %d events", length)
	o, err := open(filepath.Join(s.dir, fmt.Sprintf("stream-%d.db", length)))
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, o.close()) }()
	id := domain.NewID(domain.KindContent, "00000000-0000-7000-8000-000000000000")
	for o.log.Head().Position < eventstore.Position(length) {
		if _, err := o.log.Update(context.Background(), eventstore.Command{}, func(tx *eventstore.Tx) error {
			for range 100 {
				if err := write(tx, id, 0, int(tx.Head().Position)+1); err != nil {
					return err
				}
			}
			return nil
		}); err != nil {
			return nil, err
		}
	}
	counting := &counting{Engine: o.engine}
	log, err := eventstore.Open(context.Background(), counting, projection.Model{}, eventstore.Options{})
	if err != nil {
		return nil, err
	}
	random := rand.New(rand.NewPCG(1, 2))
	var folds, states []float64
	most := int64(0)
	for range s.Rounds {
		begun := time.Now()
		if err := foldAll(o.engine, eventstore.StreamID(id), length); err != nil {
			return nil, err
		}
		folds = append(folds, time.Since(begun).Seconds())
		const samples = 200
		begun = time.Now()
		for range samples {
			counting.read.Store(0)
			want := 1 + random.IntN(length)
			if _, version, err := log.State(context.Background(), eventstore.StreamID(id), eventstore.Until{Version: want}); err != nil || version != want {
				return nil, fmt.Errorf("the state at version %d is of version %d: %w", want, version, err)
			}
			most = max(most, counting.read.Load())
		}
		states = append(states, time.Since(begun).Seconds()/samples)
	}
	ratio := median(folds) / median(states)
	return []row{
		atLeast(fmt.Sprintf("state at any version of %d events", length), fmt.Sprintf("%.2f ms", 1000*median(states)), fmt.Sprintf("full fold: %.1f ms", 1000*median(folds)), ratio, float64(length)/100),
		within("events read for it, at most", fmt.Sprint(most), "–", float64(most), 99, "< 100"),
	}, nil
}

// foldAll folds a stream up to a version, a page at a time.
func foldAll(r eventstore.Reader, id eventstore.StreamID, through int) error {
	var state any
	for version := 0; version < through; {
		events, err := r.ReadStream(context.Background(), id, version, 500)
		if err != nil || len(events) == 0 {
			return err
		}
		for _, e := range events {
			if state, err = (projection.Model{}).Apply(state, e); err != nil {
				return err
			}
			version = e.Version
		}
	}
	return nil
}

// counting is an engine that counts the events that are read from streams.
type counting struct {
	eventstore.Engine
	read atomic.Int64
}

// ReadStream reads and counts.
func (c *counting) ReadStream(ctx context.Context, id eventstore.StreamID, after, limit int) ([]eventstore.Event, error) {
	events, err := c.Engine.ReadStream(ctx, id, after, limit)
	c.read.Add(int64(len(events)))
	return events, err
}
