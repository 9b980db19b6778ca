package app

import (
	"context"
	"fmt"
	"time"

	"flightdeck/auth"
	"flightdeck/domain"
	"flightdeck/graph"
	"flightdeck/policy"
	"flightdeck/resolvers"
	"flightdeck/web"
	"flightdeck/web/document"
)

// ServerOptions configure the HTTP server of an App.
type ServerOptions struct {
	// Issuer verifies JSON Web Tokens. Nil: the server accepts only its own tokens.
	Issuer *auth.Issuer
	// Network, Playground and Version are those of [web.Config].
	Network    web.Network
	Playground bool
	Version    string
	// Limits are those of [web.Config]. Their clock is that of the App.
	Limits web.Limits
	// Trusted and TrustedOnly are those of [web.Documents].
	Trusted     document.Trusted
	TrustedOnly bool
	// Introspection selects the actors that may read the schema.
	Introspection Introspection
	// AnswerCacheBytes bounds the cache of answers, in bytes. 0: no cache.
	AnswerCacheBytes int
	// PublicMaxAge is that of [web.Answers].
	PublicMaxAge time.Duration
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

// Server returns a new HTTP server over the App. It changes nothing in the App, which may have
// several servers. The error says which option is not valid.
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
		Log: a.Log, Reader: a.Reader, Commands: a.Commands, Rebuilder: a.Rebuilder, Logger: a.logger, Rendered: a.rendered, CatchUps: resolvers.NewCatchUps(),
		RequestID: web.RequestID, Remote: web.Remote, NoStore: web.NoStore, LastEventID: web.LastEventID, SetEventID: web.SetEventID,
	}
	limits := options.Limits
	limits.Clock = a.clock
	tokens := authenticator{app: a, issuer: options.Issuer}
	return web.Config{
		Execution: web.Execution{
			Schema:          graph.New(graph.Config{Resolvers: root}),
			Scalars:         graph.Scalars(),
			ErrorPresenter:  root.Present,
			Recover:         root.Recover,
			AroundOperation: root.AroundOperation,
			Feed:            feed{a.Log, root},
		},
		Identity:   web.Identity{Authenticate: tokens.authenticate, Watch: tokens.watch, Actor: actorID},
		Documents:  web.Documents{Trusted: options.Trusted, TrustedOnly: options.TrustedOnly, Introspect: mayIntrospect},
		Limits:     limits,
		Answers:    web.Answers{CacheBytes: options.AnswerCacheBytes, CacheScope: a.cacheScope, StillFresh: a.stillFresh, PublicMaxAge: options.PublicMaxAge},
		Network:    options.Network,
		Ready:      a.ready,
		Playground: options.Playground,
		Logger:     a.logger,
		Version:    options.Version,
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
