package projection_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"

	"flightdeck/command"
	"flightdeck/domain"
	"flightdeck/eventstore"
	"flightdeck/internal/worldtest"
	"flightdeck/projection"
)

// held keeps the writer busy until release is called.
func (w *world) held() (release func()) {
	begun, end := make(chan struct{}), make(chan struct{})
	done := make(chan error)
	go func() {
		_, err := w.Log.Update(context.Background(), eventstore.Command{}, func(*eventstore.Tx) error {
			close(begun)
			<-end
			return nil
		})
		done <- err
	}()
	<-begun
	return func() {
		close(end)
		if err := <-done; err != nil {
			w.T.Error(err)
		}
	}
}

// found is the outcome of a search.
type found struct {
	n   int
	err error
}

// searching begins a search that cannot be answered while the writer is held.
func (w *world) searching(words string) <-chan found {
	out := make(chan found, 1)
	go func() {
		n, err := w.Search(words)
		out <- found{n, err}
	}()
	synctest.Wait()
	select {
	case f := <-out:
		w.T.Fatalf("the search was answered before it could be: %v", f)
	default:
	}
	return out
}

func TestSearchFindsWhatWasAnsweredBeforeIt(t *testing.T) {
	t.Parallel()
	w := open(t)
	for n := range 40 {
		w.Content("Title", fmt.Sprintf("number%d shared", n))
		if found, err := w.Search(fmt.Sprintf("number%d", n)); found != 1 || err != nil {
			t.Fatalf("content %d is found %d times: %v", n, found, err)
		}
	}
	if found, err := w.Search("shared"); found != 40 || err != nil {
		t.Errorf("all are found %d times: %v", found, err)
	}
}

func TestSearchWaitsUpToTheHeadItSaw(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := open(t)
		w.Content("Title", "alpha")
		release := w.held()
		answer := w.searching("alpha")
		release()
		if f := <-answer; f.n != 1 || f.err != nil {
			t.Errorf("found %d: %v", f.n, f.err)
		}
	})
}

func TestClosingEndsTheSearchesThatWait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := open(t)
		w.Content("Title", "alpha")
		release := w.held()
		answer := w.searching("alpha")
		w.Index.Close()
		if f := <-answer; f.err == nil {
			t.Errorf("found %d without an index", f.n)
		}
		if _, err := w.Search("alpha"); err == nil {
			t.Error("a search after the index was closed was answered")
		}
		w.Index.Close()
		release()
	})
}

func TestSearchGivesUpWithItsContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := open(t)
		w.Content("Title", "alpha")
		release := w.held()
		ctx, cancel := context.WithCancel(t.Context())
		out := make(chan error)
		go func() {
			_, err := w.Reader.Contents(ctx, w.Reader.Head(domain.System), pageOf(1), noFilter, nil, new("alpha"))
			out <- err
		}()
		synctest.Wait()
		cancel()
		if err := <-out; !errors.Is(err, context.Canceled) {
			t.Errorf("the search ended with %v", err)
		}
		release()
	})
}

// TestIndexedContentsAreFoundAfterClose searches for indexed contents with a closed index.
func TestIndexedContentsAreFoundAfterClose(t *testing.T) {
	t.Parallel()
	w := open(t)
	w.Content("Title", "alpha")
	if n, err := w.Search("alpha"); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	w.Index.Close()
	if n, err := w.Search("alpha"); n != 1 || err != nil {
		t.Errorf("found %d: %v", n, err)
	}
}

func TestIndexGoesOnFromItsCheckpoint(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "flightdeck.db")
	total := 0
	for life := range 4 {
		w := &world{worldtest.OpenWithoutIndex(t, path)}
		if life%2 == 0 { // the index has to catch up, in several steps
			total += w.batches(7, life)
		}
		w.StartIndex()
		if life%2 == 1 { // it follows
			total += w.batches(2, life)
		}
		if n, err := w.Search("shared"); n != total || err != nil {
			t.Errorf("life %d: found %d of %d: %v", life, n, total, err)
		}
		if n, err := w.Search(fmt.Sprintf("life%d", life)); n == 0 || err != nil {
			t.Errorf("life %d: found %d of its own: %v", life, n, err)
		}
		w.Close()
	}
	if n := occurrences(t, path, "shared"); n != total {
		t.Errorf("%d contents are indexed %d times", total, n)
	}
}

// occurrences returns the number of occurrences of a word in the index of a closed database.
func occurrences(t *testing.T, path, word string) (n int) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+path)
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(1) // a temporary table belongs to its connection
	_, err = db.ExecContext(t.Context(), "CREATE VIRTUAL TABLE temp.words USING fts5vocab (main, content_search, row)")
	if err == nil {
		err = db.QueryRowContext(t.Context(), "SELECT cnt FROM temp.words WHERE term = ?", word).Scan(&n)
	}
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
	return n
}

// batches creates contents, a hundred a batch, and returns their number.
func (w *world) batches(n, life int) int {
	w.T.Helper()
	for i := range n {
		var batch command.Batch
		for j := range command.MaxBatch {
			batch.Commands = append(batch.Commands, command.CreateContent{
				Title: fmt.Sprintf("life%d %d %d", life, i, j), Content: "shared", Format: domain.Markdown, Status: domain.Draft,
			})
		}
		w.Do(domain.System, batch)
	}
	return n * command.MaxBatch
}

// TestDecksAreFoundByTheirSlidesOfThen searches at every version of a deck for the slides of that
// version.
func TestDecksAreFoundByTheirSlidesOfThen(t *testing.T) {
	t.Parallel()
	w := open(t)
	deck := w.Do(domain.System, command.CreatePresentation{Title: "Deck", Theme: "default"}).ID
	slide := w.Do(domain.System, command.AddSlide{PresentationID: deck, Content: "alpha", Notes: new("secret")}).SlideID
	w.Do(domain.System, command.UpdateSlide{PresentationID: deck, SlideID: slide, Content: worldtest.Some("beta"), Title: worldtest.Some("gamma")})
	w.Do(domain.System, command.RemoveSlide{PresentationID: deck, SlideID: slide})
	w.Do(domain.System, command.RestorePresentation{Restore: command.Restore{ID: deck, ToVersion: 2}})
	for word, at := range map[string][]eventstore.Position{"alpha": {2, 5}, "beta": {3}, "gamma": {3}, "secret": nil, "deck": {1, 2, 3, 4, 5}} {
		var got []eventstore.Position
		for p := eventstore.Position(1); p <= 5; p++ {
			page, err := w.Reader.Presentations(t.Context(), viewAt(p), pageOf(1), noDeckFilter, nil, &word)
			if err != nil {
				t.Fatal(err)
			}
			if len(page.Nodes) > 0 {
				got = append(got, p)
			}
		}
		if fmt.Sprint(got) != fmt.Sprint(at) {
			t.Errorf("%s is found at %v, want %v", word, got, at)
		}
	}
}

// TestTagsAreFoundByTheirWords searches for words that have signs around them in a tag.
func TestTagsAreFoundByTheirWords(t *testing.T) {
	t.Parallel()
	w := open(t)
	w.Do(domain.System, command.CreateContent{Title: "Title", Content: "text", Format: domain.Markdown, Status: domain.Draft, Tags: []string{`R&D`, `<b>old</b>`, `say "hello"`, "Été"}})
	for words, n := range map[string]int{"d": 1, `"R&D"`: 1, "old": 1, "hello": 1, "ete": 1, "été": 1, "u0026D": 0, "u003c*": 0} {
		if found, err := w.Search(words); found != n || err != nil {
			t.Errorf("%s is found %d times, want %d: %v", words, found, n, err)
		}
	}
}

// A small event that changes a long text makes a row with the whole text: a step of the index and
// one of a rebuild are as long as their rows, so that commands come in between.
func TestStepsAreBoundedByTheirRows(t *testing.T) {
	t.Parallel()
	const changes, length = 8, 600 << 10
	path := filepath.Join(t.TempDir(), "flightdeck.db")
	w := &world{worldtest.OpenWithoutIndex(t, path)}
	id := w.Content("Title", strings.Repeat(".", length))
	batch := command.Batch{}
	for i := range changes {
		title := fmt.Sprint("Title ", i)
		batch.Commands = append(batch.Commands, command.UpdateContent{ID: id, Title: worldtest.Some(title)})
	}
	w.Do(domain.System, batch)
	before := w.Log.TxCount()
	w.StartIndex()
	if n, err := w.Search("title"); n != 1 || err != nil {
		t.Errorf("found %d: %v", n, err)
	}
	if steps := (w.Log.TxCount() - before) / 2; steps < changes {
		t.Errorf("the index has followed %d changes of %d bytes in %d steps", changes, length, steps)
	}
	seen := map[int]bool{}
	r := w.rebuilder()
	if _, err := r.Run(t.Context(), func(p projection.RebuildProgress) { seen[int(p.Done)] = true }); err != nil {
		t.Fatal(err)
	}
	if len(seen) < changes {
		t.Errorf("the rebuild has followed %d changes of %d bytes in %d steps", changes, length, len(seen))
	}
	w.Close()
}
