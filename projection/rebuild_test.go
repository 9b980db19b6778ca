package projection_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"flightdeck/auth"
	"flightdeck/command"
	"flightdeck/domain"
	"flightdeck/eventstore"
	"flightdeck/internal/worldtest"
	"flightdeck/projection"

	"github.com/99designs/gqlgen/graphql"
)

// rebuilder returns a rebuilder of the world, which Close closes first.
func (w *world) rebuilder() *projection.Rebuilder {
	r := projection.NewRebuilder(w.Log, w.Engine.DB(), w.Engine, slog.New(slog.DiscardHandler))
	w.BeforeClose(r.Close)
	return r
}

// rebuild runs a rebuild alone, like flightdeck rebuild.
func (w *world) rebuild() projection.RebuildProgress {
	w.T.Helper()
	p, err := w.rebuilder().Run(context.Background(), nil)
	if err != nil || p.State != projection.RebuildDone {
		w.T.Fatalf("the rebuild ended as %+v: %v", p, err)
	}
	return p
}

// ended waits for a rebuild in the background and returns its result.
func ended(r *projection.Rebuilder) projection.RebuildProgress {
	r.Wait()
	return *r.Progress()
}

// wantSame fails unless the tables of a rebuild are the same as before, except for some.
func wantSame(t testing.TB, p projection.RebuildProgress, except ...string) {
	t.Helper()
	names := make([]string, 0, len(p.Tables))
	for _, table := range p.Tables {
		names = append(names, table.Name)
		if same := !slices.Contains(except, table.Name); table.Same != same || table.Same != (table.Hash == table.HashBefore) {
			t.Errorf("%s is the same: %t, want %t: %+v", table.Name, table.Same, same, table)
		}
	}
	if fmt.Sprint(names) != "[contents content_tags presentations slides users]" {
		t.Errorf("compared are %v", names)
	}
}

// wantWhole fails unless verification finds no fault in a closed database.
func wantWhole(t *testing.T, path string) {
	t.Helper()
	if broken, tables := verify(t, path); broken != nil || tables != nil {
		t.Errorf("after the rebuild: %v, %v", broken, tables)
	}
}

// answers returns the answers to questions at every position, searches included.
func (w *world) answers() map[string]string {
	w.T.Helper()
	all := make(map[string]string)
	for p := eventstore.Position(0); p <= w.Log.Head().Position; p++ {
		for _, word := range []*string{nil, new("text"), new("on*"), new("life*")} {
			contents, err := w.Reader.Contents(context.Background(), viewAt(p), pageOf(50), noFilter, nil, word)
			if err != nil {
				w.T.Fatal(err)
			}
			decks, err := w.Reader.Presentations(context.Background(), viewAt(p), pageOf(50), noDeckFilter, nil, word)
			if err != nil {
				w.T.Fatal(err)
			}
			var b strings.Builder
			for _, c := range contents.Nodes {
				fmt.Fprintf(&b, "%d %d %s %d %q %q %q %q %v %t\n", c.ValidFrom, c.ValidTo, c.ID, c.Version, c.Title, c.Slug, c.Content, c.Tags, c.UpdatedAt, c.Public)
			}
			for _, d := range decks.Nodes {
				slides, err := d.Slides(context.Background())
				if err != nil {
					w.T.Fatal(err)
				}
				fmt.Fprintf(&b, "%d %s %d %q", d.ValidFrom, d.ID, d.Version, d.Title)
				for _, s := range slides {
					fmt.Fprintf(&b, " [%s %d %q]", s.ID, s.ValidFrom, s.Content)
				}
				b.WriteString("\n")
			}
			all[fmt.Sprint("as of ", p, " ", word != nil && *word != "", " ", text(word))] = b.String()
		}
	}
	return all
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// wantAnswers fails unless the answers are the same as before.
func wantAnswers(t testing.TB, got, want map[string]string) {
	t.Helper()
	for question, answer := range want {
		if got[question] != answer {
			t.Errorf("%s:\n%s\nbefore it was\n%s", question, got[question], answer)
		}
	}
}

// TestRebuildChangesNoAnswer rebuilds several times, alone and in the background, with and without
// an archive.
func TestRebuildChangesNoAnswer(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "flightdeck.db")
	library(t, path)
	w := openFile(t, path)
	w.moveSlug()
	want := w.answers()
	for range 2 {
		wantSame(t, w.rebuild())
		wantAnswers(t, w.answers(), want)
	}
	w.archiveAll()
	r := w.rebuilder()
	for range 2 {
		if err := r.Start(); err != nil {
			t.Fatal(err)
		}
		p := ended(r)
		if p.State != projection.RebuildDone || p.Done != w.Log.Head().Position || p.Total != p.Done {
			t.Fatalf("the rebuild ended as %+v", p)
		}
		wantSame(t, p)
		wantAnswers(t, w.answers(), want)
	}
	w.Content("life after", "text")
	if n, err := w.Search("life"); n != 1 || err != nil {
		t.Errorf("a content of after the rebuild is found %d times: %v", n, err)
	}
	w.Close()
	wantWhole(t, path)
}

// moveSlug gives the slug of one content to another.
func (w *world) moveSlug() {
	first := w.Do(domain.System, command.CreateContent{Title: "One", Slug: new("moves"), Format: domain.Markdown, Status: domain.Draft}).ID
	w.Do(domain.System, command.DeleteContent{ContentTarget: command.ContentTarget{ID: first}})
	w.Do(domain.System, command.CreateContent{Title: "Two", Slug: new("moves"), Format: domain.Markdown, Status: domain.Draft})
}

func (w *world) archiveAll() {
	w.T.Helper()
	moved, err := w.Log.ArchiveAll(context.Background(), eventstore.ArchiveRule{Before: w.Log.Head().RecordedAt, Keep: 1}, nil)
	if err != nil || moved == 0 {
		w.T.Fatalf("archived %d events: %v", moved, err)
	}
}

// TestRebuildRepairsRows changes rows with SQL, and expects a rebuild to restore them and to name
// their tables.
func TestRebuildRepairsRows(t *testing.T) {
	t.Parallel()
	whole := filepath.Join(t.TempDir(), "whole.db")
	library(t, whole)
	for name, c := range map[string]struct {
		statement string
		tables    []string
	}{
		"contents":             {"UPDATE contents SET title = 'x' WHERE version = 1", []string{"contents"}},
		"a row of contents":    {"DELETE FROM contents WHERE version = 3", []string{"contents"}},
		"a row closed":         {"UPDATE contents SET valid_to = valid_from + 1 WHERE version = 3", []string{"contents"}},
		"tags":                 {"DELETE FROM content_tags WHERE tag = 'blue'", []string{"content_tags"}},
		"slides":               {"UPDATE slides SET notes = NULL", []string{"slides"}},
		"empty is not missing": {"UPDATE slides SET notes = '' WHERE notes IS NULL", []string{"slides"}},
		"decks":                {"INSERT INTO presentations SELECT 1, valid_to, 'presentation-x', version, title, description, author_id, theme, is_public, front_matter, slide_ids, created_at, updated_at, deleted, public FROM presentations LIMIT 1", []string{"presentations"}},
		"users":                {"UPDATE users SET role = 'ADMIN'", []string{"users"}},
		"nothing that is rows": {"INSERT INTO content_search (rowid, content) VALUES (100000, 'text')", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := copyOf(t, whole)
			tamper(t, path, c.statement)
			w := openFile(t, path)
			p := w.rebuild()
			wantSame(t, p, c.tables...)
			n, err := w.Search("text")
			if n != 1 || err != nil {
				t.Errorf("found %d: %v", n, err)
			}
			w.Close()
			wantWhole(t, path)
		})
	}
}

// copyOf copies a closed database.
func copyOf(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	other := filepath.Join(t.TempDir(), "copy.db")
	if err := os.WriteFile(other, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return other
}

// TestRebuildGoesOnWhereItWasInterrupted interrupts a rebuild after each of its steps and continues
// it, in the same and in another life of the database, with and without new events.
func TestRebuildGoesOnWhereItWasInterrupted(t *testing.T) {
	t.Parallel()
	whole := filepath.Join(t.TempDir(), "whole.db")
	library(t, whole)
	stride := 1
	if testing.Short() {
		stride = 5
	}
	for step := 1; step < 40; step += stride {
		path := copyOf(t, whole)
		interrupted := interrupt(t, path, step)
		w := openFile(t, path)
		w.Content("meanwhile", "text")
		want := w.answers()
		p := w.rebuild()
		wantSame(t, p)
		wantAnswers(t, w.answers(), want)
		w.Close()
		wantWhole(t, path)
		if !interrupted {
			if step < 15 {
				t.Errorf("a rebuild has %d commands only", step)
			}
			return
		}
	}
	t.Error("a rebuild never ends")
}

// interrupt runs a number of a rebuild's commands, then ends the rebuild like a crash, and reports
// whether it was still under way.
func interrupt(t *testing.T, path string, steps int) bool {
	t.Helper()
	w := openFile(t, path)
	defer w.Close()
	engine := &stopping{Engine: w.Engine, left: steps}
	log, err := eventstore.Open(t.Context(), engine, projection.Model{}, eventstore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	r := projection.NewRebuilder(log, w.Engine.DB(), w.Engine, slog.New(slog.DiscardHandler))
	defer r.Close()
	p, err := r.Run(t.Context(), nil)
	if err != nil && (!errors.Is(err, errStopped) || p.State != projection.RebuildFailed || p.Error == nil) {
		t.Fatalf("%+v: %v", p, err)
	}
	return err != nil
}

// stopping is an engine that writes nothing more after some transactions.
type stopping struct {
	eventstore.Engine
	left int // only the writer's goroutine uses it
}

var errStopped = errors.New("the power went off")

func (s *stopping) Begin(ctx context.Context) (eventstore.EngineTx, error) {
	if s.left--; s.left < 0 {
		return nil, errStopped
	}
	return s.Engine.Begin(ctx)
}

// TestRebuildBesideWriters rebuilds while eight goroutines write: every answer is right, no command
// is refused, and all rows follow from the log afterwards.
func TestRebuildBesideWriters(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "flightdeck.db")
	w := openFile(t, path)
	w.batches(1, 0)
	r := w.rebuilder()
	stop := make(chan struct{})
	var writers sync.WaitGroup
	for n := range 8 {
		writers.Go(func() { w.writeUntil(stop, n) })
	}
	for range 2 { // the second one drops what the first one kept
		if err := r.Start(); err != nil {
			t.Fatal(err)
		}
		if p := ended(r); p.State != projection.RebuildDone {
			t.Errorf("the rebuild ended as %+v: %s", p, text(p.Error))
		} else {
			wantSame(t, p)
		}
	}
	close(stop)
	writers.Wait()
	w.Close()
	wantWhole(t, path)
}

// writeUntil writes and reads its own writes, with an end: a rebuild gives way to writers without a
// pause.
func (w *world) writeUntil(stop <-chan struct{}, n int) {
	ctx := auth.WithActor(context.Background(), domain.System)
	id := w.Content(fmt.Sprint("writer ", n), "text")
	deck := w.Do(domain.System, command.CreatePresentation{Title: "Deck", Theme: "default", Markdown: new("# One\n\n---\n\n# Two")}).ID
	for i := range 300 {
		select {
		case <-stop:
			return
		default:
		}
		word := fmt.Sprintf("w%dn%d", n, i)
		done, err := w.Commands.Do(ctx, command.UpdateContent{ID: id, Content: worldtest.Some(word), Tags: graphql.OmittableOf([]string{fmt.Sprint("tag", i%3)})})
		if err != nil {
			w.T.Errorf("writer %d: %v", n, err)
			return
		}
		if _, err := w.Commands.Do(ctx, command.AddSlide{PresentationID: deck, Content: word}); i < 20 && err != nil {
			w.T.Errorf("writer %d: %v", n, err)
		}
		for at, want := range map[eventstore.Position]bool{done.Position: true, done.Position - 1: false} {
			c, err := w.Reader.Content(ctx, viewAt(at), id)
			if err != nil || c == nil || (c.Content == word) != want {
				w.T.Errorf("writer %d as of %s: %+v, %v", n, at, c, err)
			}
		}
		found, err := w.Reader.Contents(ctx, viewAt(done.Position), pageOf(2), noFilter, nil, &word)
		if err != nil || len(found.Nodes) != 1 || found.Nodes[0].ID != id {
			w.T.Errorf("writer %d searches for %s: %+v, %v", n, word, found, err)
		}
	}
}

// TestOneRebuildAtATime expects a second rebuild to be refused, and the archive to refuse events
// that the first one has not followed.
func TestOneRebuildAtATime(t *testing.T) {
	t.Parallel()
	w := open(t)
	id := w.Content("Title", "text")
	w.Do(domain.System, command.UpdateContent{ID: id, Title: worldtest.Some("Other")})
	release := w.held()
	r := w.rebuilder()
	if err := r.Start(); err != nil {
		t.Fatal(err)
	}
	if p := r.Progress(); p.State != projection.RebuildRunning || p.Total != 2 {
		t.Errorf("a rebuild that was begun is %+v", p)
	}
	err := r.Start()
	if domain.CodeOf(err) != domain.Invalid || !strings.Contains(err.Error(), "at event 0 of 2") {
		t.Errorf("a second rebuild: %v", err)
	}
	if _, err := r.Run(t.Context(), nil); domain.CodeOf(err) != domain.Invalid {
		t.Errorf("a second rebuild: %v", err)
	}
	release()
	if p := ended(r); p.State != projection.RebuildDone {
		t.Errorf("the rebuild ended as %+v", p)
	}
}

func TestWhatARebuildHasNotFollowedIsNotArchived(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "flightdeck.db")
	library(t, path)
	if !interrupt(t, path, 18) {
		t.Fatal("the rebuild was not interrupted")
	}
	w := openFile(t, path)
	defer w.Close()
	var id eventstore.StreamID
	if err := eventstore.EachStream(t.Context(), w.Engine, func(s eventstore.StreamStatus) error {
		if s.Version > 1 {
			id = s.ID
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	_, err := w.Log.Archive(t.Context(), id, 1)
	if refused, ok := errors.AsType[*eventstore.RefusedError](err); !ok || !strings.Contains(refused.Error(), "rebuild has followed the log only up to 0") {
		t.Errorf("an archive during a rebuild: %v", err)
	}
	w.rebuild()
	if _, err := w.Log.Archive(t.Context(), id, 1); err != nil {
		t.Errorf("an archive after the rebuild: %v", err)
	}
}

// TestRebuildKeepsOneOldSet expects the old rows to stay until the next rebuild.
func TestRebuildKeepsOneOldSet(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "flightdeck.db")
	library(t, path)
	tamper(t, path, "UPDATE contents SET title = 'tampered' WHERE version = 1")
	w := openFile(t, path)
	defer w.Close()
	w.rebuild()
	if n := w.count("SELECT count(*) FROM contents_old WHERE title = 'tampered'"); n != 1 {
		t.Errorf("%d rows of before are kept", n)
	}
	tables := w.count("SELECT count(*) FROM sqlite_schema")
	indexes := w.count("SELECT count(*) FROM sqlite_schema WHERE type = 'index' AND tbl_name = 'contents'")
	w.rebuild()
	if n := w.count("SELECT count(*) FROM contents_old WHERE title = 'tampered'"); n != 0 {
		t.Errorf("%d rows are kept of before the rebuild before", n)
	}
	if n := w.count("SELECT count(*) FROM sqlite_schema"); n != tables {
		t.Errorf("the database has %d tables and indexes, %d before", n, tables)
	}
	if n := w.count("SELECT count(*) FROM sqlite_schema WHERE type = 'index' AND tbl_name = 'contents'"); n != indexes || n != 8 {
		t.Errorf("contents have %d indexes, %d before", n, indexes)
	}
}

func (w *world) count(query string) (n int) {
	w.T.Helper()
	if err := w.Engine.DB().QueryRowContext(context.Background(), query).Scan(&n); err != nil {
		w.T.Fatal(err)
	}
	return n
}

// TestFullDiskLeavesTheLiveRows expects a rebuild on a full disk to name the reason, to change
// nothing, and to continue once there is room.
func TestFullDiskLeavesTheLiveRows(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "flightdeck.db")
	w := openFile(t, path)
	w.batches(5, 0)
	want := w.answersNow()
	w.limit(w.count("PRAGMA page_count") + 60)
	r := w.rebuilder()
	if err := r.Start(); err != nil {
		t.Fatal(err)
	}
	p := ended(r)
	if p.State != projection.RebuildFailed || p.Error == nil || !strings.Contains(*p.Error, "make room") {
		t.Fatalf("without room the rebuild ended as %+v", p)
	}
	if got := w.answersNow(); got != want {
		t.Errorf("after a failed rebuild\n%s\nbefore\n%s", got, want)
	}
	w.limit(1 << 30)
	if err := r.Resume(t.Context()); err != nil {
		t.Fatal(err)
	}
	if p := ended(r); p.State != projection.RebuildDone {
		t.Fatalf("with room the rebuild ended as %+v: %s", p, text(p.Error))
	}
	if got := w.answersNow(); got != want {
		t.Errorf("after the rebuild\n%s\nbefore\n%s", got, want)
	}
	w.Close()
	wantWhole(t, path)
}

// limit bounds the database to a number of pages.
func (w *world) limit(pages int) {
	w.T.Helper()
	_, err := w.Log.Update(context.Background(), eventstore.Command{}, func(tx *eventstore.Tx) error {
		rows, err := tx.Query(tx.Context(), fmt.Sprintf("PRAGMA max_page_count = %d", pages))
		if err != nil {
			return err
		}
		return errors.Join(rows.Err(), rows.Close())
	})
	if err != nil {
		w.T.Fatal(err)
	}
}

// answersNow returns the answers to questions about the present.
func (w *world) answersNow() string {
	w.T.Helper()
	n, err := w.Search("shared")
	if err != nil {
		w.T.Fatal(err)
	}
	page, err := w.Reader.Contents(context.Background(), w.Reader.Head(domain.System), pageOf(100), noFilter, nil, nil)
	if err != nil {
		w.T.Fatal(err)
	}
	ids := make([]string, 0, 100)
	for _, c := range page.Nodes {
		ids = append(ids, c.ID+c.Content)
	}
	return fmt.Sprint(n, ids)
}

// TestClosingInterruptsARebuild expects Resume to continue an interrupted rebuild, and to do
// nothing without one.
func TestClosingInterruptsARebuild(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "flightdeck.db")
	w := openFile(t, path)
	w.batches(5, 0)
	r := w.rebuilder()
	if err := r.Resume(t.Context()); err != nil || r.Progress() != nil {
		t.Fatalf("there was something to resume: %+v, %v", r.Progress(), err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	p, err := r.Run(ctx, func(p projection.RebuildProgress) {
		if p.Phase == projection.RebuildFollowing {
			cancel()
		}
	})
	if !errors.Is(err, context.Canceled) || p.State != projection.RebuildFailed || !strings.Contains(text(p.Error), "goes on") {
		t.Fatalf("an interrupted rebuild: %+v, %v", p, err)
	}
	w.Close()
	if err := r.Start(); !errors.Is(err, eventstore.ErrClosed) {
		t.Errorf("a closed rebuilder: %v", err)
	}
	w = openFile(t, path)
	r = w.rebuilder()
	if err := r.Resume(t.Context()); err != nil {
		t.Fatal(err)
	}
	wantSame(t, ended(r))
	w.Close()
	wantWhole(t, path)
}
