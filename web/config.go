package web

import (
	"context"
	"log/slog"
	"net/netip"
	"time"

	"flightdeck/web/document"
	"flightdeck/web/fanout"
	"flightdeck/web/limit"
	"flightdeck/web/origin"

	"github.com/99designs/gqlgen/graphql"
)

// defaultMaxBody is the largest request, in bytes, of a Config without Limits.Body.
const defaultMaxBody = 1 << 20

// The times of connections that last: websockets and event streams.
const (
	pingInterval = 20 * time.Second // below the idle timeouts of proxies
	writeTimeout = 10 * time.Second // for any progress with a client that does not read
)

// Config is the configuration of a Server. Only Execution.Schema is required.
type Config struct {
	Execution Execution
	Identity  Identity
	Documents Documents
	Limits    Limits
	Answers   Answers
	Network   Network

	// Ready returns nil if the process can serve. /readyz shows its error. Nil: always ready.
	Ready func(ctx context.Context) error

	// Playground offers GraphiQL at /playground.
	Playground bool

	// Logger gets a line per request, at the level debug, and warn for a fault of the server; and
	// at the level info a line per slow operation, and per refused origin and name. Nil: slog's
	// default.
	Logger *slog.Logger

	// Version is shown at /healthz.
	Version string
}

// Execution runs the operations of a Server.
type Execution struct {
	// Schema executes the operations.
	Schema graphql.ExecutableSchema

	// Scalars check the values of the scalars of the schema before anything runs. May be nil.
	Scalars document.Scalars

	// ErrorPresenter turns every error into the error that the client sees. Nil: gqlgen's, which
	// hides nothing.
	ErrorPresenter graphql.ErrorPresenterFunc

	// Recover turns a panic into an error, which is then presented. Nil: the panic is logged with
	// its stack, and the client sees "internal error".
	Recover graphql.RecoverFunc

	// AroundOperation runs around every operation, subscriptions included. It must wrap a refusal
	// in [graphql.OneShot]: the executor repeats any other without end. May be nil.
	AroundOperation graphql.OperationMiddleware

	// Feed is the log that subscriptions follow. Clients that subscribe to the same share one
	// execution: see package fanout. Nil: every subscription has its own.
	Feed fanout.Feed
}

// Identity finds the senders of requests.
type Identity struct {
	// Authenticate finds the sender of a request. It is given the value of the Authorization
	// header, or of the websocket's connection parameter, "" if there is none, and returns a
	// context derived from ctx. A websocket is closed with 4403 at the returned time, unless that
	// is zero.
	//
	// An error refuses the request. Its code, as Execution.ErrorPresenter presents it, decides how:
	// UNAUTHENTICATED, FORBIDDEN, OVERLOADED and UNAVAILABLE answer 401, 403, 503 and 503; any
	// other is a fault of the server and answers 500. A websocket is closed with 4403, for a fault
	// of the server with 4500. Nil: every sender is a visitor.
	Authenticate func(ctx context.Context, authorization string) (context.Context, time.Time, error)

	// Watch is called for websockets and event streams after Authenticate, with the context that
	// Authenticate has returned, and returns a context derived from that one. When it ends before
	// the connection does, the session was revoked: a websocket is then closed with 4403. An error
	// refuses the connection, as one of Authenticate does. May be nil.
	Watch func(ctx context.Context) (context.Context, error)

	// Actor returns the name of the sender in a context of Authenticate, "" for a visitor. Nil:
	// every sender is a visitor.
	Actor func(ctx context.Context) string
}

// Documents says which documents run.
type Documents struct {
	// Trusted are the documents that requests name by their ids.
	Trusted document.Trusted

	// TrustedOnly refuses every other document, on every transport.
	TrustedOnly bool

	// Introspect reports whether the sender in a context of Authenticate may see the schema, in
	// introspection and in the suggestions of errors. Nil: every sender may.
	Introspect func(ctx context.Context) bool
}

// Limits bound each request and each client.
type Limits struct {
	limit.Limits

	// Body is the largest request in bytes, over HTTP and as a websocket message. 0: 1 MiB.
	Body int64

	// Attempts are the executions a minute of fields of Mutation, by name, that each address has,
	// and each Identity.Actor; all of a minute may come at once. Every execution counts: an alias,
	// an operation of its own, and a message on a websocket. With "updateUser.email" for a name,
	// the executions count whose argument input has the member email. Other fields are unbounded.
	Attempts map[string]int

	// Clock is the time that attempts are counted by, and operations are measured by. Nil:
	// time.Now.
	Clock func() time.Time
}

// Answers says which answers to queries over HTTP are kept, to be sent again. Without CacheBytes or
// CacheScope every request is executed.
type Answers struct {
	// CacheBytes bounds the memory of kept answers.
	CacheBytes int

	// CacheScope names all conditions of the answers to a sender, except those that StillFresh
	// watches, for a context of Authenticate. As long as it returns the same pair for two senders,
	// equal requests of them have equal answers, unless NoStore was called. A state must not come
	// back after another one. An empty state keeps no answer.
	CacheScope func(ctx context.Context) (sender, state string)

	// StillFresh is called for a query before its execution. The function that it returns reports
	// whether the log has no later event that can change the answer; it is called for every use of
	// the kept answer, concurrently. Nil: CacheScope names all conditions.
	StillFresh func(op *graphql.OperationContext) (isFresh func() bool)

	// PublicMaxAge is the time for which a shared cache, and a browser, may use the answer to a GET
	// without credentials before it asks again. 0: it asks at each use.
	PublicMaxAge time.Duration
}

// Network says which peers and pages are trusted, and by which names they reach the server.
type Network struct {
	// Origins are the origins, beside the server's own, whose pages may use the API from a browser,
	// over HTTP and by websocket.
	Origins origin.Set

	// Hosts are the names under which the server may be reached.
	Hosts origin.Hosts

	// TrustedProxies are the networks of the proxies whose X-Forwarded-For and X-Forwarded-Proto
	// are believed.
	TrustedProxies []netip.Prefix
}

// withDefaults returns the configuration with its defaults in place of zero values.
func (c Config) withDefaults() Config {
	if c.Limits.Body == 0 {
		c.Limits.Body = defaultMaxBody
	}
	if c.Limits.Clock == nil {
		c.Limits.Clock = time.Now
	}
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	if c.Identity.Authenticate == nil {
		c.Identity.Authenticate = func(ctx context.Context, _ string) (context.Context, time.Time, error) {
			return ctx, time.Time{}, nil
		}
	}
	if c.Identity.Watch == nil {
		c.Identity.Watch = func(ctx context.Context) (context.Context, error) { return ctx, nil }
	}
	if c.Identity.Actor == nil {
		c.Identity.Actor = func(context.Context) string { return "" }
	}
	if c.Execution.ErrorPresenter == nil {
		c.Execution.ErrorPresenter = graphql.DefaultErrorPresenter
	}
	if c.Execution.Recover == nil {
		c.Execution.Recover = logPanic(c.Logger)
	}
	return c
}
