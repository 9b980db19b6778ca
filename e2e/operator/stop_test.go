package operator

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"flightdeck/domain"
	"flightdeck/e2e/harness"

	"github.com/gorilla/websocket"
)

// TestAStoppedServerFinishesItsRequests stops a server while a request is half sent and a websocket
// is open. The request is answered and its event is written, the websocket is closed as going away,
// and the process ends with status 0.
func TestAStoppedServerFinishesItsRequests(t *testing.T) {
	t.Parallel()
	for _, signal := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT} {
		t.Run(signal.String(), func(t *testing.T) {
			t.Parallel()
			s := serveForStop(t)
			socket := s.dialSocket()
			finish := s.beginRequest()
			if err := s.cmd.Process.Signal(signal); err != nil {
				t.Fatal(err)
			}
			if !s.logs("stopping") {
				t.Fatal("the server does not say that it stops")
			}
			_, _, err := socket.ReadMessage()
			if closed, ok := errors.AsType[*websocket.CloseError](err); !ok || closed.Code != websocket.CloseGoingAway {
				t.Errorf("the websocket ends with %v", err)
			}
			status, body := finish()
			if status != http.StatusOK || !strings.Contains(body, `"position":"2"`) {
				t.Errorf("the request is answered %d %s", status, body)
			}
			if s.logs("level=ERROR") {
				t.Errorf("the server complains: %s", s.log.Text())
			}
			if err := s.cmd.Wait(); err != nil {
				t.Errorf("the process ends with %v", err)
			}
			harness.WantCLI(t, 0, []string{"verify", "--db", s.db}, "2 events fit", "all follow from the log")
		})
	}
}

// stoppable is a server in a process of its own, and its log.
type stoppable struct {
	t               *testing.T
	cmd             *exec.Cmd
	log             *bufio.Scanner
	db, host, token string
}

func serveForStop(t *testing.T) *stoppable {
	s := &stoppable{t: t, db: filepath.Join(t.TempDir(), "flightdeck.db")}
	h := harness.StartOn(t, s.db)
	_, s.token = h.User(domain.Author)
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	s.cmd = exec.CommandContext(t.Context(), harness.Binary(t), "serve", "--db", s.db, "--addr", "127.0.0.1:0", "--log-level", "info", "--drain", "1m")
	stderr, err := s.cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	s.log = bufio.NewScanner(stderr)
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if !s.logs("msg=serving") {
		t.Fatal("the server does not start")
	}
	_, s.host, _ = strings.Cut(s.log.Text(), "addr=")
	s.host, _, _ = strings.Cut(s.host, " ")
	return s
}

// logs reads the log up to a line with these words, and reports whether there is one.
func (s *stoppable) logs(words string) bool {
	for s.log.Scan() {
		if strings.Contains(s.log.Text(), words) {
			return true
		}
	}
	return false
}

// dialSocket opens a websocket and waits until it is acknowledged.
func (s *stoppable) dialSocket() *websocket.Conn {
	s.t.Helper()
	dialer := websocket.Dialer{Subprotocols: []string{"graphql-transport-ws"}}
	socket, response, err := dialer.DialContext(s.t.Context(), "ws://"+s.host+"/graphql", nil)
	if err != nil {
		s.t.Fatal(err)
	}
	_ = response.Body.Close()
	s.t.Cleanup(func() { _ = socket.Close() })
	if err := socket.WriteJSON(map[string]any{"type": "connection_init", "payload": map[string]any{"authorization": "Bearer " + s.token}}); err != nil {
		s.t.Fatal(err)
	}
	if err := socket.SetReadDeadline(time.Now().Add(time.Minute)); err != nil {
		s.t.Fatal(err)
	}
	if _, message, err := socket.ReadMessage(); err != nil || !bytes.Contains(message, []byte("connection_ack")) {
		s.t.Fatalf("the websocket is answered %s, %v", message, err)
	}
	return socket
}

// beginRequest sends half of a mutation, which the server begins to read. finish sends the rest and
// reads the answer.
func (s *stoppable) beginRequest() (finish func() (status int, body string)) {
	s.t.Helper()
	body := `{"query":"mutation { createContent(input: {title: \"In flight\", content: \"x\"}) { position errors { message } } }"}`
	conn, err := (&net.Dialer{}).DialContext(s.t.Context(), "tcp", s.host)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = conn.Close() })
	answers := bufio.NewReader(conn)
	send := func(text string) {
		if _, err := io.WriteString(conn, text); err != nil {
			s.t.Fatal(err)
		}
	}
	send(fmt.Sprintf("POST /graphql HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nAuthorization: Bearer %s\r\nExpect: 100-continue\r\nContent-Length: %d\r\n\r\n",
		s.host, s.token, len(body)))
	if line, err := answers.ReadString('\n'); err != nil || !strings.Contains(line, "100 Continue") {
		s.t.Fatalf("the server does not want the body: %s %v", line, err)
	}
	if _, err := answers.ReadString('\n'); err != nil {
		s.t.Fatal(err)
	}
	send(body[:20])
	return func() (int, string) {
		send(body[20:])
		response, err := http.ReadResponse(answers, nil)
		if err != nil {
			s.t.Fatal(err)
		}
		defer func() { _ = response.Body.Close() }()
		whole, err := io.ReadAll(response.Body)
		if err != nil {
			s.t.Fatal(err)
		}
		return response.StatusCode, string(whole)
	}
}

// stuck is a log without a reader, until the test breaks it.
type stuck chan error

func (s stuck) Write([]byte) (int, error) { return 0, <-s }

// TestALogThatNobodyReadsStopsNoServer fills the pipe of standard error, breaks it, and sends a
// SIGHUP to a server without a certificate. The server answers all the while and stops in order.
func TestALogThatNobodyReadsStopsNoServer(t *testing.T) {
	t.Parallel()
	log := make(stuck)
	db := filepath.Join(t.TempDir(), "flightdeck.db")
	p := harness.StartProcessWith(t, log, db, "--log-level", "debug")
	ask := func(when string) {
		t.Helper()
		for range 1000 { // a line each, more than a pipe holds
			r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, p.URL+"/healthz", nil)
			if err != nil {
				t.Fatal(err)
			}
			resp, err := (&http.Client{Timeout: harness.Patience}).Do(r)
			if err != nil {
				t.Fatalf("%s: %v", when, err)
			}
			if _, err := io.Copy(io.Discard, resp.Body); err != nil {
				t.Fatalf("%s: %v", when, err)
			}
			_ = resp.Body.Close()
		}
	}
	ask("nobody reads the log")
	log <- errors.New("broken")
	ask("the pipe of the log is broken")
	if err := p.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	ask("after a SIGHUP")
	if err := p.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	_ = p.Wait() // with the error of the log
	if status := p.ProcessState.ExitCode(); status != 0 {
		t.Errorf("the server ends with %d (%v)", status, p.ProcessState)
	}
}
