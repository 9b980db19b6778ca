package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"flightdeck/eventstore"
	"flightdeck/eventstore/sqlite"
)

// replays is the number of replays of a whole log, which takes long.
const replays = 2

// archive measures, on a copy of the world, the move of nine tenths of the log into the archive,
// the size of that share before and after, and the replay of every stream through the archive
// beside the replay before it.
func archive(s settings, w world) (rows []row, err error) {
	path := filepath.Join(s.dir, "archive.db")
	if err := errors.Join(os.RemoveAll(path), copyFile(path, w.db)); err != nil {
		return nil, err
	}
	events := s.Contents * s.Versions
	say("replay of %d events", events)
	engine, err := reopen(nil, path)
	if err != nil {
		return nil, err
	}
	var live []float64
	for range replays {
		took, err := timed(func() error { return replayAll(engine) })
		if err != nil {
			return nil, err
		}
		live = append(live, took)
	}
	perSecond := func(seconds []float64) string { return fmt.Sprintf("%.0f/s", float64(events)/median(seconds)) }
	before, err := liveShare(engine)
	if err != nil {
		return nil, err
	}
	if err := engine.Close(); err != nil {
		return nil, err
	}
	say("archiving nine tenths of it")
	o, err := open(path)
	if err != nil {
		return nil, err
	}
	if err := o.index.Wait(context.Background(), o.log.Head().Position); err != nil {
		return nil, err
	}
	moved := 0
	took, err := timed(func() (err error) {
		moved, err = o.log.ArchiveAll(context.Background(), eventstore.ArchiveRule{Before: time.Now(), Keep: max(1, s.Versions/10)}, nil)
		return err
	})
	if err = errors.Join(err, o.close()); err != nil {
		return nil, err
	}
	rows = append(rows, lasting(fmt.Sprintf("archive %d of them", moved), fmt.Sprintf("%.1f s", took), "–", took, 120, "a million in ≤ 120 s"))
	if took, err = timed(func() error { return sqlite.Compact(context.Background(), path, sqlite.Options{}) }); err != nil {
		return nil, err
	}
	say("compacted in %.1f s", took)
	if engine, err = reopen(nil, path); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, engine.Close()) }()
	after, err := archivedShare(engine)
	if err != nil {
		return nil, err
	}
	share := float64(before) * float64(moved) / float64(events)
	ratio := share / float64(after)
	rows = append(rows, atLeast("room of the archived share, after compacting", fmt.Sprintf("%.0f MB", float64(after)/1e6), fmt.Sprintf("live: %.0f MB", share/1e6), ratio, 3))
	var through []float64
	for range replays {
		took, err := timed(func() error { return replayAll(engine) })
		if err != nil {
			return nil, err
		}
		through = append(through, took)
	}
	cost := median(through) / median(live)
	return append(rows, atMost("replay through the archive", perSecond(through), "live: "+perSecond(live), cost, 2)), nil
}

// timed returns the duration of f in seconds.
func timed(f func() error) (float64, error) {
	runtime.GC()
	begun := time.Now()
	err := f()
	return time.Since(begun).Seconds(), err
}

// reopen opens a database for reading.
func reopen(err error, path string) (*sqlite.Engine, error) {
	if err != nil {
		return nil, err
	}
	return sqlite.Open(context.Background(), path, sqlite.Options{ReadOnly: true, Migrations: migrations()})
}

// replayAll folds every stream from its first event.
func replayAll(engine *sqlite.Engine) error {
	return eventstore.EachStream(context.Background(), engine, func(s eventstore.StreamStatus) error { return foldAll(engine, s.ID, s.Version) })
}

// liveShare returns the size of the events outside the archive with their indexes, in bytes.
func liveShare(engine *sqlite.Engine) (int64, error) { return pages(engine, "events") }

// archivedShare returns the size of the archive, in bytes.
func archivedShare(engine *sqlite.Engine) (int64, error) {
	return pages(engine, "archived_events", "archive_blocks", "archive_dictionaries", "archive_names", "archive_streams")
}

// pages returns the size of tables with their indexes, in bytes.
func pages(engine *sqlite.Engine, tables ...string) (n int64, err error) {
	list, err := json.Marshal(tables)
	if err != nil {
		return 0, err
	}
	err = engine.DB().QueryRowContext(context.Background(), `SELECT coalesce(sum(pgsize), 0) FROM dbstat WHERE aggregate = 1
		AND name IN (SELECT name FROM sqlite_schema WHERE tbl_name IN (SELECT value FROM json_each(?)))`, string(list)).Scan(&n)
	return n, err
}

// copyDatabase copies a closed database, and the master key that a server has made.
func copyDatabase(to, from string) error {
	err := copyFile(to, from)
	if keyErr := copyFile(to+".key", from+".key"); !errors.Is(keyErr, fs.ErrNotExist) {
		err = errors.Join(err, keyErr, os.Chmod(to+".key", 0o600))
	}
	return err
}

// removeDatabase removes a database with the files beside it.
func removeDatabase(db string) error {
	files, err := filepath.Glob(db + "*")
	for _, f := range files {
		err = errors.Join(err, os.Remove(f))
	}
	return err
}

func copyFile(to, from string) (err error) {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	out, err := os.Create(to)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}
