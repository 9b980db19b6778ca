package web

import (
	"context"
	"log/slog"
	"maps"
	"net/http"
	"net/netip"
	"time"

	"flightdeck/web/limit"
	"flightdeck/web/playground"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/executor"
	"github.com/gorilla/websocket"

	"flightdeck/web/negotiate"
)

// defaultMaxBody is the largest request unless the configuration says otherwise.
const defaultMaxBody = 1 << 20

// Limits bound what one request and one client may ask for.
type Limits = limit.Limits

// Config is what a Server is made of. Only Schema is required.
type Config struct {
	// Schema executes the operations.
	Schema graphql.ExecutableSchema

	// Authenticate says who is asking. It is given the value of the Authorization
	// header or of the websocket's connection parameter, "" when there is none, and
	// returns a context derived from the one it was given.
	//
	// A websocket is closed with 4403 at the returned time, unless that is zero.
	//
	// An error refuses the request. Its code, as ErrorPresenter presents it, decides
	// how: UNAUTHENTICATED, FORBIDDEN, OVERLOADED and UNAVAILABLE answer 401, 403,
	// 503 and 503; any other is a fault of the server and answers 500. A websocket is
	// closed with 4403, for a fault of the server with 4500. Nil: everybody is a
	// visitor.
	Authenticate func(ctx context.Context, authorization string) (context.Context, time.Time, error)

	// Watch is called for a websocket after Authenticate has let it in, with the
	// context that Authenticate returned. The websocket is closed with 4403 when the
	// context that Watch returns, derived from that one, ends before the connection:
	// the session was revoked. An error refuses the websocket as one of Authenticate's
	// does. May be nil.
	Watch func(ctx context.Context) (context.Context, error)

	// Ready returns nil when the process can serve. Its error is shown to whoever
	// asks /readyz. Nil: always ready.
	Ready func(ctx context.Context) error

	// ErrorPresenter turns every error into what a client sees. Nil: gqlgen's, which
	// hides nothing.
	ErrorPresenter graphql.ErrorPresenterFunc

	// Recover turns a panic into an error, which is then presented. Nil: the panic is
	// logged with its stack, and the client is told "internal error".
	Recover graphql.RecoverFunc

	// AroundOperation runs around every operation, subscriptions included. A refusal
	// must be wrapped in [graphql.OneShot], or it is given again and again. May be nil.
	AroundOperation graphql.OperationMiddleware

	// Feed lets all who subscribe to the same share the work: see the type. Nil: every
	// subscription is executed for itself.
	Feed Feed

	// AllowedOrigins are the origins, beside the server's own, whose pages may use the
	// API from a browser, over HTTP and by websocket: "https://app.example.com"; "*"
	// allows every origin.
	AllowedOrigins []string

	// Limits bound what a request and a client may ask for.
	Limits Limits

	// Tries are how often a minute each of these fields of Mutation may be executed by
	// one address, and by one Actor; the same number may come at once. Every execution
	// counts, whether it is an alias, an operation of its own or a message on a
	// websocket. Nil: as often as they like.
	Tries map[string]int

	// Actor names who is asking in a context that Authenticate returned, "" for a
	// visitor. Nil: everybody is a visitor.
	Actor func(context.Context) string

	// TrustedProxies are the networks of proxies whose X-Forwarded-For and
	// X-Forwarded-Proto are believed. Nil: nobody's are.
	TrustedProxies []netip.Prefix

	// Introspect reports whether who is asking may see the schema, in introspection and
	// in what errors suggest. Nil: everybody may.
	Introspect func(context.Context) bool

	// Clock is the time by which tries are counted. Nil: time.Now.
	Clock func() time.Time

	// Remember is how many bytes of answers to queries over HTTP are kept in memory, to
	// be given again. 0: none.
	Remember int

	// State names everything that the answers to the asker of ctx depend on, but for
	// what Lasts watches: as long as it returns the same pair for equal askers, the same
	// request has the same answer, unless that was said to be [Volatile]. A pair must not
	// come back after another one. The asker of ctx is whom Authenticate found. With an
	// empty state nothing is told. Nil, or nothing told: the request is run, also to find
	// that its answer is the one that the client has.
	State func(ctx context.Context) (asker, state string)

	// Lasts is called for a query that is about to be run. The function that it returns
	// reports whether nothing in the log that the answer depends on has happened since
	// that call; it is called whenever the answer could be given again, also at the same
	// time. Nil: State names what there is to know.
	Lasts func(op *graphql.OperationContext) (lasts func() bool)

	// Trusted are documents that clients name by their id.
	Trusted Documents

	// TrustedOnly refuses every other document, on every transport.
	TrustedOnly bool

	// MaxBody is the largest request in bytes, over HTTP and as a websocket message.
	// Zero: 1 MiB.
	MaxBody int64

	// Playground offers GraphiQL at /playground.
	Playground bool

	// Logger gets a line per request, at debug, or at warn when the server is at
	// fault. Nil: slog's default.
	Logger *slog.Logger

	// Version is shown at /healthz.
	Version string
}

// Server is the HTTP edge of one schema. Make it with New.
type Server struct {
	config    Config
	exec      *executor.Executor
	documents documentCache
	persisted *cache[string] // documents by their SHA-256
	memory    *memory        // nil where nothing is remembered
	inFlight  *limit.InFlight
	attempts  *limit.Attempts
	upgrader  websocket.Upgrader
	sockets   sockets
	fanout    *fanout
	handler   http.Handler
	timedOut  error // of an operation

	streams    context.Context //nolint:containedctx // of all event streams: ends with Shutdown
	endStreams context.CancelFunc
}

// New returns a Server that is ready to handle requests. It starts nothing: what
// runs later belongs to a request or a websocket, and ends with it or in Shutdown.
func New(config Config) *Server {
	if config.MaxBody == 0 {
		config.MaxBody = defaultMaxBody
	}
	if config.Logger == nil {
		config.Logger = slog.Default()
	}
	if config.Authenticate == nil {
		config.Authenticate = func(ctx context.Context, _ string) (context.Context, time.Time, error) {
			return ctx, time.Time{}, nil
		}
	}
	if config.Clock == nil {
		config.Clock = time.Now
	}
	s := &Server{
		config: config, documents: newDocumentCache(), persisted: newCache[string](), memory: newMemory(config.Remember),
		inFlight: limit.NewInFlight(), attempts: limit.NewAttempts(config.Tries), sockets: newSockets(),
	}
	s.streams, s.endStreams = context.WithCancel(context.Background())
	s.timedOut = limit.TimedOut(config.Limits.Time)
	s.exec = s.newExecutor()
	s.fanout = newFanout(s)
	s.upgrader = s.newUpgrader()
	s.handler = s.withClient(s.withAccessLog(s.withRecovery(withSecurityHeaders(s.routes()))))
	return s
}

// Handler returns the handler of every route. It is meant for the root of a server;
// websockets need HTTP/1.1 and a [http.ResponseWriter] that can be hijacked.
func (s *Server) Handler() http.Handler { return s.handler }

// Shutdown cancels the operations of every websocket, closes the websockets with
// 1001 "going away", and returns nil when all of them, their operations included,
// have ended. It ends event streams too, without waiting for them. From its call on
// new ones of both are refused and /readyz fails; plain requests, as which event
// streams count, are left to [http.Server.Shutdown], which in turn knows nothing of
// websockets: call both, this one first.
//
// When ctx ends first the connections are cut and the error is ctx's; an operation
// that ignores its cancellation may then still run. Shutdown may be called again,
// and from several goroutines.
func (s *Server) Shutdown(ctx context.Context) error {
	s.endStreams()
	return s.sockets.shutdown(ctx)
}

func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/graphql", s.serveGraphQL)
	mux.HandleFunc("/healthz", readOnly(s.serveHealth))
	mux.HandleFunc("/readyz", readOnly(s.serveReadiness))
	if s.config.Playground {
		page := playground.New()
		mux.HandleFunc("/{$}", readOnly(redirectToPlayground))
		mux.HandleFunc("/playground/{$}", readOnly(redirectToPlayground))
		mux.HandleFunc("/playground", readOnly(page.ServePage))
		mux.HandleFunc("/playground/assets/{hash}/{name}", readOnly(page.Assets(serveNotFound)))
	}
	mux.HandleFunc("/", serveNotFound)
	return mux
}

func serveNotFound(w http.ResponseWriter, _ *http.Request) {
	writeRefusal(w, negotiate.JSON, errNotFound)
}

// readOnly refuses every method but GET and HEAD.
func readOnly(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			writeRefusal(w, negotiate.JSON, errMethod)
			return
		}
		next(w, r)
	}
}

func redirectToPlayground(w http.ResponseWriter, r *http.Request) {
	http.Redirect(w, r, "/playground", http.StatusFound)
}

// securityHeaders are shared by all answers: their values are replaced, never changed.
var securityHeaders = http.Header{
	"X-Content-Type-Options":  {"nosniff"},
	"X-Frame-Options":         {"DENY"},
	"Referrer-Policy":         {"no-referrer"},
	"Content-Security-Policy": {"default-src 'none'; frame-ancestors 'none'"},
	"Cache-Control":           {"no-store"},
}

// withSecurityHeaders gives every answer the headers that suit data nobody should
// interpret, keep or frame. The playground relaxes what it has to.
func withSecurityHeaders(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		if overTLS(r) {
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
		maps.Copy(h, securityHeaders)
		next.ServeHTTP(w, r)
	})
}
