package auth

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"flightdeck/domain"

	"github.com/golang-jwt/jwt/v5"
)

const (
	// leeway is how far the clocks of issuer and server may differ.
	leeway = 30 * time.Second
	// maxWebToken is the longest web token, in bytes, that is looked at.
	maxWebToken = 16 << 10
	// maxSubject is the longest name that an issuer may have for somebody; OpenID
	// Connect Core, section 2, allows 255 ASCII characters.
	maxSubject = 255
)

// IssuerOptions say whose web tokens are believed. All but RoleClaim, Algorithms and
// Clock are required; of Keys there is one.
type IssuerOptions struct {
	// Issuer and Audience are what the claims iss and aud must say.
	Issuer, Audience string
	// Keys are those by which the tokens are signed.
	Keys Keys
	// Algorithms are those allowed, of those that fit the keys; nil: all that do.
	Algorithms []string
	// RoleClaim names the claim that holds a role or a list of them, "" for none. Dots
	// lead into objects, as in realm_access.roles.
	RoleClaim string
	// DefaultRole is the role of those whose token has none.
	DefaultRole domain.Role
	// Clock is the time by which tokens expire. Nil: time.Now.
	Clock func() time.Time
}

// Issuer believes the JSON Web Tokens (RFC 7519) of one outside issuer. Its methods
// may be called at the same time.
type Issuer struct {
	options IssuerOptions
	parser  *jwt.Parser
}

// Claims are what an issuer says of somebody.
type Claims struct {
	// UserID follows from the names of the issuer and of the subject, so that the same
	// person has it again without anybody keeping a table.
	UserID      string
	DisplayName string
	// Email is "" unless the issuer has verified it.
	Email string
	Role  domain.Role
	// RoleFromIssuer says that the issuer decides about the role.
	RoleFromIssuer bool
	ExpiresAt      time.Time
}

// NewIssuer returns the issuer of these options, or what is wrong with them.
func NewIssuer(o IssuerOptions) (*Issuer, error) {
	if o.Issuer == "" || o.Audience == "" {
		return nil, errors.New("web tokens need an issuer and an audience: without them a token that is meant for somebody else would be believed")
	}
	allowed := o.Keys.algorithms
	for _, name := range o.Algorithms {
		if !slices.Contains(allowed, name) {
			return nil, fmt.Errorf("the algorithm %s does not fit the key: choose among %s", name, strings.Join(allowed, ", "))
		}
	}
	if len(o.Algorithms) > 0 {
		allowed = o.Algorithms
	}
	if o.Clock == nil {
		o.Clock = time.Now
	}
	return &Issuer{o, jwt.NewParser(
		jwt.WithValidMethods(allowed), jwt.WithIssuer(o.Issuer), jwt.WithAudience(o.Audience),
		jwt.WithExpirationRequired(), jwt.WithLeeway(leeway), jwt.WithTimeFunc(o.Clock), jwt.WithStrictDecoding(),
	)}, nil
}

// errWebToken does not say what is wrong with a token: its sender cannot mend it, and
// whoever tries tokens is not helped.
var errWebToken = errors.New("the web token is not valid: get a new one from its issuer")

// Verify returns what a token says, if it is the issuer's, meant for us, and valid
// now. It may wait for the issuer's keys, some seconds at most. The error is the same
// for every token that is not; why wraps it, and is for the log.
func (i *Issuer) Verify(ctx context.Context, token string) (claims Claims, why error) {
	if len(token) > maxWebToken {
		return Claims{}, fmt.Errorf("%w: %d bytes", errWebToken, len(token))
	}
	all := jwt.MapClaims{}
	parsed, err := i.parser.ParseWithClaims(token, all, func(t *jwt.Token) (any, error) {
		if _, critical := t.Header["crit"]; critical { // RFC 7515, section 4.1.11
			return nil, errors.New("the header crit asks for what is not understood")
		}
		return i.options.Keys.find(ctx, t)
	})
	if err != nil {
		return Claims{}, errors.Join(errWebToken, err)
	}
	subject, err := parsed.Claims.GetSubject()
	if err != nil || subject == "" || len(subject) > maxSubject || !utf8.ValidString(subject) {
		return Claims{}, fmt.Errorf("%w: no usable subject", errWebToken)
	}
	expires, err := parsed.Claims.GetExpirationTime()
	if err != nil || expires == nil {
		return Claims{}, fmt.Errorf("%w: no expiry", errWebToken)
	}
	claims = Claims{UserID: i.userID(subject), ExpiresAt: expires.Time, RoleFromIssuer: i.options.RoleClaim != "", Role: i.role(all)}
	claims.DisplayName = displayName(all, subject)
	if verified, ok := all["email_verified"].(bool); ok && verified {
		claims.Email = text(all, "email")
	}
	return claims, nil
}

// userID makes a UUID of version 8 (RFC 9562, section 5.8) of two names.
func (i *Issuer) userID(subject string) string {
	sum := sha256.Sum256([]byte(i.options.Issuer + "\x00" + subject))
	u := sum[:16]
	u[6], u[8] = u[6]&0x0f|0x80, u[8]&0x3f|0x80
	return domain.NewID(domain.KindUser, fmt.Sprintf("%x-%x-%x-%x-%x", u[:4], u[4:6], u[6:8], u[8:10], u[10:]))
}

// role returns the highest of the roles that a token has, in any case of letters, or
// the default.
func (i *Issuer) role(claims map[string]any) domain.Role {
	if i.options.RoleClaim == "" {
		return i.options.DefaultRole
	}
	var has []string
	switch v := at(claims, strings.Split(i.options.RoleClaim, ".")).(type) {
	case string:
		has = strings.Fields(v)
	case []any:
		for _, one := range v {
			if s, ok := one.(string); ok {
				has = append(has, s)
			}
		}
	}
	for _, role := range []domain.Role{domain.Admin, domain.Editor, domain.Author, domain.Viewer} {
		if slices.ContainsFunc(has, func(s string) bool { return strings.EqualFold(s, string(role)) }) {
			return role
		}
	}
	return i.options.DefaultRole
}

// at follows a path into objects.
func at(v any, path []string) any {
	for _, name := range path {
		object, ok := v.(map[string]any)
		if !ok {
			return nil
		}
		v = object[name]
	}
	return v
}

func text(claims map[string]any, name string) string {
	s, _ := claims[name].(string) //nolint:errcheck // what is no text is as good as none
	return s
}

// displayName returns a name that others may see: one line, no longer than a name may
// be.
func displayName(claims map[string]any, subject string) string {
	for _, candidate := range []string{text(claims, "name"), text(claims, "preferred_username"), subject} {
		if name := domain.ClipName(candidate); name != "" {
			return name
		}
	}
	return "unnamed"
}
