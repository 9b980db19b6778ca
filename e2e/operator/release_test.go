package operator

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"flightdeck/e2e/harness"
)

// TestADatabaseOfAnEarlierReleaseAnswersAsItDid opens a copy of each database in e2e/testdata with
// the program of today, verifies it, and compares the answers to the recorded questions byte for
// byte, but for the declared changes. Afterwards people log in and write, and the database is
// verified again.
func TestADatabaseOfAnEarlierReleaseAnswersAsItDid(t *testing.T) {
	t.Parallel()
	folders, err := filepath.Glob("../testdata/*/answers.jsonl")
	if err != nil || len(folders) == 0 {
		t.Fatalf("there is no recorded release (%v)", err)
	}
	program := harness.Binary(t)
	for _, answers := range folders {
		folder := filepath.Dir(answers)
		t.Run(filepath.Base(folder), func(t *testing.T) {
			t.Parallel()
			r := restored(t, program, folder)
			r.serve(func() {}) // brings the database up to date
			verified := r.run("verify")
			r.serve(func() { r.compare(answers) })
			if now := r.run("verify"); now != verified {
				t.Errorf("the questions have changed the log: %s\nbefore: %s", now, verified)
			}
			r.exportsTheSame(filepath.Join(folder, "log.jsonl"))
			r.serve(r.goesOn, "--log-level", "warn")
			r.run("rebuild")
			r.run("archive", "--older-than", "0s", "--keep", "1", "--vacuum")
			r.run("verify")
		})
	}
}

// restored is a copy of the database in a folder of e2e/testdata, for a program.
func restored(t *testing.T, program, folder string) *recorder {
	t.Helper()
	r := &recorder{t: t, program: program, db: filepath.Join(t.TempDir(), "flightdeck.db")}
	packed, err := gzip.NewReader(bytes.NewReader(harness.ReadFile(t, filepath.Join(folder, "flightdeck.db.gz"))))
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(packed)
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string][]byte{r.db: data, r.db + ".key": harness.ReadFile(t, filepath.Join(folder, "flightdeck.db.key"))} {
		if err := os.WriteFile(name, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := json.Unmarshal(harness.ReadFile(t, filepath.Join(folder, "tokens.json")), &r.tokens); err != nil {
		t.Fatal(err)
	}
	return r
}

// declared makes the answers of an earlier release those of today, where the changelog declares a
// change: the Markdown of a deck does not say that the theme is the default one, and has no comment
// before the front matter of the first slide.
var declared = strings.NewReplacer(`\ntheme: default\n`, `\n`, `\n# first slide\n`, `\n`)

// compare asks every recorded question again.
func (r *recorder) compare(answers string) {
	r.t.Helper()
	lines := bufio.NewScanner(bytes.NewReader(harness.ReadFile(r.t, answers)))
	lines.Buffer(nil, 1<<20)
	asked := 0
	for ; lines.Scan(); asked++ {
		var x exchange
		if err := json.Unmarshal(lines.Bytes(), &x); err != nil {
			r.t.Fatalf("%s: line %d: %v", answers, asked+1, err)
		}
		want := declared.Replace(string(x.Answer))
		if status, answer := r.post(r.tokens[x.As], x.Request); status != x.Status || string(answer) != want {
			r.t.Errorf("%s: line %d: %s asks %s\ngot  %d %s\nwant %d %s", answers, asked+1, x.As, x.Request, status, answer, x.Status, want)
		}
	}
	if err := lines.Err(); err != nil || asked < 100 {
		r.t.Errorf("%s: %d questions were asked: %v", answers, asked, err)
	}
}

// exportsTheSame compares the log with the one that the earlier release exported.
func (r *recorder) exportsTheSame(file string) {
	r.t.Helper()
	now := filepath.Join(r.t.TempDir(), "log.jsonl")
	r.run("export", "--out", now)
	if got, want := harness.ReadFile(r.t, now), harness.ReadFile(r.t, file); !bytes.Equal(got, want) {
		r.t.Errorf("the export differs from %s: %d and %d bytes", file, len(got), len(want))
	}
}

// goesOn logs a user in with the password of then, and writes.
func (r *recorder) goesOn() {
	r.t.Helper()
	token := r.do("VISITOR", "logIn", object{"email": "vera.new@example.org", "password": "Vera's password"}).Token
	_, raw := r.post(token, []byte(`{"query":"{ viewer { displayName email role } }"}`))
	if want := `{"data":{"viewer":{"displayName":"Véra 👩‍🚀","email":"vera.new@example.org","role":"VIEWER"}}}`; string(raw) != want {
		r.t.Errorf("the viewer is %s, want %s", raw, want)
	}
	id := r.do("AUTHOR", "createContent", object{"title": "Written by the program of today", "content": "new"}).Content.ID
	r.do("AUTHOR", "publishContent", object{"id": id})
	if _, raw := r.post("", []byte(`{"query":"{ contentBySlug(slug: \"written-by-the-program-of-today\") { title } }"}`)); !strings.Contains(string(raw), "of today") {
		r.t.Errorf("the new content is answered by %s", raw)
	}
}
