package operator

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"flightdeck/e2e/harness"

	"github.com/golang-jwt/jwt/v5"
)

// TestRecordARelease makes a folder of e2e/testdata with the program of a release: a database in
// which every kind of event has happened, its log, and the answers to several hundred questions. It
// runs only when it is asked for:
//
//	FLIGHTDECK_RECORD_PROGRAM=/path/to/flightdeck FLIGHTDECK_RECORD_INTO=e2e/testdata/NAME \
//	    go test ./e2e/operator -run TestRecordARelease -v
func TestRecordARelease(t *testing.T) {
	t.Parallel()
	program, into := os.Getenv("FLIGHTDECK_RECORD_PROGRAM"), os.Getenv("FLIGHTDECK_RECORD_INTO")
	if program == "" || into == "" {
		t.Skip("FLIGHTDECK_RECORD_PROGRAM and FLIGHTDECK_RECORD_INTO name no program and no folder")
	}
	if !filepath.IsAbs(into) {
		into = filepath.Join("..", "..", into)
	}
	if err := os.MkdirAll(into, 0o755); err != nil { //nolint:gosec // a folder of the repository
		t.Fatal(err)
	}
	r := &recorder{t: t, program: program, db: filepath.Join(t.TempDir(), "flightdeck.db"), tokens: map[string]string{"VISITOR": ""}}
	r.write()
	var lines, again bytes.Buffer
	r.serve(func() { r.record(&lines) })
	r.serve(func() { r.record(&again) })
	if !bytes.Equal(lines.Bytes(), again.Bytes()) {
		t.Fatal("a second process gives other answers: a recorded question must not depend on the clock")
	}
	r.run("export", "--out", filepath.Join(into, "log.jsonl"), "--keys", filepath.Join(into, "keys.jsonl"))
	r.run("verify")
	tokens, err := json.MarshalIndent(r.tokens, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{
		"flightdeck.db.gz":  compressed(t, harness.ReadFile(t, r.db)),
		"flightdeck.db.key": harness.ReadFile(t, r.db+".key"),
		"tokens.json":       append(tokens, '\n'),
		"answers.jsonl":     lines.Bytes(),
	} {
		if err := os.WriteFile(filepath.Join(into, name), data, 0o644); err != nil { //nolint:gosec // files of the repository
			t.Fatal(err)
		}
	}
}

func compressed(t *testing.T, data []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// recorder writes a database with the program of a release, and records its answers.
type recorder struct {
	t           *testing.T
	program, db string
	url         string            // of the running server
	tokens      map[string]string // by role
	moments     []moment
	ids         map[string]string // by the name that questions have for the object
}

// moment is a position at which questions are asked.
type moment struct{ name, asOf string }

// exchange is a line of answers.jsonl: a recorded question, and the bytes of its answer.
type exchange struct {
	As      string          `json:"as"`
	Request json.RawMessage `json:"request"`
	Status  int             `json:"status"`
	Answer  json.RawMessage `json:"answer"`
}

// run runs a command of the program on the database.
func (r *recorder) run(command string, args ...string) string {
	r.t.Helper()
	args = append(append(strings.Fields(command), "--db", r.db), args...)
	out, err := exec.CommandContext(r.t.Context(), r.program, args...).CombinedOutput() //nolint:gosec // the program to be recorded
	if err != nil {
		r.t.Fatalf("%s %q: %v: %s", r.program, args, err, out)
	}
	return string(out)
}

// serve serves the database while during runs.
func (r *recorder) serve(during func(), flags ...string) {
	r.t.Helper()
	args := append([]string{"serve", "--db", r.db, "--addr", "127.0.0.1:0", "--limit-log-ins", "0", "--limit-registrations", "0"}, flags...)
	server := exec.CommandContext(r.t.Context(), r.program, args...) //nolint:gosec // the program to be recorded
	server.Stderr = os.Stderr
	out, err := server.StdoutPipe()
	if err != nil {
		r.t.Fatal(err)
	}
	if err := server.Start(); err != nil {
		r.t.Fatal(err)
	}
	greeting := bufio.NewScanner(out)
	greeting.Scan()
	r.url = regexp.MustCompile(`http://[0-9.:]+`).FindString(greeting.Text())
	during()
	if err := server.Process.Signal(os.Interrupt); err != nil {
		r.t.Fatal(err)
	}
	if err := server.Wait(); err != nil {
		r.t.Fatalf("the server ended with %v", err)
	}
}

// post sends a request body and returns the status and the body of the answer.
func (r *recorder) post(token string, body []byte) (int, []byte) {
	r.t.Helper()
	return post(r.t, r.url, token, body)
}

func post(t *testing.T, url, token string, body []byte) (int, []byte) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url+"/graphql", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, answer
}

// object is a JSON object.
type object = map[string]any

// payloads are what the recorder reads of a mutation's payload.
var payloads = map[string]string{
	"createContent": "content { id }", "updateContent": "content { id }", "publishContent": "content { id }", "unpublishContent": "content { id }",
	"archiveContent": "content { id }", "deleteContent": "deletedId", "restoreContent": "content { id }",
	"createPresentation": "presentation { id slides { id } }", "updatePresentation": "presentation { id }", "deletePresentation": "deletedId",
	"restorePresentation": "presentation { id }", "addSlide": "slide { id }", "updateSlide": "slide { id }", "moveSlide": "slide { id }", "removeSlide": "presentation { id }",
	"registerUser": "token user { id }", "logIn": "token", "updateUser": "user { id }", "changeRole": "user { id }", "forgetUser": "deletedId",
	"createApiKey": "key apiKey { id user { id } }", "revokeApiKey": "apiKey { id }", "applyBatch": "results { id }",
}

// do runs a mutation that must succeed, and returns its payload.
func (r *recorder) do(as, mutation string, input object) payload {
	r.t.Helper()
	inputType := strings.ToUpper(mutation[:1]) + mutation[1:] + "Input"
	switch mutation {
	case "publishContent", "unpublishContent", "archiveContent", "deleteContent":
		inputType = "ContentCommandInput"
	case "deletePresentation":
		inputType = "PresentationCommandInput"
	case "restoreContent", "restorePresentation":
		inputType = "RestoreInput"
	}
	return r.mutate(as, mutation, fmt.Sprintf("mutation($input: %s!) { done: %s(input: $input) { %s errors { message } } }", inputType, mutation, payloads[mutation]),
		object{"input": input})
}

// mutate runs a mutation whose field is called done.
func (r *recorder) mutate(as, name, document string, variables object) payload {
	r.t.Helper()
	token, ok := r.tokens[as]
	if !ok {
		token = as
	}
	body, err := json.Marshal(object{"query": document, "variables": variables})
	if err != nil {
		r.t.Fatal(err)
	}
	_, raw := r.post(token, body)
	var answer struct {
		Data   struct{ Done payload }
		Errors []any
	}
	if err := json.Unmarshal(raw, &answer); err != nil || len(answer.Errors) > 0 || len(answer.Data.Done.Errors) > 0 {
		r.t.Fatalf("%s as %s: %v: %s", name, as, err, raw)
	}
	return answer.Data.Done
}

// payload is what the recorder reads of any mutation.
type payload struct {
	Token, Key, DeletedID              string
	User, Content, Presentation, Slide node
	APIKey                             struct {
		ID   string
		User node
	}
	Errors []any
}

type node struct {
	ID     string
	Slides []node
}

// now remembers the head of the log as a moment.
func (r *recorder) now(name string) {
	r.t.Helper()
	_, raw := r.post(r.tokens["ADMIN"], []byte(`{"query":"{ log { head recordedAt } }"}`))
	var answer struct {
		Data struct {
			Log struct{ Head, RecordedAt string }
		}
	}
	if err := json.Unmarshal(raw, &answer); err != nil || answer.Data.Log.Head == "" {
		r.t.Fatalf("%v: %s", err, raw)
	}
	r.moments = append(r.moments, moment{name, answer.Data.Log.Head})
	if name == "middle" {
		r.moments = append(r.moments, moment{name + ", by the clock", answer.Data.Log.RecordedAt})
	}
}

// webToken is a token of an outside issuer for a person.
func (r *recorder) webToken(secret []byte, subject, name, email string) string {
	r.t.Helper()
	token, err := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{
		"iss": "https://issuer.example", "aud": "flightdeck", "sub": subject, "name": name, "email": email, "email_verified": true,
		"exp": time.Now().Add(time.Hour).Unix(),
	}).SignedString(secret)
	if err != nil {
		r.t.Fatal(err)
	}
	return token
}
