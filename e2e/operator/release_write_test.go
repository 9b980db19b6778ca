package operator

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// The inputs of two commands that are sent again when the answers are recorded: their keys of
// idempotency lead to the results of the first time.
var (
	sentTwice      = object{"idempotencyKey": "0199d2f4-0000-7000-8000-000000000007", "title": "Sent twice", "content": "once", "tags": []string{"twice"}}
	batchSentTwice = object{"idempotencyKey": "0199d2f4-0000-7000-8000-00000000000b", "commands": []object{
		{"createContent": object{"title": "From a batch", "content": "one", "status": "PUBLISHED"}},
		{"createPresentation": object{"title": "Deck from a batch", "markdown": "# One\n\n---\n\n# Two"}},
	}}
)

// write writes the database: every kind of event, on streams short and long, archived and not,
// snapshots, people with passwords, sessions and keys, two of them forgotten, and a rebuild.
func (r *recorder) write() {
	r.ids = map[string]string{}
	secret := []byte("a secret of forty-eight bytes, for this test only")
	file := filepath.Join(r.t.TempDir(), "secret")
	if err := os.WriteFile(file, secret, 0o600); err != nil {
		r.t.Fatal(err)
	}
	issuer := []string{"--jwt-issuer", "https://issuer.example", "--jwt-audience", "flightdeck", "--jwt-secret-file", file, "--jwt-algorithms", "HS256"}
	r.serve(func() {
		r.people()
		r.contents()
		r.now("early")
		r.decks()
		r.mutate(r.webToken(secret, "grace-1906", "Grace", "grace@example.org"), "viewer of the issuer", `mutation { done: logOut { loggedOut } }`, nil)
		r.changes()
		r.now("middle")
	}, issuer...)
	r.run("archive", "--older-than", "0s", "--keep", "12")
	r.run("user role", "--email", "edith@example.org", "--role", "EDITOR")
	r.serve(func() {
		r.restores()
		r.now("late")
		r.forgets()
		r.mutate("ADMIN", "rebuild", `mutation { done: rebuildReadModel { errors { message } } }`, nil)
		r.until(`{"query":"{ log { rebuild { state } } }"}`, `"DONE"`)
		r.afterwards()
	})
	r.run("snapshot")
}

// until asks a question as ADMIN until the answer has the words.
func (r *recorder) until(question, words string) {
	r.t.Helper()
	for {
		_, raw := r.post(r.tokens["ADMIN"], []byte(question))
		if strings.Contains(string(raw), words) {
			return
		}
		if r.t.Context().Err() != nil {
			r.t.Fatalf("the answer stays %s", raw)
		}
	}
}

// people are an admin, five users with passwords, and a machine of each role with a key without
// end.
func (r *recorder) people() {
	ada := r.do("VISITOR", "registerUser", object{"email": "ada@example.org", "displayName": "Ada", "password": "correct horse battery"})
	r.tokens["ADMIN"], r.ids["ada"] = ada.Token, ada.User.ID
	for _, name := range []string{"Edith", "Aaron", "Vera", "Frank", "Felix"} {
		p := r.do("VISITOR", "registerUser", object{"email": strings.ToLower(name) + "@example.org", "displayName": name, "password": name + "'s password"})
		r.ids[strings.ToLower(name)] = p.User.ID
	}
	r.do("ADMIN", "changeRole", object{"id": r.ids["aaron"], "role": "AUTHOR"})
	r.do("ADMIN", "changeRole", object{"id": r.ids["felix"], "role": "AUTHOR"})
	r.do("ADMIN", "updateUser", object{"id": r.ids["vera"], "displayName": "Véra 👩‍🚀", "email": "vera.new@example.org"})
	r.do("VISITOR", "logIn", object{"email": "vera.new@example.org", "password": "Vera's password"})
	for _, role := range []string{"ADMIN", "EDITOR", "AUTHOR", "VIEWER"} {
		key := r.do("ADMIN", "createApiKey", object{"name": "machine of role " + role, "role": role})
		defer func() { r.tokens[role] = key.Key }()
		r.ids["machine "+role] = key.APIKey.User.ID
	}
	revoked := r.do("ADMIN", "createApiKey", object{"name": "revoked", "role": "EDITOR", "expiresAt": "2999-01-01T00:00:00Z"})
	r.do("ADMIN", "revokeApiKey", object{"id": revoked.APIKey.ID})
}

// contents are forty of all formats and states, and one with two hundred versions.
func (r *recorder) contents() {
	texts := map[string]string{
		"MARKDOWN":  "# Heading %d\n\nSome *text* about flight %[1]d, <b>raw</b> <script>alert(1)</script> and a [link](javascript:x).\n\n| a | b |\n|---|---|\n| 1 | 2 |\n",
		"HTML":      "<p>Paragraph %d <em onclick='x'>of</em> flight",
		"PLAINTEXT": "Plain & simple <%d>",
		"JSON":      `{"flight": %d, "wings": [1, 2.50, null]}`,
	}
	formats := []string{"MARKDOWN", "HTML", "PLAINTEXT", "JSON"}
	writers := []string{"EDITOR", "AUTHOR", "ADMIN"}
	for i := range 40 {
		format := formats[i%4]
		input := object{
			"title": fmt.Sprintf("Flight %02d über Ägypten", i), "content": fmt.Sprintf(texts[format], i), "format": format,
			"tags": []string{fmt.Sprint("tag", i%5), fmt.Sprint("even", i%2)}, "status": []string{"DRAFT", "PUBLISHED", "PUBLISHED", "ARCHIVED"}[i/3%4],
		}
		if i%3 == 0 {
			input["description"] = fmt.Sprintf("About number %d", i)
		}
		r.ids[fmt.Sprint("content ", i)] = r.do(writers[i%3], "createContent", input).Content.ID
	}
	r.do("AUTHOR", "createContent", sentTwice)
	long := r.do("EDITOR", "createContent", object{"title": "The long one", "slug": "the-long-one", "content": "version 1", "status": "PUBLISHED", "tags": []string{"long"}}).Content.ID
	r.ids["long"] = long
	for version := 2; version <= 200; version++ {
		input := object{"id": long, "expectedVersion": version - 1, "content": fmt.Sprintf("version %d\n\n%s", version, strings.Repeat("line\n", version%7))}
		if version%50 == 0 {
			input["title"], input["description"] = fmt.Sprint("The long one, ", version), nil
		}
		r.do("EDITOR", "updateContent", input)
	}
}

// decks are six presentations with slides that were added, changed, moved and removed.
func (r *recorder) decks() {
	for i := range 6 {
		name := fmt.Sprint("deck ", i)
		p := r.do([]string{"EDITOR", "AUTHOR"}[i%2], "createPresentation", object{
			"title": fmt.Sprint("Deck number ", i), "description": "Slides about lift", "theme": []string{"default", "dark"}[i%2], "isPublic": i%3 != 0,
			"markdown": "---\ntheme: seriph\n---\n\n# Take-off\n\n---\n\n# Cruise\n\n<!-- smile -->\n\n---\nlayout: center\n---\n\n# Landing\n",
		}).Presentation
		r.ids[name] = p.ID
		as := []string{"EDITOR", "AUTHOR"}[i%2]
		added := r.do(as, "addSlide", object{"presentationId": p.ID, "title": "Weather", "content": "Clouds & wind", "notes": "pause", "at": object{"after": p.Slides[0].ID}}).Slide
		r.ids[name+" slide"] = added.ID
		r.do(as, "moveSlide", object{"presentationId": p.ID, "slideId": p.Slides[2].ID, "to": object{"order": 1}})
		r.do(as, "moveSlide", object{"presentationId": p.ID, "slideId": p.Slides[0].ID, "to": object{"after": added.ID}})
		r.do(as, "updateSlide", object{"presentationId": p.ID, "slideId": added.ID, "content": "Clear sky", "notes": nil})
		if i != 2 {
			r.do(as, "removeSlide", object{"presentationId": p.ID, "slideId": p.Slides[1].ID})
		}
	}
}

// changes change, publish, withdraw and delete, alone and in a batch.
func (r *recorder) changes() {
	id := func(i int) string { return r.ids[fmt.Sprint("content ", i)] }
	for i := range 12 {
		r.do("EDITOR", "updateContent", object{"id": id(i), "title": fmt.Sprintf("Flight %02d, changed", i), "description": nil, "tags": []string{"changed", fmt.Sprint("tag", i%5)}})
	}
	for i := 12; i < 18; i++ {
		r.do("EDITOR", "publishContent", object{"id": id(i)})
	}
	for i := 14; i < 17; i++ {
		r.do("EDITOR", "unpublishContent", object{"id": id(i)})
	}
	r.do("EDITOR", "archiveContent", object{"id": id(17)})
	for i := 20; i < 26; i++ {
		r.do("EDITOR", "deleteContent", object{"id": id(i)})
	}
	r.do("EDITOR", "updatePresentation", object{"id": r.ids["deck 1"], "title": "Renamed deck", "description": nil, "isPublic": false})
	r.do("EDITOR", "deletePresentation", object{"id": r.ids["deck 4"]})
	r.do("EDITOR", "deletePresentation", object{"id": r.ids["deck 5"]})
	r.do("AUTHOR", "applyBatch", batchSentTwice)
}

// restores bring back deleted things and earlier versions, after the archive.
func (r *recorder) restores() {
	id := func(i int) string { return r.ids[fmt.Sprint("content ", i)] }
	r.do("EDITOR", "restoreContent", object{"id": id(20), "toVersion": 1})
	r.do("EDITOR", "restoreContent", object{"id": id(21), "toVersion": 1})
	r.do("EDITOR", "publishContent", object{"id": id(21)})
	r.do("EDITOR", "restoreContent", object{"id": r.ids["long"], "toVersion": 50})
	r.do("EDITOR", "restorePresentation", object{"id": r.ids["deck 4"], "toVersion": 2})
	r.do("EDITOR", "restorePresentation", object{"id": r.ids["deck 2"], "toVersion": 3})
	r.do("VISITOR", "logIn", object{"email": "edith@example.org", "password": "Edith's password"})
}

// forgets erases a viewer and an author whose contents stay.
func (r *recorder) forgets() {
	felix := r.do("VISITOR", "logIn", object{"email": "felix@example.org", "password": "Felix's password"}).Token
	r.ids["by felix"] = r.do(felix, "createContent", object{"title": "By somebody forgotten", "content": "still here", "status": "PUBLISHED"}).Content.ID
	r.do("ADMIN", "forgetUser", object{"id": r.ids["frank"]})
	r.do("ADMIN", "forgetUser", object{"id": r.ids["felix"]})
}

// afterwards writes on the tables that the rebuild has made.
func (r *recorder) afterwards() {
	for i := 30; i < 36; i++ {
		r.do("EDITOR", "updateContent", object{"id": r.ids[fmt.Sprint("content ", i)], "content": fmt.Sprintf(`{"after": "the rebuild", "flight": %d}`, i)})
	}
	r.mutate("ADMIN", "archiveStream", `mutation($id: ID!) { done: archiveStream(streamId: $id, throughVersion: 196) { errors { message } } }`, object{"id": r.ids["long"]})
	r.do("AUTHOR", "createContent", object{"title": "The last one", "content": "The end.", "status": "PUBLISHED", "tags": []string{"tag0"}})
}
