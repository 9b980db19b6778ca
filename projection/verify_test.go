package projection_test

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"flightdeck/auth"
	"flightdeck/command"
	"flightdeck/domain"
	"flightdeck/eventstore"
	"flightdeck/eventstore/sqlite"
	"flightdeck/internal/worldtest"
	"flightdeck/projection"

	"github.com/99designs/gqlgen/graphql"
	"github.com/uptrace/bun/dialect/sqlitedialect"
)

// library makes a database with rows in every table.
func library(t *testing.T, path string) {
	t.Helper()
	w := openFile(t, path)
	defer w.Close()
	author := w.Actor(domain.Author)
	id := w.Content("Title", "text")
	w.Do(domain.System, command.UpdateContent{ID: id, Title: worldtest.Some("Other"), Tags: graphql.OmittableOf([]string{"red", "blue"})})
	w.Do(domain.System, command.UpdateContent{ID: id, Tags: graphql.OmittableOf([]string{"blue"})})
	deck := w.Do(author, command.CreatePresentation{Title: "Deck", Theme: "default", Markdown: new("# One\n\n---\n\n# Two\n\n<!-- note -->")}).ID
	slide := w.Do(author, command.AddSlide{PresentationID: deck, Content: "three"}).SlideID
	w.Do(author, command.UpdateSlide{PresentationID: deck, SlideID: slide, Content: worldtest.Some("3")})
	w.Do(author, command.UpdateUser{ID: author.UserID, DisplayName: worldtest.Some("Other")})
	if _, err := w.Search("text"); err != nil {
		t.Fatal(err)
	}
}

// tamper changes a closed database with SQL.
func tamper(t *testing.T, path string, statements ...string) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+path)
	if err != nil {
		t.Fatal(err)
	}
	for _, statement := range append([]string{"DROP TRIGGER events_are_immutable", "DROP TRIGGER events_are_kept"}, statements...) {
		result, err := db.ExecContext(t.Context(), statement)
		if err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
		if n, err := result.RowsAffected(); err != nil || n == 0 && !strings.HasPrefix(statement, "DROP") && !strings.HasPrefix(statement, "PRAGMA") {
			t.Fatalf("%s changed nothing: %v", statement, err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

// verify returns the first fault of the log, and the tables with differences.
func verify(t *testing.T, path string) (broken *eventstore.BrokenError, tables []string) {
	t.Helper()
	ctx := context.Background()
	engine, err := sqlite.Open(ctx, path, sqlite.Options{ReadOnly: true, Migrations: worldtest.Migrations()})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := engine.Close(); err != nil {
			t.Error(err)
		}
	}()
	head, err := engine.Head(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := eventstore.Verify(ctx, engine, head.Position, nil); err != nil && !errors.As(err, &broken) {
		t.Fatal(err)
	}
	err = projection.VerifyRows(ctx, engine.DB(), sqlitedialect.New(), projection.Model{}, engine, head.Position, func(d projection.Difference) {
		if d.Reason == "" || d.String() == "" {
			t.Errorf("no reason: %+v", d)
		}
		tables = append(tables, d.Table)
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(tables)
	return broken, slices.Compact(tables)
}

// TestVerifyFindsEveryKindOfTampering changes, adds and removes rows of the log and of the tables
// beside it, and expects a report that names the place.
func TestVerifyFindsEveryKindOfTampering(t *testing.T) {
	t.Parallel()
	whole := filepath.Join(t.TempDir(), "whole.db")
	library(t, whole)
	if broken, tables := verify(t, whole); broken != nil || tables != nil {
		t.Fatalf("the whole database: %v, %v", broken, tables)
	}
	data, err := os.ReadFile(whole)
	if err != nil {
		t.Fatal(err)
	}
	const last = "(SELECT max(position) FROM events)"
	for name, test := range map[string]struct {
		statements []string
		tables     []string            // with a difference in the report
		broken     eventstore.Position // of the fault in the log, 0 for none
	}{
		"title of now":         {[]string{"UPDATE contents SET title = 'x' WHERE version = 3"}, []string{"contents"}, 0},
		"title of then":        {[]string{"UPDATE contents SET title = 'x' WHERE version = 1"}, []string{"contents"}, 0},
		"text":                 {[]string{"UPDATE contents SET content = content || ' ' WHERE version = 2"}, []string{"contents"}, 0},
		"status":               {[]string{"UPDATE contents SET status = 'DRAFT'"}, []string{"contents"}, 0},
		"public":               {[]string{"UPDATE contents SET public = 0"}, []string{"contents"}, 0},
		"description":          {[]string{"UPDATE contents SET description = '' WHERE version = 1"}, []string{"contents"}, 0},
		"end of a row":         {[]string{"UPDATE contents SET valid_to = valid_to + 1 WHERE version = 1"}, []string{"contents"}, 0},
		"row of now closed":    {[]string{"UPDATE contents SET valid_to = valid_from + 1 WHERE version = 3"}, []string{"contents"}, 0},
		"row missing":          {[]string{"DELETE FROM contents WHERE version = 2"}, []string{"contents"}, 0},
		"last row missing":     {[]string{"DELETE FROM contents WHERE version = 3"}, []string{"contents"}, 0},
		"row too many":         {[]string{"INSERT INTO contents SELECT 1, 2, id, version, title, 'other', description, format, status, author_id, tags, created_at, updated_at, published_at, deleted, public, content FROM contents WHERE version = 1"}, []string{"contents"}, 0},
		"row of nothing":       {[]string{"INSERT INTO contents SELECT 1, 2, 'content-x', version, title, 'other', description, format, status, author_id, tags, created_at, updated_at, published_at, deleted, public, content FROM contents WHERE version = 1"}, []string{"contents"}, 0},
		"row to come":          {[]string{"INSERT INTO contents SELECT 1000, valid_to, 'content-x', version, title, 'other', description, format, status, author_id, tags, created_at, updated_at, published_at, deleted, public, content FROM contents WHERE version = 3"}, []string{"contents"}, 0},
		"tag missing":          {[]string{"DELETE FROM content_tags WHERE tag = 'blue'"}, []string{"content_tags"}, 0},
		"tag changed":          {[]string{"UPDATE content_tags SET tag = 'green' WHERE tag = 'blue'"}, []string{"content_tags"}, 0},
		"tag that lasts":       {[]string{"UPDATE content_tags SET valid_to = 9223372036854775807 WHERE tag = 'red'"}, []string{"content_tags"}, 0},
		"tag too many":         {[]string{"INSERT INTO content_tags SELECT 'green', created_at, valid_from, valid_to, content_id FROM content_tags WHERE tag = 'red'"}, []string{"content_tags"}, 0},
		"deck's title":         {[]string{"UPDATE presentations SET title = 'x' WHERE version = 1"}, []string{"presentations"}, 0},
		"order of slides":      {[]string{`UPDATE presentations SET slide_ids = '["slide-x"]' WHERE version = 3`}, []string{"presentations"}, 0},
		"deck missing":         {[]string{"DELETE FROM presentations"}, []string{"presentations"}, 0},
		"slide's text":         {[]string{"UPDATE slides SET content = 'x' WHERE content = '3'"}, []string{"slides"}, 0},
		"notes":                {[]string{"UPDATE slides SET notes = NULL WHERE notes IS NOT NULL"}, []string{"slides"}, 0},
		"slide missing":        {[]string{"DELETE FROM slides WHERE content = 'three'"}, []string{"slides"}, 0},
		"slide too many":       {[]string{"INSERT INTO slides SELECT NULL, 'slide-x', valid_from, valid_to, presentation_id, title, notes, content FROM slides LIMIT 1"}, []string{"slides"}, 0},
		"slide of nothing":     {[]string{"INSERT INTO slides SELECT NULL, 'slide-x', valid_from, valid_to, 'presentation-x', title, notes, content FROM slides LIMIT 1"}, []string{"slides"}, 0},
		"role":                 {[]string{"UPDATE users SET role = 'ADMIN'"}, []string{"users"}, 0},
		"address":              {[]string{"UPDATE users SET email = 'x@example.org' WHERE version = 2"}, []string{"users"}, 0},
		"user missing":         {[]string{"DELETE FROM users WHERE version = 1"}, []string{"users"}, 0},
		"event's data":         {[]string{"UPDATE events SET data = replace(data, 'Title', 'Tidle') WHERE position = 2"}, []string{"contents"}, 2},
		"event's data, unread": {[]string{"UPDATE events SET data = data || ' ' WHERE position = 3"}, nil, 3},
		"event's actor":        {[]string{"UPDATE events SET actor = 'user-x' WHERE position = 2"}, nil, 2},
		"event's moment":       {[]string{"UPDATE events SET recorded_at = recorded_at + 1 WHERE position = 2"}, []string{"contents"}, 2},
		"event's hash":         {[]string{"UPDATE events SET hash = zeroblob(32) WHERE position = 2"}, nil, 2},
		"event's type":         {[]string{"UPDATE events SET type = 'ContentDreamt' WHERE position = 3"}, []string{"contents", "events"}, 3},
		"event's version":      {[]string{"UPDATE events SET version = 9 WHERE position = 3"}, []string{"contents", "events"}, 3},
		"event missing":        {[]string{"DELETE FROM events WHERE position = 3"}, []string{"contents", "events"}, 3},
		"first event missing":  {[]string{"DELETE FROM events WHERE position = 1"}, []string{"events", "users"}, 1},
		"last event missing":   {[]string{"DELETE FROM events WHERE position = " + last}, []string{"users"}, 0},
		"last events missing":  {[]string{"DELETE FROM events WHERE position > 4"}, []string{"presentations", "slides", "users"}, 0},
		"version of a stream":  {[]string{"UPDATE streams SET version = version + 1 WHERE type = 'CONTENT'"}, []string{"streams"}, 0},
		"type of a stream":     {[]string{"UPDATE streams SET type = 'USER' WHERE type = 'CONTENT'"}, []string{"contents", "users"}, 0},
		"stream missing":       {[]string{"PRAGMA foreign_keys = off", "DELETE FROM streams WHERE type = 'CONTENT'"}, []string{"contents"}, 0},
		"two events swapped": {[]string{
			"UPDATE events SET position = -2 WHERE position = 2", "UPDATE events SET position = 2 WHERE position = 3", "UPDATE events SET position = 3 WHERE position = -2",
		}, []string{"contents", "content_tags"}, 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "tampered.db")
			if err := os.WriteFile(path, data, 0o600); err != nil {
				t.Fatal(err)
			}
			tamper(t, path, test.statements...)
			broken, tables := verify(t, path)
			if at := positionOf(broken); at != test.broken {
				t.Errorf("the log is broken at %s (%v), want %s", at, broken, test.broken)
			}
			for _, table := range test.tables {
				if !slices.Contains(tables, table) {
					t.Errorf("differences are reported in %v, want %v", tables, test.tables)
				}
			}
			if len(test.tables) == 0 && len(tables) > 0 {
				t.Errorf("differences are reported in %v", tables)
			}
		})
	}
}

func positionOf(broken *eventstore.BrokenError) eventstore.Position {
	if broken == nil {
		return 0
	}
	return broken.Position
}

// TestVerifyRunsBesideAWriter expects no differences in rows that a server is writing.
func TestVerifyRunsBesideAWriter(t *testing.T) {
	t.Parallel()
	w := open(t)
	stop, stopped := make(chan struct{}), make(chan struct{})
	id := w.Content("Title", "text")
	go func() {
		defer close(stopped)
		for n := 0; ; n++ {
			select {
			case <-stop:
				return
			default:
			}
			for _, cmd := range []command.Command{
				command.UpdateContent{ID: id, Title: worldtest.Some(strings.Repeat("x", n%10+1))},
				command.CreatePresentation{Title: "Deck", Theme: "default", Markdown: new("# One\n\n---\n\n# Two")},
			} {
				if _, err := w.Commands.Do(auth.WithActor(context.Background(), domain.System), cmd); err != nil {
					t.Errorf("%T: %v", cmd, err)
					return
				}
			}
		}
	}()
	for range 10 {
		if broken, tables := verify(t, w.Path); broken != nil || tables != nil {
			t.Errorf("%v, %v", broken, tables)
		}
	}
	close(stop)
	<-stopped
}
