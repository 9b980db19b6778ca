package operator

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"flightdeck/cli"
	"flightdeck/cloudevents"
	"flightdeck/domain"
	"flightdeck/e2e/harness"
)

func TestAnExportReplacesItsFileOnceComplete(t *testing.T) {
	t.Parallel()
	db, dir := harness.Written(t), t.TempDir()
	file := filepath.Join(dir, "log.jsonl")
	if err := os.WriteFile(file, []byte("kept"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, damaged := filepath.Split(db)
	damaged = filepath.Join(dir, damaged)
	if err := os.WriteFile(damaged, harness.ReadFile(t, db), 0o600); err != nil {
		t.Fatal(err)
	}
	harness.Tamper(t, damaged, "DROP TRIGGER events_are_immutable", "UPDATE events SET actor = 'x' WHERE position = 4")
	harness.WantCLI(t, 1, []string{"export", "--db", damaged, "--out", file}, "position 4: ", "restore a backup")
	if status, out, _ := harness.CLI("export", "--db", damaged); status != 1 || strings.Contains(out, cloudevents.End) {
		t.Errorf("the export of a damaged log exits with %d and is complete: %s", status, out)
	}
	harness.WantCLI(t, 1, []string{"export", "--db", db, "--out", db}, "is the database", "--out")
	harness.WantCLI(t, 1, []string{"export", "--db", db, "--out", filepath.Join(dir, "none", "x")}, "--out")
	harness.WantCLI(t, 1, []string{"export", "--db", filepath.Join(dir, "none.db"), "--out", file}, "none.db")
	harness.WantText(t, "the file", string(harness.ReadFile(t, file)), "kept")
	if left, err := filepath.Glob(file + "*"); err != nil || len(left) != 1 {
		t.Errorf("there are %q, error %v", left, err)
	}
	harness.WantCLI(t, 0, []string{"export", "--db", db, "--out", file}, "exported 8 events")
	status, out, _ := harness.CLI("export", "--db", db)
	if info, err := os.Stat(file); status != 0 || err != nil || out != string(harness.ReadFile(t, file)) {
		t.Errorf("the file %v and standard output differ, error %v", info, err)
	}
}

// heapWriter counts the bytes written to it, and measures the heap now and then.
type heapWriter struct {
	written, seen int
	most          int // the most live bytes
}

func (w *heapWriter) Write(data []byte) (int, error) {
	if w.written += len(data); w.written-w.seen > 1<<20 {
		w.seen = w.written
		w.most = max(w.most, alive())
	}
	return len(data), nil
}

// alive returns how many bytes of the heap are in use.
func alive() int {
	var stats runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&stats)
	return int(stats.HeapAlloc)
}

// TestExportHoldsNoLog runs beside no other test, because it measures the heap of the process.
func TestExportHoldsNoLog(t *testing.T) {
	h := harness.Start(t)
	author, _ := h.Actor(domain.Author)
	for n := range 25 {
		in := harness.NewContent(fmt.Sprint("long ", n), domain.Draft)
		in.Content = strings.Repeat("A long text. ", 80_000)
		h.Run(author, in)
	}
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	out := new(heapWriter)
	before := alive()
	var problems bytes.Buffer
	if status := cli.Run([]string{"export", "--db", h.AppOptions.DB}, strings.NewReader(""), out, &problems); status != 0 {
		t.Fatalf("export exits with %d: %s", status, &problems)
	}
	if more := out.most - before; out.written < 25e6 || more > out.written/2 {
		t.Errorf("%d bytes were written with %d bytes alive, beside %d before", out.written, more, before)
	}
	t.Logf("%d bytes were written with %d bytes alive, beside %d before", out.written, out.most-before, before)
}

// TestNoOutputIsWrittenOverAFileOfTheProgram, under whatever name, whether the file is there or
// not.
func TestNoOutputIsWrittenOverAFileOfTheProgram(t *testing.T) {
	t.Parallel()
	db, dir := harness.Written(t), t.TempDir()
	link := func(name, to string, make func(string, string) error) string {
		path := filepath.Join(dir, name)
		if err := make(to, path); err != nil {
			t.Fatal(err)
		}
		return path
	}
	folder := link("folder", filepath.Dir(db), os.Symlink)
	link("log.part", db+".key", os.Link)
	before := map[string]string{}
	for _, file := range []string{db, db + ".key", db + ".lock"} {
		before[file] = string(harness.ReadFile(t, file))
	}
	for out, said := range map[string]string{
		db: "is the database", db + ".key": "is the file of the master key", db + "-wal": "is a file of the database", db + "-shm": "", db + ".lock": "",
		link("hard", db, os.Link): "is the database", link("soft", db+".key", os.Symlink): "master key",
		filepath.Join(folder, filepath.Base(db)+"-wal"): "a file of the database", filepath.Join(dir, "log"): "master key",
	} {
		for _, flag := range []string{"--out", "--keys"} {
			args := []string{"export", "--db", db, "--out", filepath.Join(dir, "fine"), flag, out}
			if harness.WantCLI(t, 1, args, said, "choose another file with "+flag); flag == "--keys" {
				if _, err := os.Stat(filepath.Join(dir, "fine")); err == nil {
					t.Errorf("%q wrote the export all the same", args)
				}
			}
		}
		if f, err := os.OpenFile(out, os.O_WRONLY|os.O_APPEND, 0); err == nil {
			var problems bytes.Buffer
			if status := cli.Run([]string{"schema", "--db", db}, strings.NewReader(""), f, &problems); status != 1 {
				t.Errorf("the schema is written into %s", out)
			}
			if err := f.Close(); err != nil {
				t.Error(err)
			}
		}
	}
	harness.WantCLI(t, 1, []string{"export", "--db", db, "--out", filepath.Join(dir, "fine"), "--keys", dir + "/./fine"}, "--keys")
	for file, content := range before {
		harness.WantText(t, file, string(harness.ReadFile(t, file)), content)
	}
}
