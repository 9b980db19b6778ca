package e2e

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"flightdeck/domain"
	"flightdeck/vault"
)

// traces returns the files of a database, and beside it, that hold one of some texts.
func traces(t *testing.T, db string, texts ...string) (found []string) {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(filepath.Dir(db), "*"))
	if err != nil || len(paths) < 2 {
		t.Fatalf("the files are %v (%v)", paths, err)
	}
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range texts {
			if n := bytes.Count(data, []byte(text)); n > 0 {
				found = append(found, fmt.Sprintf("%s %d times in %s", text, n, filepath.Base(path)))
			}
		}
	}
	return found
}

// TestAForgottenUserLeavesNoTrace: not in an answer, at any moment, nor, byte for byte,
// in any file: rows, full-text index, snapshots, archive, write-ahead log and free
// pages; also when the server is killed right after. The log still verifies.
func TestAForgottenUserLeavesNoTrace(t *testing.T) {
	t.Parallel()
	s := told(t)
	admin := s.tokens["ADMIN"]
	const address, name = "quixote@lamancha.example", "Alonso Quijano"
	session := s.must("", `mutation { registerUser(input: {email: "`+address+`", displayName: "`+name+`", password: "rocinante horse", idempotencyKey: "k1"}) { token user { id } errors { message } } }`, nil)
	id := session.text("registerUser", "user", "id")
	s.do(admin, "changeRole", object{"id": id, "role": "AUTHOR"})
	token := s.session(id)
	s.do(token, "updateUser", object{"id": id, "displayName": name + " the Good", "idempotencyKey": "k2"})
	page := s.content(token, object{"title": "By somebody", "status": "PUBLISHED"})
	for range 3 {
		s.must("", `mutation { logIn(input: {email: "`+address+`", password: "rocinante horse"}) { token } }`, nil)
	}
	s.must(admin, `mutation($id: ID!) { snapshotStream(streamId: $id) { errors { message } } archiveStream(streamId: $id, throughVersion: 3) { stream { archivedThrough } errors { message } } }`, object{"id": id})
	if s.must(admin, `query($id: ID!) { user(id: $id, asOf: "`+s.head()+`") { displayName email } }`, object{"id": id}).text("user", "email") != address {
		t.Fatal("there is nothing to forget")
	}
	if len(traces(t, s.options.DB, address, name)) == 0 {
		t.Fatal("the files have no trace of who is not forgotten yet: this test cannot fail")
	}
	l := (&desk{s.harness}).listen(token, `subscription { eventAppended { type } }`, nil)
	s.refused("ForbiddenError", s.tokens["AUTHOR"], "forgetUser", object{"id": id})
	s.do(admin, "forgetUser", object{"id": id})

	if found := traces(t, s.options.DB, address, name, "Quijano", "lamancha"); len(found) > 0 {
		t.Errorf("on the disk of a running server: %s", strings.Join(found, ", "))
	}
	var ended error
	for ended == nil { // the last event may come first
		_, ended = l.result()
	}
	if !strings.Contains(ended.Error(), "4403") {
		t.Errorf("the websocket of the forgotten user ends with %v", ended)
	}
	mustBeForgotten := func() {
		t.Helper()
		for _, asker := range []string{admin, s.tokens["VIEWER"], ""} {
			for position := range int(s.Log.Head().Position) + 1 {
				a := s.must(asker, `query($id: ID!, $page: ID!, $at: AsOf) { user(id: $id, asOf: $at) { displayName email forgotten } content(id: $page, asOf: $at) { author { displayName email } } }`,
					object{"id": id, "page": page, "at": fmt.Sprint(position)})
				if raw := string(a.raw); strings.Contains(raw, "Quijano") || strings.Contains(raw, "lamancha") {
					t.Fatalf("as of %d: %s", position, raw)
				}
			}
		}
		a := s.must(admin, `query($f: EventFilter, $id: ID!, $page: ID!) {
			events(first: 500, filter: $f) { nodes { type data actor { displayName } subject { ... on User { displayName email } } ... on UserRegistered { email displayName } ... on UserUpdated { address: email name: displayName changes } } }
			users(first: 100) { nodes { displayName email } } now: user(id: $id) { displayName forgotten role version } content(id: $page) { author { displayName } } }`,
			object{"f": object{"streamIds": []string{id}}, "id": id, "page": page})
		if raw := string(a.raw); strings.Contains(raw, "Quijano") || strings.Contains(raw, "lamancha") {
			t.Fatalf("in history: %s", raw)
		}
		wantText(t, "the user", fmt.Sprint(a.at("now")), "map[displayName:forgotten user forgotten:true role:VIEWER version:7]")
		wantText(t, "the author", a.text("content", "author", "displayName"), "forgotten user")
		wantText(t, "the first event", fmt.Sprint(a.at("events", "nodes", 0, "data")), fmt.Sprintf("map[role:VIEWER userId:%s]", id))
		refusedLogIn := s.ask("", `mutation { logIn(input: {email: "`+address+`", password: "rocinante horse"}) { token errors { message } } }`, nil)
		wantNull(t, "a session", refusedLogIn.at("logIn", "token"))
		if a := s.ask(token, `{ viewer { id } }`, nil); a.code() != "UNAUTHENTICATED" {
			t.Errorf("the token is still good: %s", a.raw)
		}
	}
	mustBeForgotten()
	again := s.do(admin, "forgetUser", object{"id": id})
	wantList(t, "forgotten twice", again.texts("type", "done", "events"))

	crashed := filepath.Join(t.TempDir(), "crashed.db")
	for _, suffix := range []string{"", "-wal", ".key"} {
		data, err := os.ReadFile(s.options.DB + suffix)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(crashed+suffix, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	wantCLI(t, 0, []string{"verify", "--db", crashed}, "all follow from the log", "as they should be")
	s.reopen(func(db string) {
		wantCLI(t, 0, []string{"snapshot", "--db", db}, "made")
		wantCLI(t, 0, []string{"verify", "--db", db}, "all follow from the log", "as they should be")
		wantCLI(t, 0, []string{"archive", "--db", db, "--older-than", "0s", "--keep", "1", "--vacuum"}, "archived")
		wantCLI(t, 0, []string{"rebuild", "--db", db}, "same")
		wantCLI(t, 0, []string{"verify", "--db", db}, "all follow from the log", "as they should be")
		if found := traces(t, db, address, name, "Quijano", "lamancha"); len(found) > 0 {
			t.Errorf("after an archive: %s", strings.Join(found, ", "))
		}
	})
	mustBeForgotten()
	free := s.must("", `mutation { registerUser(input: {email: "`+address+`", displayName: "Another", password: "rocinante horse"}) { token errors { message } } }`, nil)
	if free.at("registerUser", "token") == nil {
		t.Errorf("the address is not free: %s", free.raw)
	}
}

func TestWhoMayBeForgotten(t *testing.T) {
	t.Parallel()
	h := start(t)
	boss, bossToken := h.user(domain.Admin)
	me, myToken := h.user(domain.Viewer)
	f := h.refused("ValidationError", bossToken, "forgetUser", object{"id": boss})
	if !strings.Contains(f.Message, "last admin") {
		t.Errorf("the last admin: %s", f.Message)
	}
	h.refused("NotFoundError", bossToken, "forgetUser", object{"id": domain.NewID(domain.KindUser, "00000000-0000-7000-8000-000000000000")})
	h.refused("VersionConflictError", myToken, "forgetUser", object{"id": me, "expectedVersion": 9})
	h.do(myToken, "forgetUser", object{"id": me})
	h.refused("NotFoundError", bossToken, "changeRole", object{"id": me, "role": "ADMIN"})
	h.refused("NotFoundError", bossToken, "updateUser", object{"id": me, "displayName": "Back"})
}

// TestTheMasterKeyIsTheOneThatSealed: another one, or none, is told at the start, and
// nothing is changed.
func TestTheMasterKeyIsTheOneThatSealed(t *testing.T) {
	t.Parallel()
	db := written(t)
	key := db + ".key"
	info, err := os.Stat(key)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("the key file is %v (%v)", info, err)
	}
	for _, command := range [][]string{{"serve", "--addr", "127.0.0.1:0"}, {"verify"}, {"archive"}} {
		if err := os.Rename(key, key+".away"); err != nil {
			t.Fatal(err)
		}
		wantCLI(t, 1, append(command, "--db", db), "the master key of "+db+" is missing", "--master-key-file")
		if _, err := vault.MakeMaster(key); err != nil {
			t.Fatal(err)
		}
		wantCLI(t, 1, append(command, "--db", db), "holds another master key", "--master-key-file")
		if err := os.Chmod(key, 0o644); err != nil {
			t.Fatal(err)
		}
		wantCLI(t, 1, append(command, "--db", db), "chmod 600")
		if err := os.Rename(key+".away", key); err != nil {
			t.Fatal(err)
		}
	}
	wantCLI(t, 0, []string{"verify", "--db", db}, "all follow from the log")
	wantCLI(t, 0, []string{"verify", "--db", db, "--master-key-file", key}, "all follow from the log")
}
