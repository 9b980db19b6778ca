package operator

import (
	"bytes"
	"encoding/json"
	"fmt"
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

// The log of the tests that kill: streams, each with as many versions, and the events that an
// archive keeps of each stream.
const (
	streams      = 12
	keptVersions = 20
)

// operation is an operator's command on the closed database of a long log.
type operation struct {
	name string
	args []string // without --db; DB stands for the database's path
	// prepare is SQL that gives the operation something to do; may be nil.
	prepare []string
	// progress returns how far the operation has come, from 0 to about total.
	progress func(db string, s harness.Status) int64
	total    func(log longLog) int64
	// done reports whether the operation was completed.
	done func(db string, s harness.Status, log longLog) bool
}

var operations = []operation{
	{
		name: "snapshot", prepare: []string{"DELETE FROM snapshots"},
		progress: func(_ string, s harness.Status) int64 { return s.Snapshots },
		total:    longLog.snapshots,
		done:     func(_ string, s harness.Status, log longLog) bool { return s.Snapshots == log.snapshots() },
	},
	{
		name: "archive", args: []string{"--older-than", "0s", "--keep", fmt.Sprint(keptVersions)},
		progress: func(_ string, s harness.Status) int64 { return s.Archived },
		total:    longLog.archived,
		done:     func(_ string, s harness.Status, log longLog) bool { return s.Archived == log.archived() },
	},
	{
		name: "archive", args: []string{"--older-than", "0s", "--keep", fmt.Sprint(keptVersions), "--vacuum"},
		progress: func(db string, s harness.Status) int64 { return s.Archived + size(db+".compacted")/1024 },
		total:    func(log longLog) int64 { return log.archived() + 100 },
		done: func(_ string, s harness.Status, log longLog) bool {
			return s.Archived == log.archived() && s.FreeBytes == 0
		},
	},
	{
		name: "rebuild",
		progress: func(_ string, s harness.Status) int64 {
			if s.Behind != "rebuild" {
				return 0
			}
			return int64(s.Checkpoint)
		},
		total: longLog.events,
		done:  func(_ string, s harness.Status, _ longLog) bool { return s.Behind != "rebuild" },
	},
	{
		name: "export", args: []string{"--out", "DB.jsonl"},
		progress: func(db string, _ harness.Status) int64 { return size(db + ".jsonl.part") },
		total:    func(log longLog) int64 { return log.events() * 500 }, // bytes, or more
		done:     func(db string, _ harness.Status, _ longLog) bool { return size(db+".jsonl") > 0 },
	},
}

// size returns the size of a file, 0 if there is none.
func size(path string) int64 {
	info, err := os.Stat(path)
	if err != nil {
		return 0
	}
	return info.Size()
}

// longLog is a closed database with a dozen streams of as many versions.
type longLog struct {
	db       string
	versions int64
}

func (l longLog) events() int64    { return streams * l.versions }
func (l longLog) archived() int64  { return streams * (l.versions - keptVersions) }
func (l longLog) snapshots() int64 { return streams * (l.versions / 100) }

func newLongLog(t *testing.T, versions int64) longLog {
	t.Helper()
	l := longLog{filepath.Join(t.TempDir(), "long.db"), versions}
	a, err := app.Open(t.Context(), harness.AppOptions(l.db))
	if err != nil {
		t.Fatal(err)
	}
	for version := range int(versions) {
		if _, err := a.Log.Update(t.Context(), eventstore.Command{}, func(tx *eventstore.Tx) error {
			for stream := range streams {
				if err := appendVersion(tx, stream, version); err != nil {
					return err
				}
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	}
	if err := a.WaitForIndex(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	return l
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

// TestKilledOperationsLeaveTheLogAsItWas kills each operation at places from its beginning to its
// end, each time going on with the database that the last kill left. The database is whole every
// time and has the head it had, and in the end the operation can still be completed.
func TestKilledOperationsLeaveTheLogAsItWas(t *testing.T) {
	t.Parallel()
	if raced {
		t.Skip("it kills processes, which have no race detector")
	}
	kills, versions := int64(3), int64(200)
	if harness.Long() {
		kills, versions = 20, 500
	}
	log := newLongLog(t, versions)
	was := statusOf(t, log.db)
	for _, op := range operations {
		t.Run(strings.Join(append([]string{op.name}, op.args...), " "), func(t *testing.T) {
			t.Parallel()
			db := op.prepared(t, log)
			for n := range kills {
				if op.done(db, statusOf(t, db), log) {
					db = op.prepared(t, log)
				}
				op.killAt(t, db, max(1, op.total(log)*(2*n+1)/(2*kills)))
				wantWhole(t, db, was.Hash)
			}
			if out, err := op.command(t, db).CombinedOutput(); err != nil {
				t.Errorf("without a kill: %v: %s", err, out)
			}
			if now := statusOf(t, db); !op.done(db, now, log) {
				t.Errorf("the operation is not completed: %+v", now)
			}
			wantWhole(t, db, was.Hash)
		})
	}
}

// prepared returns a copy of the log's database on which the operation has something to do.
func (op operation) prepared(t *testing.T, log longLog) (db string) {
	t.Helper()
	db = harness.Copied(t, log.db)
	if op.prepare != nil {
		harness.Tamper(t, db, op.prepare...)
	}
	return db
}

// command returns the operation as a process that is not started.
func (op operation) command(t *testing.T, db string) *exec.Cmd {
	t.Helper()
	args := []string{op.name, "--db", db}
	for _, arg := range op.args {
		args = append(args, strings.ReplaceAll(arg, "DB", db))
	}
	return exec.CommandContext(t.Context(), harness.Binary(t), args...)
}

// killAt starts the operation and kills it as soon as it has come to a place. An operation that is
// completed before that is seen needs no kill.
func (op operation) killAt(t *testing.T, db string, place int64) {
	t.Helper()
	cmd := op.command(t, db)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	before, tick := writtenBeside(t, db), time.NewTicker(time.Millisecond)
	defer tick.Stop()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	// A look at the database while the operation opens it would be in its way.
	for begun := false; !begun || op.progress(db, statusOf(t, db)) < place; {
		select {
		case err := <-ended:
			if err != nil {
				t.Errorf("it ends with %v: %s", err, &out)
			}
			return
		case <-tick.C:
			begun = begun || writtenBeside(t, db) != before
		}
	}
	_ = cmd.Process.Kill() // it may have ended by now
	<-ended                //nolint:errcheck // it was killed, or had ended well
}

// writtenBeside describes the files beside a database, which change as soon as an operation writes.
func writtenBeside(t *testing.T, db string) (files string) {
	t.Helper()
	for _, suffix := range []string{"-wal", ".compacted", ".jsonl.part"} {
		if info, err := os.Stat(db + suffix); err == nil {
			files += fmt.Sprintln(suffix, info.Size(), info.ModTime())
		}
	}
	return files
}

// statusOf returns what flightdeck status says of a database, beside the process that writes it.
func statusOf(t *testing.T, db string) (s harness.Status) {
	t.Helper()
	status, out, problems := harness.CLI("status", "--db", db, "--json")
	if err := json.Unmarshal([]byte(out), &s); err != nil || status != 0 {
		t.Fatalf("status exits with %d: %v: %s%s", status, err, out, problems)
	}
	return s
}

// wantWhole verifies a database, and that it has a head.
func wantWhole(t *testing.T, db, hash string) {
	t.Helper()
	status, out, problems := harness.CLI("verify", "--db", db, "--json")
	var v harness.Verification
	if err := json.Unmarshal([]byte(out), &v); err != nil || status != 0 || v.Hash != hash {
		t.Fatalf("verify exits with %d: %v: %s%s, want the head %s", status, err, out, problems, hash)
	}
}

// TestAServerGoesOnWithARebuild that a kill has interrupted, when it starts.
func TestAServerGoesOnWithARebuild(t *testing.T) {
	t.Parallel()
	log := newLongLog(t, 200)
	out, err := exec.CommandContext(t.Context(), harness.Binary(t), "user", "create", "--db", log.db, "--role", "ADMIN", "--email", "a@example.org", "--print-token").Output()
	if err != nil {
		t.Fatal(err)
	}
	token := strings.TrimSpace(string(out))
	for interrupted := false; !interrupted; interrupted = statusOf(t, log.db).Behind == "rebuild" { // or the kill came too late
		p := harness.StartProcess(t, log.db)
		h := &harness.Harness{T: t, URL: p.URL}
		h.Must(token, askRebuild, nil)
		for h.Must(token, watchRebuild, nil).Text("log", "rebuild", "done") == "0" {
			if t.Context().Err() != nil {
				t.Fatal("the rebuild never begins")
			}
		}
		p.Kill(t)
	}
	p := harness.StartProcess(t, log.db)
	h := &harness.Harness{T: t, URL: p.URL}
	for state := "RUNNING"; state != "DONE"; state = h.Must(token, watchRebuild, nil).Text("log", "rebuild", "state") {
		if state != "RUNNING" || t.Context().Err() != nil {
			t.Fatalf("the rebuild is %s", state)
		}
	}
	p.Kill(t)
	wantWhole(t, log.db, statusOf(t, log.db).Hash)
}
