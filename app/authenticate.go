package app

import (
	"context"
	"time"

	"flightdeck/auth"
	"flightdeck/command"
	"flightdeck/domain"
	"flightdeck/web"
)

// authenticator finds the actor that a bearer token stands for.
type authenticator struct {
	app    *App
	issuer *auth.Issuer // of web tokens; nil if none are accepted
}

// authenticate returns a context with the actor of an Authorization header, and the time at which
// the token expires, zero for never. A request without a token is a visitor's. A token that is not
// valid is an error: a client must notice that its session has ended.
func (a authenticator) authenticate(ctx context.Context, authorization string) (context.Context, time.Time, error) {
	token, ok, err := auth.FromHeader(authorization)
	if err != nil {
		return ctx, time.Time{}, domain.Errorf(domain.Unauthenticated, "%v", err)
	}
	if !ok {
		return ctx, time.Time{}, nil
	}
	actor, expires, err := a.identify(ctx, token)
	if err != nil {
		return ctx, time.Time{}, err
	}
	return auth.WithToken(auth.WithActor(ctx, actor), token), expires, nil
}

// identify returns the actor of a token, and the time at which the token expires.
func (a authenticator) identify(ctx context.Context, token string) (actor domain.Actor, expires time.Time, err error) {
	if auth.KindOf(token) == auth.WebToken && a.issuer != nil {
		return a.externalUser(ctx, token)
	}
	return a.app.identify(ctx, token)
}

// identify returns the actor of one of FlightDeck's own tokens, from the cache if it is there, and
// the time at which the token expires.
func (a *App) identify(ctx context.Context, token string) (actor domain.Actor, expires time.Time, err error) {
	digest := auth.HashToken(token)
	at, steady := a.readPoint()
	if known, ok := a.principals.get(digest, at.epoch, a.clock()); ok && steady {
		return known.actor, known.expires, nil
	}
	if actor, expires, err = a.lookUp(ctx, token, digest); err == nil && steady {
		a.principals.add(digest, principal{actor, expires, at})
	}
	return actor, expires, err
}

// lookUp reads the actor of a token from the tables.
func (a *App) lookUp(ctx context.Context, token string, digest []byte) (actor domain.Actor, expires time.Time, err error) {
	found := false
	if auth.KindOf(token) == auth.KeyToken {
		actor, expires, found, err = a.Accounts.ActorByKey(ctx, digest, a.clock())
		if err == nil && !found {
			err = domain.Errorf(domain.Unauthenticated, "the API key is unknown, revoked or has expired: ask an admin for another")
		}
		return actor, expires, err
	}
	actor, expires, found, err = a.Accounts.ActorByToken(ctx, digest, a.clock())
	if err == nil && !found {
		err = domain.Errorf(domain.Unauthenticated, "the token is unknown or has expired: log in again")
	}
	return actor, expires, err
}

// externalUser returns the actor of an issuer's web token, and creates the actor's account when
// FlightDeck sees it for the first time. The account decides the role, unless the issuer does.
func (a authenticator) externalUser(ctx context.Context, token string) (domain.Actor, time.Time, error) {
	claims, why := a.issuer.Verify(ctx, token)
	if why != nil {
		a.app.logger.InfoContext(ctx, "a web token was refused", "why", why, "remote", web.Remote(ctx), "request_id", web.RequestID(ctx))
		return domain.Actor{}, time.Time{}, domain.Errorf(domain.Unauthenticated, "the web token is not valid or has expired: get a new one from its issuer")
	}
	actor, found, err := a.app.Accounts.Actor(ctx, claims.UserID)
	if err != nil || found && (actor.Role == claims.Role || !claims.RoleFromIssuer) {
		return actor, claims.ExpiresAt, err
	}
	actor = domain.Actor{UserID: claims.UserID, Role: claims.Role}
	err = a.app.Commands.Provision(ctx, command.ExternalUser{
		UserID: claims.UserID, DisplayName: claims.DisplayName, Email: claims.Email, Role: claims.Role,
	})
	return actor, claims.ExpiresAt, err
}

// watch returns a context that ends with the session of ctx: at its log-out, or when its user gets
// another role. It identifies the token once more, because the session may have changed between
// authenticate and the start of the watch.
func (a authenticator) watch(ctx context.Context) (context.Context, error) {
	token := auth.TokenFrom(ctx)
	if token == "" {
		return ctx, nil
	}
	watched := a.app.Commands.Watch.Add(ctx)
	actor, _, err := a.identify(ctx, token)
	if err != nil {
		return ctx, err
	}
	if actor != auth.ActorFrom(ctx) {
		return ctx, domain.Errorf(domain.Unauthenticated, "the session has changed: connect again")
	}
	return watched, nil
}
