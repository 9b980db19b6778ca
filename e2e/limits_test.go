package e2e

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"flightdeck/auth"
	"flightdeck/command"
	"flightdeck/domain"
)

// hands is a clock that a test moves.
type hands struct{ at atomic.Int64 }

func (h *hands) now() time.Time        { return time.Unix(0, h.at.Load()) }
func (h *hands) move(by time.Duration) { h.at.Add(int64(by)) }
func stopped(h *harness, clock *hands) {
	clock.at.Store(time.Now().UnixNano())
	h.options.Clock = clock.now
}
func withClock(c *hands) func(*harness) { return func(h *harness) { stopped(h, c) } }

const (
	rightAda = `logIn(input: {email: "ada@example.org", password: "correct horse"}) { token errors { message } }`
	wrongAda = `logIn(input: {email: "ada@example.org", password: "wrong horse!"}) { token errors { message } }`
)

// ada makes the account that is tried.
func (h *harness) ada() {
	h.t.Helper()
	_, err := h.Commands.Do(auth.WithActor(h.t.Context(), domain.System), command.CreateUser{
		Email: "ada@example.org", DisplayName: "Ada", Role: domain.Author, Password: "correct horse",
	})
	if err != nil {
		h.t.Fatal(err)
	}
}

// outcomes counts how tries were answered.
type outcomes struct{ in, wrong, refused, wait int }

// count adds the answer to several tries.
func (o *outcomes) count(t *testing.T, a answer) {
	t.Helper()
	for _, field := range a.Data {
		switch payload, ok := field.(map[string]any); {
		case !ok:
		case payload["token"] != nil:
			o.in++
		default:
			o.wrong++
		}
	}
	for _, e := range a.Errors {
		if e.Extensions["code"] != "RATE_LIMITED" || e.Extensions["limit"] != "logIn" || e.Extensions["max"] != float64(10) || len(e.Path) != 1 {
			t.Fatalf("refused with %v at %v", e.Extensions, e.Path)
		}
		seconds, _ := e.Extensions["retryAfter"].(float64)
		o.refused++
		o.wait = max(o.wait, int(seconds))
	}
}

func (o outcomes) want(t *testing.T, in, wrong, refused int) {
	t.Helper()
	if o.in != in || o.wrong != wrong || o.refused != refused {
		t.Errorf("%d got in, %d were wrong, %d were refused; want %d, %d, %d", o.in, o.wrong, o.refused, in, wrong, refused)
	}
}

func TestTriesToLogInByAliasAreCountedOneByOne(t *testing.T) {
	t.Parallel()
	var clock hands
	h := start(t, withClock(&clock))
	h.ada()
	var o outcomes
	for range 50 { // 20 at a time, the limit of fields at the top: a thousand
		var b strings.Builder
		for i := range 20 {
			fmt.Fprintf(&b, "a%d: %s ", i, wrongAda)
		}
		o.count(t, h.ask("", "mutation {"+b.String()+"}", nil))
	}
	o.want(t, 0, 10, 990)
	h.soon(&clock, o.wait)
}

// soon checks that the right password is refused until the stated time has passed,
// and gets in then.
func (h *harness) soon(clock *hands, seconds int) {
	h.t.Helper()
	var before, after outcomes
	before.count(h.t, h.ask("", "mutation {"+rightAda+"}", nil))
	before.want(h.t, 0, 0, 1)
	clock.move(time.Duration(seconds) * time.Second)
	after.count(h.t, h.ask("", "mutation {"+rightAda+"}", nil))
	after.want(h.t, 1, 0, 0)
}

func TestTriesToLogInInManyRequestsAreCounted(t *testing.T) {
	t.Parallel()
	var clock hands
	h := start(t, withClock(&clock))
	h.ada()
	var o outcomes
	for range 1000 {
		o.count(t, h.ask("", "mutation {"+wrongAda+"}", nil))
	}
	o.want(t, 0, 10, 990)
	h.soon(&clock, o.wait)
}

func TestTriesToLogInOverWebsocketsAreCounted(t *testing.T) {
	t.Parallel()
	var clock hands
	h := &desk{start(t, withClock(&clock))}
	h.ada()
	var o outcomes
	for range 10 {
		l := h.listen("", "mutation {"+wrongAda+"}", nil)
		for i := range 99 {
			o.hear(t, l)
			if err := l.subscribe(fmt.Sprint("n", i), "mutation {"+wrongAda+"}", nil); err != nil {
				t.Fatal(err)
			}
		}
		o.hear(t, l)
	}
	o.want(t, 0, 10, 990)
	h.soon(&clock, o.wait)
}

// hear counts the answer to one operation on a websocket.
func (o *outcomes) hear(t *testing.T, l *listener) {
	t.Helper()
	for {
		f, err := l.hear()
		if err != nil {
			t.Fatal(err)
		}
		if f.Type == "complete" {
			return
		}
		var a answer
		if err := json.Unmarshal(f.Payload, &a); err != nil {
			t.Fatalf("%s: %v", f.Payload, err)
		}
		o.count(t, a)
	}
}

// A user who is logged in has a limit of their own, wherever they come from.
func TestTriesAreCountedByUserToo(t *testing.T) {
	t.Parallel()
	var clock hands
	h := start(t, withClock(&clock), func(h *harness) {
		h.server.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}
	})
	h.ada()
	_, token := h.user(domain.Viewer)
	var o outcomes
	for i := range 15 {
		o.count(t, h.askFrom(fmt.Sprintf("203.0.113.%d", i), token, "mutation {"+wrongAda+"}"))
	}
	o.want(t, 0, 10, 5)
	var visitors outcomes
	for i := range 15 {
		visitors.count(t, h.askFrom(fmt.Sprintf("2001:db8::%x", i), "", "mutation {"+wrongAda+"}"))
	}
	visitors.want(t, 0, 10, 5) // one line of IPv6 is one address
}

func TestRegistrationsAreCounted(t *testing.T) {
	t.Parallel()
	var clock hands
	h := start(t, withClock(&clock))
	refused := 0
	for i := range 15 {
		a := h.ask("", fmt.Sprintf(`mutation { registerUser(input: {email: "u%d@example.org", displayName: "U", password: "correct horse"}) { token } }`, i), nil)
		if len(a.Errors) > 0 {
			wantText(t, "code", a.code(), "RATE_LIMITED")
			refused++
		}
	}
	if refused != 5 {
		t.Errorf("%d of 15 registrations were refused", refused)
	}
}

func TestABatchHoldsNoLogIn(t *testing.T) {
	t.Parallel()
	h := start(t)
	a := h.must("", `{ __type(name: "BatchCommand") { inputFields { name } } }`, nil)
	for _, name := range a.texts("name", "__type", "inputFields") {
		if name == "logIn" || name == "registerUser" {
			t.Errorf("a batch may hold %s, which is counted at the top only", name)
		}
	}
	if status, raw := h.post("", []byte(`[{"query": "mutation {`+strings.ReplaceAll(wrongAda, `"`, `\"`)+`}"}]`)); status != 400 {
		t.Errorf("an array of operations answers %d: %s", status, raw)
	}
}
