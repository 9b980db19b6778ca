package main

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"flightdeck/domain"
	"flightdeck/eventstore"

	"github.com/google/uuid"
)

// writer measures the writer in process: 64 callers, each of which appends an event that makes a
// row, beside a loop with the same SQL in batches of 64 and the same driver, and with the full-text
// index beside without.
func writer(s settings, _ world) ([]row, error) {
	say("the writer, %d callers", connections)
	round := 0
	side := func(name string, measure func(path string, span time.Duration) (outcome, error)) func() (outcome, error) {
		return func() (outcome, error) {
			round++
			return measure(filepath.Join(s.dir, fmt.Sprintf("writer-%s-%d-%d.db", name, round, time.Now().UnixNano())), s.Span)
		}
	}
	appending := func(callers int, search bool) func() (outcome, error) {
		return side("ours", func(path string, span time.Duration) (outcome, error) { return appendAll(path, span, callers, search) })
	}
	quiet := appending(connections, false)
	ours, loop, err := duel(s.Rounds, quiet, side("loop", sameSQL))
	if err != nil {
		return nil, err
	}
	on, off, err := duel(s.Rounds, appending(connections, true), quiet)
	if err != nil {
		return nil, err
	}
	rows := []row{
		atLeast("the writer, 64 callers", rate(ours), "a loop, the same SQL: "+rate(loop), ours.perSecond/loop.perSecond, 0.85),
		atLeast("the writer with search", rate(on), "without: "+rate(off), on.perSecond/off.perSecond, 0.8),
	}
	for _, callers := range []int{1, 8, 64, 512} {
		o, err := rounds(s.Rounds, appending(callers, true))
		if err != nil {
			return nil, err
		}
		rows = append(rows, row{
			Axis:   fmt.Sprintf("the writer with search, callers: %d", callers),
			Figure: fmt.Sprintf("%s, p50 %s, p99 %s", rate(o), ms(o.p50.Seconds()), ms(o.p99.Seconds())), Baseline: "–", Target: "–", Met: true,
		})
	}
	return rows, nil
}

// appendAll lets callers append for a span.
func appendAll(path string, span time.Duration, callers int, search bool) (out outcome, err error) {
	o, err := open(path)
	if err != nil {
		return out, err
	}
	defer func() { err = errors.Join(err, o.log.Close()) }()
	if search {
		defer o.index.Close()
	} else {
		o.index.Close()
	}
	ctx, cancel := context.WithTimeout(context.Background(), span)
	defer cancel()
	var mu sync.Mutex // guards the two below
	var all []time.Duration
	var failed error
	var wait sync.WaitGroup
	begun := time.Now()
	for range callers {
		wait.Go(func() {
			var took []time.Duration
			var err error
			for ctx.Err() == nil && err == nil {
				asked := time.Now()
				id := domain.NewID(domain.KindContent, uuid.Must(uuid.NewV7()).String())
				_, err = o.log.Update(context.WithoutCancel(ctx), eventstore.Command{}, func(tx *eventstore.Tx) error {
					return write(tx, id, int(tx.Head().Position), 1)
				})
				took = append(took, time.Since(asked))
			}
			mu.Lock()
			defer mu.Unlock()
			all, failed = append(all, took...), errors.Join(failed, err)
		})
	}
	wait.Wait()
	slices.Sort(all)
	return outcome{perSecond: float64(len(all)) / time.Since(begun).Seconds(), p50: all[len(all)/2], p99: all[len(all)*99/100]}, failed
}

// sameSQL runs, for a span, the SQL of batches of 64 commands, and nothing else: no queue, no
// savepoints, no callers.
func sameSQL(path string, span time.Duration) (out outcome, err error) {
	o, err := open(path) // for its tables
	if err == nil {
		err = o.close()
	}
	if err != nil {
		return out, err
	}
	u := url.URL{Scheme: "file", Path: path, RawQuery: url.Values{"_pragma": {
		"synchronous(FULL)", "foreign_keys(1)", "recursive_triggers(1)", "secure_delete(1)", "wal_autocheckpoint(8000)", "cache_size(-32000)", "temp_store(memory)",
	}}.Encode()}
	db, err := sql.Open("sqlite", u.String())
	if err != nil {
		return out, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	db.SetMaxOpenConns(1)
	conn, err := db.Conn(context.Background())
	if err != nil {
		return out, err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	var stmts [6]*sql.Stmt
	for i, text := range []string{
		"BEGIN IMMEDIATE", "COMMIT",
		"INSERT INTO streams (stream_id, type, version, created_at, updated_at) VALUES (?, ?, 1, ?, ?)",
		`INSERT INTO events (position, id, stream_id, stream_type, version, type, schema_version, actor, correlation_id, causation_id, trace_id, recorded_at, hash, data)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		`INSERT INTO contents (valid_from, valid_to, id, version, title, slug, description, format, status, author_id, tags, created_at, updated_at, published_at, deleted, public, content)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		"INSERT INTO content_tags (tag, created_at, valid_from, valid_to, content_id) VALUES (?, ?, ?, ?, ?)",
	} {
		if stmts[i], err = conn.PrepareContext(context.Background(), text); err != nil { //nolint:sqlclosecheck // they end with the connection
			return out, err
		}
	}
	position, hash := int64(0), [32]byte{}
	begun := time.Now()
	for time.Since(begun) < span {
		if _, err := stmts[0].Exec(); err != nil { //nolint:noctx // a benchmark
			return out, err
		}
		for range connections {
			position++
			if hash, err = sameRows(stmts, position, hash); err != nil {
				return out, err
			}
		}
		if _, err := stmts[1].Exec(); err != nil { //nolint:noctx // a benchmark
			return out, err
		}
	}
	return outcome{perSecond: float64(position) / time.Since(begun).Seconds()}, nil
}

// sameRows writes the rows of one event.
func sameRows(stmts [6]*sql.Stmt, position int64, hash [32]byte) ([32]byte, error) {
	i := int(position)
	id := domain.NewID(domain.KindContent, uuid.Must(uuid.NewV7()).String())
	e := domain.ContentCreated{
		ContentID: id, Title: fmt.Sprintf("Content %d", i), Slug: fmt.Sprintf("content-%d", i), Content: body(i),
		Format: domain.Markdown, Status: domain.Published, Tags: []string{fmt.Sprintf("tag%d", i%tags)},
	}
	data, err := json.Marshal(e)
	if err != nil {
		return hash, err
	}
	at := time.Now().UnixMicro() + position
	hash = sha256.Sum256(append(hash[:], data...))
	for k, args := range [][]any{
		{id, "CONTENT", at, at},
		{position, uuid.Must(uuid.NewV7()).String(), id, "CONTENT", 1, "ContentCreated", 1, "", "", "", "", at, hash[:], string(data)},
		{position, eventstore.Forever, id, 1, e.Title, e.Slug, nil, string(e.Format), string(e.Status), "", `["` + e.Tags[0] + `"]`, at, at, at, 0, 1, e.Content},
		{e.Tags[0], at, position, eventstore.Forever, id},
	} {
		if _, err := stmts[2+k].Exec(args...); err != nil { //nolint:noctx // a benchmark
			return hash, err
		}
	}
	return hash, nil
}
