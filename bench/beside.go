package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"flightdeck/domain"
	"flightdeck/eventstore"
	"flightdeck/projection"

	"github.com/google/uuid"
)

// writersBeside is the number of callers that write during a rebuild of the read model.
const writersBeside = 8

// beside measures the wait of the writer's callers during a rebuild of the world's read model,
// beside their usual wait: callers that pause between commands, and callers that never pause.
func beside(s settings, w world) (rows []row, err error) {
	for _, c := range []struct {
		name  string
		pause time.Duration
	}{{"pausing 2 ms", 2 * time.Millisecond}, {"never pausing", 0}} {
		say("%d writers, %s, beside a rebuild", writersBeside, c.name)
		db := filepath.Join(s.dir, fmt.Sprintf("beside-%d.db", time.Now().UnixNano()))
		if err := copyFile(db, w.db); err != nil {
			return nil, err
		}
		usual, during, err := s.besideRebuild(db, c.pause)
		if err = errors.Join(err, removeDatabase(db)); err != nil {
			return nil, err
		}
		say("longest: usually %s, beside the rebuild %s", ms(usual[len(usual)-1].Seconds()), ms(during[len(during)-1].Seconds()))
		before, now := usual[len(usual)*99/100].Seconds(), during[len(during)*99/100].Seconds()
		rows = append(rows, atMost(fmt.Sprintf("%d writers %s beside a rebuild, p99", writersBeside, c.name), ms(now), "otherwise: "+ms(before), now/before, 2))
	}
	return rows, nil
}

// besideRebuild returns the sorted durations of commands without a rebuild and during one.
func (s settings) besideRebuild(db string, pause time.Duration) (usual, during []time.Duration, err error) {
	o, err := open(db)
	if err != nil {
		return nil, nil, err
	}
	defer func() { err = errors.Join(err, o.close()) }()
	ctx, cancel := context.WithTimeout(context.Background(), 2*s.Span)
	defer cancel()
	if usual, err = o.writing(ctx, pause); err != nil {
		return nil, nil, err
	}
	r := projection.NewRebuilder(o.log, o.engine.DB(), o.engine, slog.Default())
	defer r.Close()
	if err := r.Start(); err != nil {
		return nil, nil, err
	}
	ctx, cancel = context.WithTimeout(context.Background(), 10*s.Span)
	defer cancel()
	go func() { // no longer than the rebuild
		defer cancel()
		r.Wait()
	}()
	during, err = o.writing(ctx, pause)
	p := r.Progress()
	say("the rebuild is at %s of %s, %s", p.Done, p.Total, p.Phase)
	return usual, during, err
}

// writing lets callers write until ctx ends, and returns the sorted durations of their commands.
func (o *opened) writing(ctx context.Context, pause time.Duration) (all []time.Duration, err error) {
	var mu sync.Mutex // guards the result
	var wait sync.WaitGroup
	for range writersBeside {
		wait.Go(func() {
			var took []time.Duration
			var failed error
			for ctx.Err() == nil && failed == nil {
				id := domain.NewID(domain.KindContent, uuid.Must(uuid.NewV7()).String())
				begun := time.Now()
				_, failed = o.log.Update(context.WithoutCancel(ctx), eventstore.Command{}, func(tx *eventstore.Tx) error {
					return write(tx, id, int(tx.Head().Position), 1)
				})
				took = append(took, time.Since(begun))
				time.Sleep(pause)
			}
			mu.Lock()
			defer mu.Unlock()
			all, err = append(all, took...), errors.Join(err, failed)
		})
	}
	wait.Wait()
	slices.Sort(all)
	return all, err
}

// ms prints seconds as milliseconds.
func ms(seconds float64) string { return fmt.Sprintf("%.1f ms", seconds*1e3) }
