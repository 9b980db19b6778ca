package web_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"flightdeck/web"

	"github.com/gorilla/websocket"
)

func TestOperationsOverWebsocket(t *testing.T) {
	t.Parallel()
	schema := newStub()
	_, url := serve(t, testConfig(schema))
	c := enter(t, url)

	c.say(`{"id":"q","type":"subscribe","payload":{"query":"{log{head}}"}}`)
	c.hear(`{"id":"q","type":"next","payload":{"data":{"log":{"head":"42"}}}}`, `{"id":"q","type":"complete"}`)

	c.say(`{"id":"m","type":"subscribe","payload":{"query":"mutation A($t:String!){write(text:$t)}",` +
		`"operationName":"A","variables":{"t":"<é>"},"extensions":null}}`)
	c.hear(`{"id":"m","type":"next","payload":{"data":{"write":"\u003cé\u003e"}}}`, `{"id":"m","type":"complete"}`)

	c.say(`{"id":"s\"","type":"subscribe","payload":{"query":"subscription{n:tick}"}}`)
	for n := range 3 {
		schema.ticks <- n
		c.hear(fmt.Sprintf(`{"id":"s\"","type":"next","payload":{"data":{"n":%d}}}`, n))
	}
	close(schema.ticks)
	c.hear(`{"id":"s\"","type":"complete"}`)
	c.hearNothing()
}

func TestErrorsEndAnOperation(t *testing.T) {
	t.Parallel()
	_, url := serve(t, testConfig(newStub()))
	c := enter(t, url)
	for query, want := range map[string]string{
		`{nothing}`: `[{"message":"Cannot query field \"nothing\" on type \"Query\".","locations":[{"line":1,"column":2}],` +
			`"extensions":{"code":"GRAPHQL_VALIDATION_FAILED"}}]`,
		``: `[{"message":"no operation provided","extensions":{"code":"GRAPHQL_VALIDATION_FAILED"}}]`,
		`{echo(text:\"\u0000\")}`: `[{"message":"a string must not contain the character U+0000",` +
			`"extensions":{"code":"BAD_REQUEST"}}]`,
		`{panic}`: `[{"message":"internal error","extensions":{"code":"INTERNAL"}}]`,
	} {
		// The client may use the id again after it has read the error.
		c.say(`{"id":"1","type":"subscribe","payload":{"query":"` + query + `"}}`)
		c.hear(`{"id":"1","type":"error","payload":` + want + `}`)
		c.hearNothing()
	}
	// An error of a field is part of the result.
	c.say(`{"id":"1","type":"subscribe","payload":{"query":"{fail}"}}`)
	c.hear(`{"id":"1","type":"next","payload":{"errors":[{"message":"internal error","extensions":{"code":"INTERNAL"}}],`+
		`"data":{"fail":null}}}`, `{"id":"1","type":"complete"}`)
	c.hearNothing()
}

func TestRefusedSubscriptionEndsOnce(t *testing.T) {
	t.Parallel()
	_, url := serve(t, testConfig(newStub()))
	c := enter(t, url)
	c.say(`{"id":"1","type":"subscribe","payload":{"query":"subscription{refused}"}}`)
	c.hear(`{"id":"1","type":"next","payload":{"errors":[{"message":"refused"}]}}`, `{"id":"1","type":"complete"}`)
	c.hearNothing()
}

func TestCloseCodes(t *testing.T) {
	t.Parallel()
	const in, ack = `{"type":"connection_init"}`, `{"type":"connection_ack"}`
	const tick = `{"id":"1","type":"subscribe","payload":{"query":"subscription{tick}"}}`
	for name, test := range map[string]struct {
		say    []string
		ack    bool
		code   int
		reason string
	}{
		"not JSON":             {[]string{`hello`}, false, 4400, "the message is not a JSON object of the protocol"},
		"not an object":        {[]string{`[]`}, false, 4400, "the message is not a JSON object of the protocol"},
		"no type":              {[]string{`{}`}, false, 4400, "the message has no known type"},
		"unknown type":         {[]string{in, `{"type":"start"}`}, true, 4400, "the message has no known type"},
		"server's type":        {[]string{in, `{"type":"next","id":"1"}`}, true, 4400, "the message has no known type"},
		"id a number":          {[]string{in, `{"id":1,"type":"subscribe"}`}, true, 4400, "the message is not a JSON object of the protocol"},
		"no id":                {[]string{in, `{"type":"subscribe","payload":{"query":"{log{head}}"}}`}, true, 4400, "the message has no id"},
		"empty id":             {[]string{in, `{"id":"","type":"complete"}`}, true, 4400, "the message has no id"},
		"no payload":           {[]string{in, `{"id":"1","type":"subscribe"}`}, true, 4400, "not a JSON object: " + validRequest},
		"no query":             {[]string{in, `{"id":"1","type":"subscribe","payload":{}}`}, true, 4400, `the member "query" is missing: ` + validRequest},
		"variables a list":     {[]string{in, `{"id":"1","type":"subscribe","payload":{"query":"","variables":[]}}`}, true, 4400, `the member "variables" must not be of type array: ` + validRequest},
		"params a list":        {[]string{`{"type":"connection_init","payload":[]}`}, false, 4400, "the payload is not an object"},
		"token a number":       {[]string{`{"type":"connection_init","payload":{"authorization":1}}`}, false, 4400, "the parameter authorization is not a string"},
		"pong with a list":     {[]string{`{"type":"pong","payload":[]}`}, false, 4400, "the payload is not an object"},
		"ping with text":       {[]string{`{"type":"ping","payload":"x"}`}, false, 4400, "the payload is not an object"},
		"invalid UTF-8":        {[]string{"{\"type\":\"\xff\"}"}, false, 1007, "the message is not valid UTF-8"},
		"not let in yet":       {[]string{tick}, false, 4401, "Unauthorized"},
		"refused":              {[]string{`{"type":"connection_init","payload":{"authorization":"Bearer nobody"}}`}, false, 4403, "log in again"},
		"authentication fails": {[]string{`{"type":"connection_init","payload":{"authorization":"Bearer broken"}}`}, false, 4500, "internal error"},
		"id in use":            {[]string{in, tick, tick}, true, 4409, "Subscriber for 1 already exists"},
		"second init":          {[]string{in, in}, true, 4429, "Too many initialisation requests"},
		"too large":            {[]string{strings.Repeat("x", 1001)}, false, 1009, "message too big"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			config := testConfig(newStub())
			config.Limits.Body = 1000
			_, url := serve(t, config)
			c := dial(t, url, transportWS)
			if test.ack { // the close frame would overtake the ack if all messages were sent at once
				c.say(test.say[0])
				c.hear(ack)
				test.say = test.say[1:]
			}
			c.say(test.say...)
			c.hearClose(test.code, test.reason)
		})
	}
}

// The client is still writing when it is refused, and must receive the reason.
func TestMessageFarTooLargeIsRefused(t *testing.T) {
	t.Parallel()
	config := testConfig(newStub())
	config.Limits.Body = 1000
	_, url := serve(t, config)
	c := enter(t, url)
	c.say(strings.Repeat("x", 16<<20))
	c.hearClose(1009, "message too big")
}

// validRequest ends the messages about malformed requests.
const validRequest = `send {"query": "...", "operationName": "...", "variables": {...}}`

func TestBinaryMessagesAreRefused(t *testing.T) {
	t.Parallel()
	_, url := serve(t, testConfig(newStub()))
	c := dial(t, url, transportWS)
	if err := c.conn.WriteMessage(websocket.BinaryMessage, []byte(`{"type":"connection_init"}`)); err != nil {
		t.Fatal(err)
	}
	c.hearClose(4400, "messages are text")
}

func TestLongReasonsAreCutAtARune(t *testing.T) {
	t.Parallel()
	_, url := serve(t, testConfig(newStub()))
	c := enter(t, url)
	subscribe := `{"id":"x` + strings.Repeat("é", 100) + `","type":"subscribe","payload":{"query":"subscription{tick}"}}`
	c.say(subscribe, subscribe)
	c.hearClose(4409, "Subscriber for x"+strings.Repeat("é", 53))
}

func TestSubprotocolMustBeKnown(t *testing.T) {
	t.Parallel()
	_, url := serve(t, testConfig(newStub()))
	for _, protocol := range []string{"", "mqtt"} {
		dial(t, url, protocol).hearClose(4406, "Subprotocol not acceptable")
	}
	dialer := &websocket.Dialer{Subprotocols: []string{legacyWS, transportWS}}
	conn, _, err := dialer.DialContext(t.Context(), url, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	wantEqual(t, "the newer one is preferred", conn.Subprotocol(), transportWS)
}

func TestPingIsAnsweredAtAnyTime(t *testing.T) {
	t.Parallel()
	_, url := serve(t, testConfig(newStub()))
	c := dial(t, url, transportWS)
	c.say(`{"type":"ping","payload":{"a":[1]}}`, `{"type":"pong"}`, `{"type":"complete","id":"unknown"}`)
	c.hear(`{"type":"pong","payload":{"a":[1]}}`)
	c.enter()
	c.say(`{"type":"pong","payload":{}}`)
	c.hearNothing()
}

func TestTokenComesFromParametersOrHeader(t *testing.T) {
	t.Parallel()
	_, url := serve(t, testConfig(newStub()))
	for _, test := range []struct {
		params string
		header []string
		viewer string
	}{
		{``, nil, `null`},
		{`,"payload":null`, nil, `null`},
		{`,"payload":{"authorization":"Bearer ada"}`, nil, `"ada"`},
		{`,"payload":{"Authorization":"Bearer ada"}`, nil, `"ada"`},
		{`,"payload":{"other":1}`, []string{"Authorization", "Bearer bob"}, `"bob"`},
		{`,"payload":{"authorization":"Bearer ada"}`, []string{"Authorization", "Bearer bob"}, `"ada"`},
	} {
		c := dial(t, url, transportWS, test.header...)
		c.say(`{"type":"connection_init"` + test.params + `}`)
		c.hear(`{"type":"connection_ack"}`)
		c.say(`{"id":"1","type":"subscribe","payload":{"query":"{viewer}"}}`)
		c.hear(`{"id":"1","type":"next","payload":{"data":{"viewer":`+test.viewer+`}}}`, `{"id":"1","type":"complete"}`)
	}
}

func TestForeignPagesCannotOpenASocket(t *testing.T) {
	t.Parallel()
	config := testConfig(newStub())
	config.Network.Origins = origins(t, "https://app.example.com")
	_, url := serve(t, config)
	own := "http" + strings.TrimSuffix(strings.TrimPrefix(url, "ws"), "/graphql")
	for origin, status := range map[string]int{
		own:                            101,
		"https://app.example.com":      101,
		"https://evil.example.com":     403,
		"http://app.example.com":       403,
		"null":                         403,
		"https://app.example.com.evil": 403,
	} {
		conn, resp, err := websocket.DefaultDialer.DialContext(t.Context(), url, http.Header{"Origin": {origin}})
		if resp == nil {
			t.Fatalf("%s: %v", origin, err)
		}
		wantEqual(t, origin, resp.StatusCode, status)
		if err == nil {
			wantEqual(t, "id", len(resp.Header.Get("X-Request-Id")), 32)
			if err := conn.Close(); err != nil {
				t.Error(err)
			}
		} else {
			wantEqual(t, "code", decode(t, text(t, resp)).code(), "FORBIDDEN")
		}
	}
}

func TestUpgradeNeedsAHandshake(t *testing.T) {
	t.Parallel()
	h := web.New(testConfig(newStub())).Handler()
	resp := ask(t, h, "GET", "/graphql", "", "Connection", "Upgrade", "Upgrade", "websocket", "Sec-Websocket-Version", "8")
	wantEqual(t, "status", resp.StatusCode, 400)
	wantEqual(t, "version", resp.Header.Get("Sec-Websocket-Version"), "13")
	wantEqual(t, "code", decode(t, text(t, resp)).code(), "BAD_REQUEST")
}

func TestPanicWhileAuthenticatingClosesTheSocket(t *testing.T) {
	t.Parallel()
	config := testConfig(newStub())
	config.Identity.Authenticate = nil
	_, url := serve(t, config)
	enter(t, url).hearNothing()

	config.Identity.Authenticate = panickingAuthenticate
	_, url = serve(t, config)
	c := dial(t, url, transportWS)
	c.say(`{"type":"connection_init"}`)
	c.hearClose(4500, "Internal server error")
}

func TestOlderProtocol(t *testing.T) {
	t.Parallel()
	schema := newStub()
	_, url := serve(t, testConfig(schema))
	c := dial(t, url, legacyWS)
	c.say(`{"type":"connection_init","payload":{"Authorization":"Bearer ada"}}`)
	c.hear(`{"type":"connection_ack"}`, `{"type":"ka"}`)

	c.say(`{"id":"1","type":"start","payload":{"query":"{viewer}"}}`)
	c.hear(`{"id":"1","type":"data","payload":{"data":{"viewer":"ada"}}}`, `{"id":"1","type":"complete"}`)
	c.say(`{"id":"1","type":"start","payload":{"query":"{"}}`)
	c.hear(`{"id":"1","type":"error","payload":{"message":"Expected Name, found \u003cEOF\u003e",` +
		`"locations":[{"line":1,"column":2}],"extensions":{"code":"GRAPHQL_PARSE_FAILED"}}}`)

	c.say(`{"id":"2","type":"start","payload":{"query":"subscription{tick}"}}`)
	schema.ticks <- 7
	c.hear(`{"id":"2","type":"data","payload":{"data":{"tick":7}}}`)
	c.say(`{"id":"2","type":"stop"}`)
	c.hear(`{"id":"2","type":"complete"}`)

	// The older protocol reports a malformed message and goes on.
	c.say(`{"type":"subscribe"}`, `{"id":"3","type":"start","payload":{}}`)
	for range 2 {
		if m := c.next(); !strings.HasPrefix(m, `{"type":"connection_error","payload":{"message":`) {
			t.Errorf("heard %s", m)
		}
	}
	c.say(`{"type":"connection_terminate"}`)
	c.hearClose(1000, "terminated")
}

func TestOlderProtocolTellsTheReasonOfARefusal(t *testing.T) {
	t.Parallel()
	_, url := serve(t, testConfig(newStub()))
	c := dial(t, url, legacyWS)
	c.say(`{"type":"connection_init","payload":{"authorization":"Bearer nobody"}}`)
	c.hear(`{"type":"connection_error","payload":{"message":"log in again","extensions":{"code":"UNAUTHENTICATED"}}}`)
	c.hearClose(4403, "log in again")
}

// TestLastEventIDsAreBounded: a connection keeps them as long as it lasts.
func TestLastEventIDsAreBounded(t *testing.T) {
	t.Parallel()
	_, url := serve(t, testConfig(newStub()))
	many := func(operations int) string {
		var ids []string
		for i := range operations {
			ids = append(ids, fmt.Sprintf(`"%d":"7"`, i))
		}
		return `{"lastEventIds":{` + strings.Join(ids, ",") + `}}`
	}
	long := strings.Repeat("x", 129)
	for params, reason := range map[string]string{
		many(100):                            "",
		many(101):                            "the parameter lastEventIds has more than 100 operations, the most that a connection may have",
		`{"lastEventId":"` + long[1:] + `"}`: "",
		`{"lastEventId":"` + long + `"}`:     "the parameter lastEventId is not the id of an event",
		`{"lastEventId":1` + strings.Repeat("0", 128) + `}`: "the parameter lastEventId is not the id of an event",
		`{"lastEventIds":{"a":"` + long + `"}}`:             "the parameter lastEventIds is not the id of an event",
		`{"lastEventIds":{"` + long + `":"7"}}`:             "an id of an operation in lastEventIds has more than 128 bytes",
	} {
		c := dial(t, url, transportWS)
		c.say(`{"type":"connection_init","payload":` + params + `}`)
		if reason == "" {
			c.hear(`{"type":"connection_ack"}`)
		} else {
			c.hearClose(4400, reason)
		}
	}
}
