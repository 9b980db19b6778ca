package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"text/tabwriter"
	"time"
)

// soaked is the number of connections in a soak, and samples the number of readings of the server's
// memory.
const soaked, samples = 16, 10

// soak serves a mixed load for a span and prints the memory of the server at intervals: most
// requests read, as of now and as of the past, some search, and one in ten writes.
func (s settings) soak(span time.Duration) (err error) {
	cleanup, err := s.prepare()
	if err != nil {
		return err
	}
	defer cleanup()
	w, err := s.preload()
	if err != nil {
		return err
	}
	db := filepath.Join(s.dir, fmt.Sprintf("soak-%d.db", time.Now().UnixNano()))
	if err := copyDatabase(db, w.db); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, removeDatabase(db)) }()
	token, err := s.token(db)
	if err != nil {
		return err
	}
	p, err := s.flightdeck(db)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.stopped()) }()
	ctx, cancel := context.WithTimeout(context.Background(), span)
	defer cancel()
	var mu sync.Mutex // guards the two below
	answered := 0
	var failed error
	var wait sync.WaitGroup
	for c := range soaked {
		wait.Go(func() {
			client := &http.Client{}
			defer client.CloseIdleConnections()
			for i := c; ctx.Err() == nil; i += soaked {
				err := send(client, p.url+"/graphql", token, mixed(w, i))
				mu.Lock()
				answered, failed = answered+1, errors.Join(failed, err)
				mu.Unlock()
				if err != nil {
					cancel()
				}
			}
		})
	}
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "after\trequests\tmemory\t")
	for i := range samples {
		select {
		case <-ctx.Done():
		case <-time.After(span/samples - time.Millisecond):
		}
		resident, err := p.resident()
		if err != nil {
			return err
		}
		mu.Lock()
		fmt.Fprintf(table, "%s\t%d\t%.0f MB\t\n", (span * time.Duration(i+1) / samples).Round(time.Second), answered, float64(resident)/1e6)
		mu.Unlock()
	}
	wait.Wait()
	return errors.Join(failed, table.Flush())
}

// mixed is one request of a mixed load.
func mixed(w world, i int) []byte {
	switch i % 10 {
	case 0:
		return request(createQuery, map[string]any{"title": fmt.Sprintf("Title %d of %d", i, time.Now().UnixNano()), "content": body(i)})
	case 1, 2:
		return request(listQuery, map[string]any{"asOf": w.past.String(), "filter": map[string]any{"tagsAny": []string{fmt.Sprintf("tag%d", i/10%tags)}}})
	case 3:
		return request(listQuery, map[string]any{"orderBy": map[string]any{"field": "UPDATED_AT"}})
	case 4:
		return request(searchQuery, map[string]any{"words": words(i / 10)})
	}
	return request(readQuery, map[string]any{"id": w.ids[i%len(w.ids)]})
}
