package operator

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"flightdeck/app"
	"flightdeck/domain"
	"flightdeck/e2e/harness"
	"flightdeck/eventstore"
)

// operation is something an operator does to a closed database.
type operation struct {
	name string
	args []string // beside --db; DB stands for the database's path
	// prepare makes there be something to do; may be nil.
	prepare []string
	// done reports whether it was done.
	done func(db string, s harness.Status) bool
}

var operations = []operation{
	{name: "snapshot", prepare: []string{"DELETE FROM snapshots"}, done: func(_ string, s harness.Status) bool { return s.Snapshots == 60 }},
	{name: "archive", args: []string{"--older-than", "0s", "--keep", "20"}, done: func(_ string, s harness.Status) bool { return s.Archived == 5760 }},
	{name: "archive", args: []string{"--older-than", "0s", "--keep", "20", "--vacuum"}, done: func(_ string, s harness.Status) bool { return s.Archived == 5760 && s.FreeBytes == 0 }},
	{name: "rebuild", done: func(_ string, s harness.Status) bool { return s.Behind != "rebuild" }},
	{name: "export", args: []string{"--out", "DB.jsonl"}, done: func(db string, _ harness.Status) bool {
		_, err := os.Stat(db + ".jsonl") // which is there once it is complete
		return err == nil
	}},
}

// longLog is a closed database with a dozen streams of 500 events.
func longLog(t *testing.T) string {
	t.Helper()
	db := filepath.Join(t.TempDir(), "long.db")
	d, err := app.Open(t.Context(), harness.AppOptions(db))
	if err != nil {
		t.Fatal(err)
	}
	for version := range 500 {
		if _, err := d.Log.Update(t.Context(), eventstore.Command{}, func(tx *eventstore.Tx) error {
			for stream := range 12 {
				if err := appendVersion(tx, stream, version); err != nil {
					return err
				}
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	}
	if err := d.WaitForIndex(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	return db
}

// appendVersion appends the next event of one of many contents.
func appendVersion(tx *eventstore.Tx, stream, version int) error {
	id := domain.NewID(domain.KindContent, fmt.Sprintf("00000000-0000-7000-8000-%012d", stream))
	title, text := fmt.Sprintf("Content %d, version %d", stream, version+1), strings.Repeat(fmt.Sprintf("word%d ", version*stream), 40)
	var e domain.Event = domain.ContentUpdated{ContentID: id, Title: &title, Content: &text}
	if version == 0 {
		e = domain.ContentCreated{ContentID: id, Title: title, Slug: fmt.Sprint("content-", stream), Content: text, Format: domain.Markdown, Status: domain.Published}
	}
	name, schema, data, err := domain.Encode(e)
	if err != nil {
		return err
	}
	_, err = tx.Append(eventstore.Stream{ID: eventstore.StreamID(id), Type: string(domain.KindContent)}, eventstore.Exactly(version),
		eventstore.NewEvent{ID: fmt.Sprintf("event-%d-%d", stream, version), Type: name, SchemaVersion: schema, Data: data})
	return err
}

// TestKilledOperationsLeaveTheLogAsItWas kills each operation twenty times, at any
// moment from its start to its end, on one database each: every time the database is
// whole and has the head it had, and in the end the operation can still be done.
func TestKilledOperationsLeaveTheLogAsItWas(t *testing.T) {
	t.Parallel()
	if raced {
		t.Skip("it kills processes, which have no race detector")
	}
	binary, long := harness.Binary(t), longLog(t)
	was := statusOf(t, binary, long)
	for i, op := range operations {
		t.Run(strings.Join(append([]string{op.name}, op.args...), " "), func(t *testing.T) {
			t.Parallel()
			random := rand.New(rand.NewPCG(uint64(i), 1)) //nolint:gosec // to be repeatable
			fresh := func() string {
				db := harness.Copied(t, long)
				if op.prepare != nil {
					harness.Tamper(t, db, op.prepare...)
				}
				return db
			}
			command := func(ctx context.Context, db string) *exec.Cmd {
				args := []string{op.name, "--db", db}
				for _, arg := range op.args {
					args = append(args, strings.ReplaceAll(arg, "DB", db))
				}
				return exec.CommandContext(ctx, binary, args...)
			}
			db := fresh()
			begun := time.Now()
			if out, err := command(t.Context(), db).CombinedOutput(); err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			usual := time.Since(begun)
			mustBeDone(t, binary, db, op, was.Hash)
			db = fresh()
			killed := 0
			for range 20 {
				if op.done(db, statusOf(t, binary, db)) {
					db = fresh()
				}
				ctx, cancel := context.WithTimeout(t.Context(), time.Duration(random.Int64N(int64(usual))))
				err := command(ctx, db).Run()
				cancel()
				if err != nil {
					killed++
				}
				mustBeWhole(t, binary, db, was.Hash)
			}
			if killed < 5 {
				t.Errorf("only %d of 20 were killed before they ended", killed)
			}
			if out, err := command(t.Context(), db).CombinedOutput(); err != nil {
				t.Errorf("once nobody kills it: %v: %s", err, out)
			}
			mustBeDone(t, binary, db, op, was.Hash)
		})
	}
}

// mustBeDone checks that an operation has done all it has to, and harmed nothing.
func mustBeDone(t *testing.T, binary, db string, op operation, hash string) {
	t.Helper()
	if now := statusOf(t, binary, db); !op.done(db, now) {
		t.Errorf("it is not done: %+v", now)
	}
	mustBeWhole(t, binary, db, hash)
}

// statusOf is what flightdeck status says of a database. It is asked of the binary,
// which has no race detector to slow it down.
func statusOf(t *testing.T, binary, db string) (s harness.Status) {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), binary, "status", "--db", db, "--json").Output()
	if err := errors.Join(err, json.Unmarshal(out, &s)); err != nil {
		t.Fatalf("status: %v: %s", err, out)
	}
	return s
}

// mustBeWhole verifies a database, and that it has a head.
func mustBeWhole(t *testing.T, binary, db, hash string) {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), binary, "verify", "--db", db, "--json").Output()
	var v harness.Verification
	if err := errors.Join(err, json.Unmarshal(out, &v)); err != nil || v.Hash != hash {
		t.Fatalf("verify: %v: %s, want the head %s", err, out, hash)
	}
}

// TestAServerGoesOnWithARebuild that a kill has interrupted, when it starts.
func TestAServerGoesOnWithARebuild(t *testing.T) {
	t.Parallel()
	binary, db := harness.Binary(t), longLog(t)
	out, err := exec.CommandContext(t.Context(), binary, "user", "create", "--db", db, "--role", "ADMIN", "--email", "a@example.org", "--print-token").Output()
	if err != nil {
		t.Fatal(err)
	}
	token := strings.TrimSpace(string(out))
	p := harness.StartProcess(t, db)
	h := &harness.Harness{T: t, URL: p.URL}
	h.Must(token, askRebuild, nil)
	for h.Must(token, watchRebuild, nil).Text("log", "rebuild", "done") == "0" {
		if t.Context().Err() != nil {
			t.Fatal("the rebuild never begins")
		}
	}
	p.Kill(t)
	if s := statusOf(t, binary, db); s.Behind != "rebuild" {
		t.Fatalf("the rebuild had not begun, or ended before the kill: %+v", s)
	}
	p = harness.StartProcess(t, db)
	h = &harness.Harness{T: t, URL: p.URL}
	for state := "RUNNING"; state != "DONE"; state = h.Must(token, watchRebuild, nil).Text("log", "rebuild", "state") {
		if state != "RUNNING" || t.Context().Err() != nil {
			t.Fatalf("the rebuild is %s", state)
		}
	}
	p.Kill(t)
	mustBeWhole(t, binary, db, statusOf(t, binary, db).Hash)
}
