package app

import (
	"context"
	"fmt"
	"net/netip"
	"time"

	"flightdeck/auth"
	"flightdeck/domain"
	"flightdeck/graph"
	"flightdeck/policy"
	"flightdeck/resolvers"
	"flightdeck/web"
)

// ServerOptions configure the HTTP server of an App.
type ServerOptions struct {
	// Issuer verifies JSON Web Tokens. Nil: the server accepts only its own tokens.
	Issuer *auth.Issuer
	// AllowedOrigins, TrustedProxies, Trusted, TrustedOnly, MaxBody, Limits, Playground
	// and Version are those of [web.Config].
	AllowedOrigins []string
	TrustedProxies []netip.Prefix
	Trusted        web.Documents
	TrustedOnly    bool
	MaxBody        int64
	Limits         web.Limits
	Playground     bool
	Version        string
	// AttemptsPerMinute limits fields of Mutation by name, for each address and each user.
	AttemptsPerMinute map[string]int
	// Introspection says who may read the schema.
	Introspection Introspection
	// AnswerCacheBytes bounds the cache of answers, in bytes. 0: no cache.
	AnswerCacheBytes int
}

// Introspection names the actors that may read the schema. The zero value allows all.
type Introspection string

// The values of Introspection.
const (
	IntrospectionForAll      Introspection = "all"
	IntrospectionForSignedIn Introspection = "signed-in"
	IntrospectionForAdmins   Introspection = "admin"
	IntrospectionOff         Introspection = "off"
)

// Server returns a new HTTP server over the App. It changes nothing in the App, which may
// have several servers. The error says which option is not valid.
func (a *App) Server(options ServerOptions) (*web.Server, error) {
	config, err := a.serverConfig(options)
	if err != nil {
		return nil, err
	}
	return web.New(config), nil
}

// serverConfig wires the resolvers, the authentication and the cache of answers.
func (a *App) serverConfig(options ServerOptions) (web.Config, error) {
	mayIntrospect, err := options.Introspection.rule()
	if err != nil {
		return web.Config{}, err
	}
	root := &resolvers.Resolver{
		Log: a.Log, Reader: a.Reader, Commands: a.Commands, Rebuilder: a.Rebuilder, Logger: a.logger,
		RequestID: web.RequestID, Volatile: web.Volatile, LastEventID: web.LastEventID, SetEventID: web.SetEventID,
	}
	tokens := authenticator{app: a, issuer: options.Issuer}
	return web.Config{
		Schema:          graph.New(graph.Config{Resolvers: root}),
		Authenticate:    tokens.authenticate,
		Watch:           tokens.watch,
		Ready:           a.ready,
		ErrorPresenter:  root.Present,
		Recover:         root.Recover,
		AroundOperation: root.AroundOperation,
		Feed:            feed{a.Log, root},
		AllowedOrigins:  options.AllowedOrigins,
		Playground:      options.Playground,
		Remember:        options.AnswerCacheBytes,
		State:           a.cacheScope,
		Lasts:           a.stillFresh,
		Trusted:         options.Trusted,
		TrustedOnly:     options.TrustedOnly,
		MaxBody:         options.MaxBody,
		Limits:          options.Limits,
		Tries:           options.AttemptsPerMinute,
		Actor:           actorID,
		TrustedProxies:  options.TrustedProxies,
		Introspect:      mayIntrospect,
		Clock:           a.clock,
		Logger:          a.logger,
		Version:         options.Version,
	}, nil
}

// rule returns a function that reports whether the actor of a context may read the schema.
func (i Introspection) rule() (func(context.Context) bool, error) {
	switch i {
	case "", IntrospectionForAll:
		return func(context.Context) bool { return true }, nil
	case IntrospectionForSignedIn:
		return func(ctx context.Context) bool { return auth.ActorFrom(ctx) != domain.Actor{} }, nil
	case IntrospectionForAdmins:
		return func(ctx context.Context) bool {
			rules := policy.Rules()
			return rules.May(auth.ActorFrom(ctx), policy.Operate, "")
		}, nil
	case IntrospectionOff:
		return func(context.Context) bool { return false }, nil
	}
	return nil, fmt.Errorf("introspection %q is not valid: use %s, %s, %s or %s", i,
		IntrospectionForAll, IntrospectionForSignedIn, IntrospectionForAdmins, IntrospectionOff)
}

// ready returns nil if the database answers.
func (a *App) ready(ctx context.Context) error {
	_, err := a.Log.PositionAt(ctx, time.Now())
	return err
}

// actorID returns the user id of the actor in ctx, "" for a visitor.
func actorID(ctx context.Context) string { return auth.ActorFrom(ctx).UserID }
