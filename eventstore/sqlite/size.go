package sqlite

import (
	"context"
	"errors"
	"io/fs"
	"os"

	"flightdeck/eventstore"
)

// Size returns the size of the log. It counts rows, which takes a while in a long log.
func (e *Engine) Size(ctx context.Context) (s eventstore.Size, err error) {
	var page, free int64
	for query, into := range map[string]*int64{
		"SELECT count(*) FROM events":          &s.Events,
		"SELECT count(*) FROM archived_events": &s.Archived,
		"SELECT count(*) FROM streams":         &s.Streams,
		"SELECT count(*) FROM snapshots":       &s.Snapshots,
		"PRAGMA page_size":                     &page,
		"PRAGMA freelist_count":                &free,
	} {
		if err := e.pages.db.QueryRowContext(ctx, query).Scan(into); err != nil {
			return s, translate(err)
		}
	}
	s.FreeBytes = page * free
	if s.Bytes, err = fileSize(e.path); err != nil {
		return s, err
	}
	s.AheadBytes, err = fileSize(e.path + "-wal")
	return s, err
}

// fileSize returns the length of a file, 0 if there is none.
func fileSize(path string) (int64, error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}
