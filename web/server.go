package web

import (
	"context"
	"maps"
	"net/http"

	"flightdeck/web/fanout"
	"flightdeck/web/limit"
	"flightdeck/web/negotiate"
	"flightdeck/web/playground"
)

// Server is the HTTP edge of one schema. Make it with New.
type Server struct {
	config   Config
	cache    answerCache
	engine   *engine
	registry *registry
	handler  http.Handler

	endStreams context.CancelFunc // of all event streams
}

// New returns a Server that is ready to handle requests. It starts no goroutine: the goroutines of
// a request or a websocket end with it, or in Shutdown.
func New(config Config) *Server {
	config = config.withDefaults()
	s := &Server{config: config, cache: newAnswerCache(config.Answers.CacheBytes), registry: newRegistry()}
	streams, endStreams := context.WithCancel(context.Background())
	s.endStreams = endStreams

	admission := admission{config.Limits.Limits, limit.NewInFlight()}
	engine := newEngine(config, admission)
	s.engine = engine
	pages := &pages{config.Network.Origins, newOnceLog(config.Logger)}
	api := &graphqlHandler{
		engine: engine, authenticate: config.Identity.Authenticate, maxBody: config.Limits.Body, pages: pages,
		answers: &answers{Answers: config.Answers, cache: s.cache, admission: admission},
		events:  &eventStreams{engine: engine, admission: admission, watch: config.Identity.Watch, closing: streams},
		sockets: s.newSockets(engine, admission, pages),
	}
	s.handler = withHost(config.Network.Hosts, newOnceLog(config.Logger), s.routes(api))
	s.handler = withRecovery(engine.presenter, withSecurityHeaders(s.handler))
	s.handler = withClient(config.Network.TrustedProxies, withLog(config.Logger, s.handler))
	return s
}

// newSockets returns the websockets of the server.
func (s *Server) newSockets(engine *engine, admission admission, pages *pages) *sockets {
	config := s.config
	all := &sockets{
		services: services{
			engine: engine, authenticate: config.Identity.Authenticate, watch: config.Identity.Watch,
			maxMessage: config.Limits.Body, logger: config.Logger,
		},
		admission: admission,
		upgrader:  newUpgrader(pages),
		registry:  s.registry,
	}
	if config.Execution.Feed != nil {
		all.fanout = fanout.New(config.Execution.Feed, engine, s.registry.start)
	}
	return all
}

// Handler returns the handler of every route, for the root of a server. Websockets need HTTP/1.1
// and an [http.ResponseWriter] that can be hijacked.
func (s *Server) Handler() http.Handler { return s.handler }

// CachedBytes returns the memory of the kept answers and documents, in bytes, about.
func (s *Server) CachedBytes() int { return s.cache.Size() + s.engine.documents.CachedBytes() }

// Shutdown cancels the operations of every websocket and closes the websockets with 1001 "going
// away". It returns nil when all websockets and their operations have ended. It ends event streams,
// too, without waiting for them. From its call on the server refuses new ones of both, and /readyz
// fails. Plain requests, event streams among them, are left to [http.Server.Shutdown], which in
// turn does not know of websockets: call both, this one first.
//
// When ctx ends first Shutdown cuts the connections and returns ctx's error. An operation that
// ignores its cancellation may run on then. Shutdown may be called again, and from several
// goroutines.
func (s *Server) Shutdown(ctx context.Context) error {
	s.endStreams()
	return s.registry.shutdown(ctx)
}

func (s *Server) routes(api http.Handler) http.Handler {
	health := health{version: s.config.Version, ready: s.config.Ready, closing: s.registry.isClosing}
	mux := http.NewServeMux()
	mux.Handle("/graphql", api)
	mux.HandleFunc("/healthz", readOnly(health.serveHealth))
	mux.HandleFunc("/readyz", readOnly(health.serveReadiness))
	if s.config.Playground {
		page := playground.New()
		mux.HandleFunc("/{$}", readOnly(redirectTo("playground")))
		mux.HandleFunc("/playground/{$}", readOnly(redirectTo("../playground")))
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

// redirectTo redirects to an address relative to that of the request: behind a proxy the server may
// lie below a path that it does not know. [http.Redirect] would make the address absolute.
func redirectTo(relative string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Location", relative)
		w.WriteHeader(http.StatusFound)
	}
}

// securityHeaders are shared by all answers: an answer replaces values, and never changes one.
var securityHeaders = http.Header{
	"X-Content-Type-Options":  {"nosniff"},
	"X-Frame-Options":         {"DENY"},
	"Referrer-Policy":         {"no-referrer"},
	"Content-Security-Policy": {"default-src 'none'; frame-ancestors 'none'"},
	"Cache-Control":           {"no-store"},
}

// withSecurityHeaders gives every answer the headers of data that a browser must not interpret,
// keep or frame. The playground replaces some of them.
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
