package command_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"flightdeck/command"
	"flightdeck/domain"
	"flightdeck/eventstore"
	"flightdeck/projection"

	"pgregory.net/rapid"
)

// history holds a world, its model and the actors.
type history struct {
	*generator
	*world
	actors []domain.Actor
	// kept holds the commands with a key, and their results.
	kept    []keptCommand
	crashes int
}

type keptCommand struct {
	actor  domain.Actor
	cmd    command.Command
	result command.Result
}

func begin(t *rapid.T, dir string, n int) *history {
	h := &history{
		generator: &generator{T: t, m: newModel()}, world: openWorld(t, filepath.Join(dir, fmt.Sprint(n, ".db"))),
		actors: []domain.Actor{{}, domain.System},
	}
	for i, role := range []domain.Role{domain.Admin, domain.Editor, domain.Author, domain.Author, domain.Viewer} {
		done, err := h.commands.Do(as(domain.System), command.CreateUser{Email: fmt.Sprintf("eyes%d@example.org", i), DisplayName: "Eyes", Role: role})
		if err != nil {
			t.Fatal(err)
		}
		h.actors = append(h.actors, domain.Actor{UserID: done.ID, Role: role})
	}
	h.m.follow(t, h.world)
	return h
}

// step runs a command of one of the actors and checks its effect.
func (h *history) step() {
	actor := pick(h.generator, "actor", h.actors)
	if h.chance("somebody who may", 60) {
		actor = pick(h.generator, "actor", h.actors[1:4])
	}
	var key *string
	if h.chance("keyed", 40) {
		h.keys++
		key = ptr(fmt.Sprint("key ", h.keys))
	}
	cmd := h.command(key)
	before := h.log.Head().Position
	result, err := h.commands.Do(as(actor), cmd)
	added := h.m.follow(h, h.world)
	if err != nil {
		h.refused(cmd, err, added)
		return
	}
	if len(added) == 0 && (result.Position != before || result.First <= result.Position) ||
		len(added) > 0 && (result.First != before+1 || result.Position != before+eventstore.Position(len(added))) {
		h.Fatalf("%#v appended %d events after %s, and says %+v", cmd, len(added), before, result)
	}
	for _, e := range added {
		h.mayCause(actor, e)
	}
	h.m.invariants(h)
	if _, none := cmd.(command.CreateUser); key != nil && !none { // a CreateUser has no key
		h.kept = append(h.kept, keptCommand{actor, cmd, result})
	}
}

// refused checks that a command failed with an error that its sender can act on, and that it
// appended nothing.
func (h *history) refused(cmd command.Command, err error, added []eventstore.Event) {
	_, one := errors.AsType[*domain.Error](err)
	_, several := errors.AsType[domain.Errors](err)
	if !one && !several {
		h.Fatalf("%#v: %v", cmd, err)
	}
	if len(added) > 0 {
		h.Fatalf("%#v was refused (%v) and appended %d events", cmd, err, len(added))
	}
}

// mayCause checks an event against the table of rights.
func (h *history) mayCause(actor domain.Actor, e eventstore.Event) {
	if e.Actor != actor.UserID {
		h.Fatalf("%s by %v is recorded as by %q", e.Type, actor, e.Actor)
	}
	may := actor.Role == domain.Admin
	switch s := h.m.at[e.Position][string(e.Stream.ID)].(type) {
	case domain.User:
		may = may || e.Type == "UserUpdated" && s.ID == actor.UserID
	case hideable:
		may = may || actor.Role == domain.Editor || actor.Role == domain.Author && s.Owner() == actor.UserID
		if e.Version == 1 && s.Owner() != actor.UserID {
			h.Fatalf("%s of %v belongs to %q", e.Type, actor, s.Owner())
		}
	}
	if !may {
		h.Fatalf("%s by %v", e.Type, actor)
	}
}

// again sends a command a second time: the same one, or another one under its key.
func (h *history) again() {
	if len(h.kept) == 0 {
		return
	}
	kept := pick(h.generator, "again", h.kept)
	before := h.log.Head()
	result, err := h.commands.Do(as(kept.actor), kept.cmd)
	if err != nil || !result.Replayed || h.log.Head() != before {
		h.Fatalf("%#v again: %+v, %v", kept.cmd, result, err)
	}
	want := kept.result
	want.Replayed, want.After = true, nil
	if text(h, want) != text(h, result) {
		h.Fatalf("%#v led to\n%+v, and again to\n%+v", kept.cmd, want, result)
	}
	other := command.CreateContent{IdempotencyKey: keyOf(kept.cmd), Title: "another input", Format: domain.Markdown, Status: domain.Draft}
	if _, err := h.commands.Do(as(kept.actor), other); domain.CodeOf(err) != domain.KeyReused || h.log.Head() != before {
		h.Fatalf("another command under the key of %#v: %v", kept.cmd, err)
	}
}

// keyOf returns the idempotency key of a command.
func keyOf(cmd command.Command) *string {
	key, _ := reflect.ValueOf(cmd).FieldByName("IdempotencyKey").Interface().(*string) //nolint:errcheck // all have it
	return key
}

// reopen closes the database and opens it again.
func (h *history) reopen() {
	h.close(h)
	h.world = openWorld(h, h.path)
}

// crash continues on a copy of the files as they are on the disk, as after a power cut.
func (h *history) crash() {
	h.crashes++
	path := fmt.Sprint(h.path, ".", h.crashes)
	for _, suffix := range []string{"", "-wal"} {
		data, err := os.ReadFile(h.path + suffix)
		if err != nil {
			h.Fatal(err)
		}
		if err := os.WriteFile(path+suffix, data, 0o600); err != nil {
			h.Fatal(err)
		}
	}
	h.close(h)
	h.world = openWorld(h, path)
}

// operate runs an operation of an operator on the log. No answer changes by it.
func (h *history) operate() {
	ctx := context.Background()
	switch pick(h.generator, "operation", []string{"archive one", "archive all", "snapshot one", "snapshot all", "rebuild", "half a rebuild", "restart", "crash"}) {
	case "archive one":
		id := pick(h.generator, "stream", h.m.order)
		through := 1 + h.below("through", 12)
		_, err := h.log.Archive(ctx, eventstore.StreamID(id), through)
		if _, refused := errors.AsType[*eventstore.RefusedError](err); err != nil && !refused {
			h.Fatalf("archive %s through %d: %v", id, through, err)
		}
	case "archive all":
		at := pick(h.generator, "before", h.m.events).RecordedAt
		if _, err := h.log.ArchiveAll(ctx, eventstore.ArchiveRule{Before: at, Keep: h.below("keep", 4)}, nil); err != nil {
			h.Fatal(err)
		}
	case "snapshot one":
		if _, err := h.log.Snapshot(ctx, eventstore.StreamID(pick(h.generator, "stream", h.m.order))); err != nil {
			h.Fatal(err)
		}
	case "snapshot all":
		if _, err := h.log.SnapshotAll(ctx, nil); err != nil {
			h.Fatal(err)
		}
	case "rebuild":
		h.rebuild(ctx)
	case "half a rebuild":
		ctx, cancel := context.WithCancel(ctx)
		h.rebuild(ctx, cancel)
	case "restart":
		h.reopen()
	case "crash":
		h.crash()
	}
}

// rebuild rebuilds the rows, or is cancelled before it has rebuilt all.
func (h *history) rebuild(ctx context.Context, cancel ...context.CancelFunc) {
	r := projection.NewRebuilder(h.log, h.engine.DB(), h.engine, slog.New(slog.DiscardHandler))
	defer r.Close()
	_, err := r.Run(ctx, func(projection.RebuildProgress) {
		for _, stop := range cancel {
			stop()
		}
	})
	if err != nil && len(cancel) == 0 {
		h.Fatal(err)
	}
}

// replayed compares the replayed states with those of the model.
func (h *history) replayed(p eventstore.Position) {
	for id, want := range h.m.at[p] {
		got, _, err := h.log.State(context.Background(), eventstore.StreamID(id), eventstore.Until{Position: p})
		if err != nil || text(h, got) != text(h, want) {
			h.Fatalf("%s as of %s is replayed as %s, error %v, want %s", id, p, text(h, got), err, text(h, want))
		}
	}
}

// some returns a few positions, the last among them.
func (h *history) some(n int) []eventstore.Position {
	head := len(h.m.events)
	positions := []eventstore.Position{eventstore.Position(head)}
	for range n {
		positions = append(positions, eventstore.Position(h.below("as of", head+1)))
	}
	return positions
}

// TestRowsAreTheFoldOfEventsAtEveryPosition sends any commands, with restarts between them. A read
// as of a position gives the fold of the events up to that position, as far as the actor may see
// it. No command fails with an error that its sender cannot act on, and no actor does a forbidden
// thing.
func TestRowsAreTheFoldOfEventsAtEveryPosition(t *testing.T) {
	t.Parallel()
	dir, n := t.TempDir(), 0
	rapid.Check(t, func(rt *rapid.T) {
		n++
		h := begin(rt, dir, n)
		defer func() { h.close(rt) }()
		for range 100 {
			h.step()
			if h.chance("look", 5) {
				compare(h, h.m, h.reader, pick(h.generator, "eyes", h.actors), h.log.Head().Position)
			}
		}
		h.verify(h)
		for _, p := range h.some(2) {
			for _, actor := range h.actors {
				compare(h, h.m, h.reader, actor, p)
			}
		}
		h.reopen()
		for _, p := range append(h.some(1), 0) {
			compare(h, h.m, h.reader, pick(h.generator, "eyes", h.actors), p)
		}
	})
}

// TestOperationsChangeNoAnswer runs operations on the log between commands, and crashes. A read as
// of any position gives the same answer as when the position was the latest, rows and replay agree,
// and no command gets another answer.
func TestOperationsChangeNoAnswer(t *testing.T) {
	t.Parallel()
	dir, n := t.TempDir(), 0
	rapid.Check(t, func(rt *rapid.T) {
		n++
		h := begin(rt, dir, n)
		defer func() { h.close(rt) }()
		for range 80 {
			switch {
			case h.chance("operate", 25):
				h.operate()
			case h.chance("again", 10):
				h.again()
			default:
				h.step()
			}
		}
		h.verify(h)
		for _, p := range h.some(4) {
			compare(h, h.m, h.reader, pick(h.generator, "eyes", h.actors), p)
			h.replayed(p)
		}
	})
}

// TestCommandsHappenOnceUnderTheirKey sends a command again, at once, later and after a restart.
// The result is always the first one, and nothing is appended; another command under the key is
// refused.
func TestCommandsHappenOnceUnderTheirKey(t *testing.T) {
	t.Parallel()
	dir, n := t.TempDir(), 0
	rapid.Check(t, func(rt *rapid.T) {
		n++
		h := begin(rt, dir, n)
		defer func() { h.close(rt) }()
		for range 100 {
			switch {
			case h.chance("again", 25):
				h.again()
			case h.chance("restart", 3):
				h.reopen()
			default:
				h.step()
			}
		}
	})
}

// Two actors may use the same key.
func TestKeysOfDifferentActorsAreDifferent(t *testing.T) {
	t.Parallel()
	w := openWorld(t, filepath.Join(t.TempDir(), "flightdeck.db"))
	defer w.close(t)
	cmd := command.CreateContent{IdempotencyKey: ptr("key"), Title: "Title", Format: domain.Markdown, Status: domain.Draft}
	seen := make(map[string]bool)
	for i := range 3 {
		user, err := w.commands.Do(as(domain.System), command.CreateUser{Email: fmt.Sprintf("u%d@example.org", i), DisplayName: "U", Role: domain.Author})
		if err != nil {
			t.Fatal(err)
		}
		done, err := w.commands.Do(as(domain.Actor{UserID: user.ID, Role: domain.Author}), cmd)
		if err != nil || done.Replayed || seen[done.ID] || !strings.HasPrefix(done.ID, "content-") {
			t.Errorf("author %d: %+v, %v", i, done, err)
		}
		seen[done.ID] = true
	}
}
