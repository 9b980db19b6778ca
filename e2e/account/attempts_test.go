package account

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"flightdeck/domain"
	"flightdeck/e2e/harness"
)

const (
	rightAda = `logIn(input: {email: "ada@example.org", password: "correct horse"}) { token errors { message } }`
	wrongAda = `logIn(input: {email: "ada@example.org", password: "wrong horse!"}) { token errors { message } }`
)

// outcomes counts the answers to log-in attempts.
type outcomes struct{ in, wrong, refused, wait int }

// count adds the answer to several attempts.
func (o *outcomes) count(t *testing.T, a harness.Answer) {
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
	var clock harness.Clock
	h := harness.Start(t, harness.WithClock(&clock))
	h.RegisterAda()
	var o outcomes
	for range 50 { // with 20 root fields each, the limit: a thousand attempts
		var b strings.Builder
		for i := range 20 {
			fmt.Fprintf(&b, "a%d: %s ", i, wrongAda)
		}
		o.count(t, h.Ask("", "mutation {"+b.String()+"}", nil))
	}
	o.want(t, 0, 10, 990)
	soon(h, &clock, o.wait)
}

// soon checks that the right password is refused until so many seconds have passed, and is accepted
// then.
func soon(h *harness.Harness, clock *harness.Clock, seconds int) {
	h.T.Helper()
	var before, after outcomes
	before.count(h.T, h.Ask("", "mutation {"+rightAda+"}", nil))
	before.want(h.T, 0, 0, 1)
	clock.Move(time.Duration(seconds) * time.Second)
	after.count(h.T, h.Ask("", "mutation {"+rightAda+"}", nil))
	after.want(h.T, 1, 0, 0)
}

func TestTriesToLogInInManyRequestsAreCounted(t *testing.T) {
	t.Parallel()
	var clock harness.Clock
	h := harness.Start(t, harness.WithClock(&clock))
	h.RegisterAda()
	var o outcomes
	for range 1000 {
		o.count(t, h.Ask("", "mutation {"+wrongAda+"}", nil))
	}
	o.want(t, 0, 10, 990)
	soon(h, &clock, o.wait)
}

func TestTriesToLogInOverWebsocketsAreCounted(t *testing.T) {
	t.Parallel()
	var clock harness.Clock
	h := harness.Start(t, harness.WithClock(&clock))
	h.RegisterAda()
	var o outcomes
	for range 10 {
		l := h.Listen("", "mutation {"+wrongAda+"}", nil)
		for i := range 99 {
			o.hear(t, l)
			if err := l.Subscribe(fmt.Sprint("n", i), "mutation {"+wrongAda+"}", nil); err != nil {
				t.Fatal(err)
			}
		}
		o.hear(t, l)
	}
	o.want(t, 0, 10, 990)
	soon(h, &clock, o.wait)
}

// hear counts the answer to one operation on a websocket.
func (o *outcomes) hear(t *testing.T, l *harness.Listener) {
	t.Helper()
	for {
		f, err := l.Hear()
		if err != nil {
			t.Fatal(err)
		}
		if f.Type == "complete" {
			return
		}
		var a harness.Answer
		if err := json.Unmarshal(f.Payload, &a); err != nil {
			t.Fatalf("%s: %v", f.Payload, err)
		}
		o.count(t, a)
	}
}

// TestTriesAreCountedByUserToo: a logged-in user has a limit of their own, at every address.
func TestTriesAreCountedByUserToo(t *testing.T) {
	t.Parallel()
	var clock harness.Clock
	h := harness.Start(t, harness.WithClock(&clock), func(h *harness.Harness) {
		h.ServerOptions.Network.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}
	})
	h.RegisterAda()
	_, token := h.User(domain.Viewer)
	var o outcomes
	for i := range 15 {
		o.count(t, h.AskFrom(fmt.Sprintf("203.0.113.%d", i), token, "mutation {"+wrongAda+"}"))
	}
	o.want(t, 0, 10, 5)
	var visitors outcomes
	for i := range 15 {
		visitors.count(t, h.AskFrom(fmt.Sprintf("2001:db8::%x", i), "", "mutation {"+wrongAda+"}"))
	}
	visitors.want(t, 0, 10, 5) // a network of IPv6 is one address
}

func TestRegistrationsAreCounted(t *testing.T) {
	t.Parallel()
	var clock harness.Clock
	h := harness.Start(t, harness.WithClock(&clock))
	refused := 0
	for i := range 15 {
		a := h.Ask("", fmt.Sprintf(`mutation { registerUser(input: {email: "u%d@example.org", displayName: "U", password: "correct horse"}) { token } }`, i), nil)
		if len(a.Errors) > 0 {
			harness.WantText(t, "code", a.Code(), "RATE_LIMITED")
			refused++
		}
	}
	if refused != 5 {
		t.Errorf("%d of 15 registrations were refused", refused)
	}
}

func TestABatchHoldsNoLogIn(t *testing.T) {
	t.Parallel()
	h := harness.Start(t)
	a := h.Must("", `{ __type(name: "BatchCommand") { inputFields { name } } }`, nil)
	for _, name := range a.Texts("name", "__type", "inputFields") {
		if name == "logIn" || name == "registerUser" {
			t.Errorf("a batch may hold %s, which is counted at the top only", name)
		}
	}
	if status, raw := h.Post("", []byte(`[{"query": "mutation {`+strings.ReplaceAll(wrongAda, `"`, `\"`)+`}"}]`)); status != 400 {
		t.Errorf("an array of operations answers %d: %s", status, raw)
	}
}

// TestTriesOfAddressesAreCounted: the answer to a change of the own address tells whether somebody
// has an account with that address.
func TestTriesOfAddressesAreCounted(t *testing.T) {
	t.Parallel()
	var clock harness.Clock
	h := harness.Start(t, harness.WithClock(&clock))
	h.RegisterAda()
	id, token := h.User(domain.Viewer)
	const probe = `mutation($id: ID!, $email: String!) {
		byVariable: updateUser(input: {id: $id, email: $email}) { errors { __typename } }
		inText: updateUser(input: {id: $id, email: "ada@example.org"}) { errors { __typename } } }`
	answered, refused := 0, 0
	for range 10 {
		a := h.Ask(token, probe, map[string]any{"id": id, "email": "ada@example.org"})
		for _, field := range []string{"byVariable", "inText"} {
			if a.Text(field, "errors", 0, "__typename") == "AlreadyTakenError" {
				answered++
			}
		}
		for _, e := range a.Errors {
			if e.Extensions["code"] == "RATE_LIMITED" && e.Extensions["limit"] == "updateUser.email" {
				refused++
			}
		}
	}
	if answered != 10 || refused != 10 {
		t.Errorf("%d tries were answered and %d refused, want 10 and 10", answered, refused)
	}
	for range 20 { // a name tells nothing
		h.Mutate(token, "updateUser", harness.Object{"id": id, "displayName": "Another"})
	}
	clock.Move(time.Minute)
	h.Mutate(token, "updateUser", harness.Object{"id": id, "email": "new@example.org"})
}
