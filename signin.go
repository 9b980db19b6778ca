package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"flightdeck/auth"
	"flightdeck/command"
	"flightdeck/domain"
)

// authenticate finds who sends a bearer token. No token is a visitor; a token that
// lets nobody in is an error, so that nobody takes being logged out for there being
// nothing to see.
func (d *deck) authenticate(ctx context.Context, authorization string) (context.Context, time.Time, error) {
	token, ok, err := auth.FromHeader(authorization)
	if err != nil {
		return ctx, time.Time{}, domain.Errorf(domain.Unauthenticated, "%v", err)
	}
	if !ok {
		return ctx, time.Time{}, nil
	}
	actor, expires, err := d.identify(ctx, token)
	if err != nil {
		return ctx, time.Time{}, err
	}
	return auth.WithToken(auth.WithActor(ctx, actor), token), expires, nil
}

// identify returns whom a token lets in, and until when.
func (d *deck) identify(ctx context.Context, token string) (actor domain.Actor, expires time.Time, err error) {
	if auth.KindOf(token) == auth.WebToken && d.issuer != nil {
		return d.externalUser(ctx, token)
	}
	digest := auth.HashToken(token)
	since, steady := d.moment()
	if known, ok := d.holders.get(digest, since.rebuilt, d.clock()); ok && steady {
		return known.actor, known.expires, nil
	}
	if actor, expires, err = d.lookUp(ctx, token, digest); err == nil && steady {
		d.holders.add(digest, holder{actor, expires, since})
	}
	return actor, expires, err
}

// lookUp is identify for a token of our own.
func (d *deck) lookUp(ctx context.Context, token string, digest []byte) (actor domain.Actor, expires time.Time, err error) {
	found := false
	if auth.KindOf(token) == auth.KeyToken {
		actor, expires, found, err = d.reader.Key(ctx, digest, d.clock())
		if err == nil && !found {
			err = domain.Errorf(domain.Unauthenticated, "the API key is unknown, revoked or has expired: ask an admin for another")
		}
		return actor, expires, err
	}
	actor, expires, found, err = d.reader.Session(ctx, digest, d.clock())
	if err == nil && !found {
		err = domain.Errorf(domain.Unauthenticated, "the token is unknown or has expired: log in again")
	}
	return actor, expires, err
}

// externalUser returns whom a web token names, and makes their account at first sight. Its
// role is the account's, unless the issuer rules it.
func (d *deck) externalUser(ctx context.Context, token string) (domain.Actor, time.Time, error) {
	claims, why := d.issuer.Verify(ctx, token)
	if why != nil {
		d.logger.InfoContext(ctx, "a web token was refused", "why", why)
		return domain.Actor{}, time.Time{}, domain.Errorf(domain.Unauthenticated, "the web token is not valid or has expired: get a new one from its issuer")
	}
	actor, found, err := d.reader.Actor(ctx, claims.UserID)
	if err != nil || found && (actor.Role == claims.Role || !claims.RoleFromIssuer) {
		return actor, claims.ExpiresAt, err
	}
	actor = domain.Actor{UserID: claims.UserID, Role: claims.Role}
	err = d.commands.Provision(ctx, command.ExternalUser{
		UserID: claims.UserID, DisplayName: claims.DisplayName, Email: claims.Email, Role: claims.Role,
	})
	return actor, claims.ExpiresAt, err
}

// watch ends a websocket with its session: when that is logged out, or its user gets
// another role. It looks again whether the session is as it was when it was let in,
// for it may have changed before the watch began.
func (d *deck) watch(ctx context.Context) (context.Context, error) {
	token := auth.TokenFrom(ctx)
	if token == "" {
		return ctx, nil
	}
	watched := d.commands.Watch.Add(ctx)
	actor, _, err := d.identify(ctx, token)
	if err != nil {
		return ctx, err
	}
	if actor != auth.ActorFrom(ctx) {
		return ctx, domain.Errorf(domain.Unauthenticated, "the session has changed: connect again")
	}
	return watched, nil
}

// webTokens are the flags about an outside issuer.
type webTokens struct {
	Issuer      string      `placeholder:"NAME" help:"What the claim iss says; with it, web tokens of this issuer are believed."`
	Audience    string      `placeholder:"NAME" help:"What the claim aud says."`
	JWKSURL     string      `name:"jwks-url" placeholder:"URL" help:"Where the issuer publishes its keys."`
	PublicKey   string      `placeholder:"FILE" help:"The issuer's public key in PEM, in the place of a URL."`
	SecretFile  string      `placeholder:"FILE" help:"A file with the secret shared with the issuer, in the place of a public key."`
	Algorithms  []string    `placeholder:"NAME" help:"Algorithms that are allowed, such as RS256; those that fit the key when left out."`
	RoleClaim   string      `placeholder:"NAME" help:"The claim that holds roles, such as realm_access.roles; it then decides about roles, and changeRole does not last."`
	DefaultRole domain.Role `default:"VIEWER" help:"The role of those whose token says none: ADMIN, EDITOR, AUTHOR or VIEWER."`
}

// open returns the issuer that the flags describe, nil when they describe none.
func (w webTokens) open(env *environment, clock func() time.Time) (*auth.Issuer, error) {
	sources := 0
	for _, given := range []string{w.JWKSURL, w.PublicKey, w.SecretFile} {
		if given != "" {
			sources++
		}
	}
	if w.Issuer == "" && w.Audience == "" && sources == 0 {
		return nil, nil
	}
	if sources != 1 {
		return nil, errors.New("web tokens need one of --jwt-jwks-url, --jwt-public-key and --jwt-secret-file")
	}
	role := domain.Role(strings.ToUpper(string(w.DefaultRole)))
	if !role.Valid() {
		return nil, fmt.Errorf("--jwt-default-role %q is none: use ADMIN, EDITOR, AUTHOR or VIEWER", w.DefaultRole)
	}
	keys, err := w.keys(env)
	if err != nil {
		return nil, err
	}
	return auth.NewIssuer(auth.IssuerOptions{
		Issuer: w.Issuer, Audience: w.Audience, Keys: keys, Algorithms: w.Algorithms,
		RoleClaim: w.RoleClaim, DefaultRole: role, Clock: clock,
	})
}

func (w webTokens) keys(env *environment) (auth.Keys, error) {
	switch {
	case w.JWKSURL != "":
		return auth.KeySet(env.ctx, w.JWKSURL, env.logger)
	case w.SecretFile != "":
		secret, err := readSecret(w.SecretFile)
		if err != nil {
			return auth.Keys{}, err
		}
		return auth.SecretKey([]byte(strings.TrimRight(string(secret), "\r\n")))
	}
	text, err := os.ReadFile(w.PublicKey)
	if err != nil {
		return auth.Keys{}, fmt.Errorf("read --jwt-public-key: %w", err)
	}
	return auth.PublicKey(text)
}

// readSecret reads a file that nobody but its owner, and perhaps their group, may
// read.
func readSecret(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("read a secret: %w", err)
	}
	if mode := info.Mode().Perm(); mode&0o027 != 0 {
		return nil, fmt.Errorf("the secret in %s is open to others (%#o): run chmod 600 %s", path, mode, path)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read a secret: %w", err)
	}
	return text, nil
}
