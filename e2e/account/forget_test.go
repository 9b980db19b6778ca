package account

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"flightdeck/domain"
	"flightdeck/e2e/harness"
	"flightdeck/vault"
)

// traces describes the files of a database, and in its folder, that contain one of some texts.
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

// TestAForgottenUserLeavesNoTrace: no answer as of any moment names the user, and no file holds a
// byte of the name: rows, full-text index, snapshots, archive, write-ahead log and free pages; also
// when the server is killed right after the command. The log still verifies.
func TestAForgottenUserLeavesNoTrace(t *testing.T) {
	t.Parallel()
	s := harness.ToldStory(t)
	admin := s.Tokens["ADMIN"]
	const address, name = "quixote@lamancha.example", "Alonso Quijano"
	session := s.Must("", `mutation { registerUser(input: {email: "`+address+`", displayName: "`+name+`", password: "rocinante horse", idempotencyKey: "k1"}) { token user { id } errors { message } } }`, nil)
	id := session.Text("registerUser", "user", "id")
	s.Mutate(admin, "changeRole", harness.Object{"id": id, "role": "AUTHOR"})
	token := s.Session(id)
	s.Mutate(token, "updateUser", harness.Object{"id": id, "displayName": name + " the Good", "idempotencyKey": "k2"})
	page := s.CreateContent(token, harness.Object{"title": "By somebody", "status": "PUBLISHED"})
	for range 3 {
		s.Must("", `mutation { logIn(input: {email: "`+address+`", password: "rocinante horse"}) { token } }`, nil)
	}
	s.Must(admin, `mutation($id: ID!) { snapshotStream(streamId: $id) { errors { message } } archiveStream(streamId: $id, throughVersion: 3) { stream { archivedThrough } errors { message } } }`, harness.Object{"id": id})
	if s.Must(admin, `query($id: ID!) { user(id: $id, asOf: "`+s.Head().String()+`") { displayName email } }`, harness.Object{"id": id}).Text("user", "email") != address {
		t.Fatal("there is nothing to forget")
	}
	if len(traces(t, s.AppOptions.DB, address, name)) == 0 {
		t.Fatal("the files have no trace of the user before the user is forgotten: this test cannot fail")
	}
	l := s.Listen(token, `subscription { eventAppended { type } }`, nil)
	s.Refused("ForbiddenError", s.Tokens["AUTHOR"], "forgetUser", harness.Object{"id": id})
	s.Mutate(admin, "forgetUser", harness.Object{"id": id})

	if found := traces(t, s.AppOptions.DB, address, name, "Quijano", "lamancha"); len(found) > 0 {
		t.Errorf("on the disk of a running server: %s", strings.Join(found, ", "))
	}
	var ended error
	for ended == nil { // the last event may arrive before the end
		_, ended = l.Result()
	}
	if !strings.Contains(ended.Error(), "4403") {
		t.Errorf("the websocket of the forgotten user ends with %v", ended)
	}
	mustBeForgotten := func() {
		t.Helper()
		for _, asker := range []string{admin, s.Tokens["VIEWER"], ""} {
			for position := range int(s.Log.Head().Position) + 1 {
				a := s.Must(asker, `query($id: ID!, $page: ID!, $at: AsOf) { user(id: $id, asOf: $at) { displayName email forgotten } content(id: $page, asOf: $at) { author { displayName email } } }`,
					harness.Object{"id": id, "page": page, "at": fmt.Sprint(position)})
				if raw := string(a.Raw); strings.Contains(raw, "Quijano") || strings.Contains(raw, "lamancha") {
					t.Fatalf("as of %d: %s", position, raw)
				}
			}
		}
		a := s.Must(admin, `query($f: EventFilter, $id: ID!, $page: ID!) {
			events(first: 500, filter: $f) { nodes { type data actor { displayName } subject { ... on User { displayName email } } ... on UserRegistered { email displayName } ... on UserUpdated { address: email name: displayName changes } } }
			users(first: 100) { nodes { displayName email } } now: user(id: $id) { displayName forgotten role version } content(id: $page) { author { displayName } } }`,
			harness.Object{"f": harness.Object{"streamIds": []string{id}}, "id": id, "page": page})
		if raw := string(a.Raw); strings.Contains(raw, "Quijano") || strings.Contains(raw, "lamancha") {
			t.Fatalf("in history: %s", raw)
		}
		harness.WantText(t, "the user", fmt.Sprint(a.At("now")), "map[displayName:forgotten user forgotten:true role:VIEWER version:7]")
		harness.WantText(t, "the author", a.Text("content", "author", "displayName"), "forgotten user")
		harness.WantText(t, "the first event", fmt.Sprint(a.At("events", "nodes", 0, "data")), fmt.Sprintf("map[role:VIEWER userId:%s]", id))
		refusedLogIn := s.Ask("", `mutation { logIn(input: {email: "`+address+`", password: "rocinante horse"}) { token errors { message } } }`, nil)
		harness.WantNull(t, "a session", refusedLogIn.At("logIn", "token"))
		if a := s.Ask(token, `{ viewer { id } }`, nil); a.Code() != "UNAUTHENTICATED" {
			t.Errorf("the token is still good: %s", a.Raw)
		}
	}
	mustBeForgotten()
	again := s.Mutate(admin, "forgetUser", harness.Object{"id": id})
	harness.WantList(t, "forgotten twice", again.Texts("type", "done", "events"))

	crashed := filepath.Join(t.TempDir(), "crashed.db")
	for _, suffix := range []string{"", "-wal", ".key"} {
		data, err := os.ReadFile(s.AppOptions.DB + suffix)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(crashed+suffix, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	harness.WantCLI(t, 0, []string{"verify", "--db", crashed}, "all follow from the log", "as they should be")
	s.Reopen(func(db string) {
		harness.WantCLI(t, 0, []string{"snapshot", "--db", db}, "made")
		harness.WantCLI(t, 0, []string{"verify", "--db", db}, "all follow from the log", "as they should be")
		harness.WantCLI(t, 0, []string{"archive", "--db", db, "--older-than", "0s", "--keep", "1", "--vacuum"}, "archived")
		harness.WantCLI(t, 0, []string{"rebuild", "--db", db}, "same")
		harness.WantCLI(t, 0, []string{"verify", "--db", db}, "all follow from the log", "as they should be")
		if found := traces(t, db, address, name, "Quijano", "lamancha"); len(found) > 0 {
			t.Errorf("after an archive: %s", strings.Join(found, ", "))
		}
	})
	mustBeForgotten()
	free := s.Must("", `mutation { registerUser(input: {email: "`+address+`", displayName: "Another", password: "rocinante horse"}) { token errors { message } } }`, nil)
	if free.At("registerUser", "token") == nil {
		t.Errorf("the address is not free: %s", free.Raw)
	}
}

func TestEveryUserButTheLastAdminMayBeForgotten(t *testing.T) {
	t.Parallel()
	h := harness.Start(t)
	boss, bossToken := h.User(domain.Admin)
	me, myToken := h.User(domain.Viewer)
	f := h.Refused("ValidationError", bossToken, "forgetUser", harness.Object{"id": boss})
	if !strings.Contains(f.Message, "last admin") {
		t.Errorf("the last admin: %s", f.Message)
	}
	h.Refused("NotFoundError", bossToken, "forgetUser", harness.Object{"id": domain.NewID(domain.KindUser, "00000000-0000-7000-8000-000000000000")})
	h.Refused("VersionConflictError", myToken, "forgetUser", harness.Object{"id": me, "expectedVersion": 9})
	h.Mutate(myToken, "forgetUser", harness.Object{"id": me})
	h.Refused("NotFoundError", bossToken, "changeRole", harness.Object{"id": me, "role": "ADMIN"})
	h.Refused("NotFoundError", bossToken, "updateUser", harness.Object{"id": me, "displayName": "Back"})
}

// TestTheMasterKeyIsTheOneThatSealed: the program refuses to start with another master key or none,
// and changes nothing.
func TestTheMasterKeyIsTheOneThatSealed(t *testing.T) {
	t.Parallel()
	db := harness.Written(t)
	key := db + ".key"
	info, err := os.Stat(key)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("the key file is %v (%v)", info, err)
	}
	for _, command := range [][]string{{"serve", "--addr", "127.0.0.1:0"}, {"verify"}, {"archive"}} {
		if err := os.Rename(key, key+".away"); err != nil {
			t.Fatal(err)
		}
		harness.WantCLI(t, 1, append(command, "--db", db), "the master key of "+db+" is missing", "--master-key-file")
		if _, err := vault.MakeMaster(key); err != nil {
			t.Fatal(err)
		}
		harness.WantCLI(t, 1, append(command, "--db", db), "holds another master key", "--master-key-file")
		if err := os.Chmod(key, 0o644); err != nil {
			t.Fatal(err)
		}
		harness.WantCLI(t, 1, append(command, "--db", db), "chmod 600")
		if err := os.Rename(key+".away", key); err != nil {
			t.Fatal(err)
		}
	}
	harness.WantCLI(t, 0, []string{"verify", "--db", db}, "all follow from the log")
	harness.WantCLI(t, 0, []string{"verify", "--db", db, "--master-key-file", key}, "all follow from the log")
}
