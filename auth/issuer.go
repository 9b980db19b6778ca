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
	// leeway is the greatest difference between the clocks of issuer and server that is accepted.
	leeway = 30 * time.Second
	// maxWebToken bounds the length of a web token, in bytes.
	maxWebToken = 16 << 10
	// maxSubject bounds the length of a subject, in bytes; OpenID Connect Core, section 2, allows
	// 255 ASCII characters.
	maxSubject = 255
)

// IssuerOptions configure an Issuer. RoleClaim, Algorithms and Clock may be zero.
type IssuerOptions struct {
	// Issuer and Audience are the required values of the claims iss and aud.
	Issuer, Audience string
	// Keys verify the signatures of the tokens.
	Keys Keys
	// Algorithms restricts the signature algorithms; nil allows all that fit Keys.
	Algorithms []string
	// RoleClaim names the claim that holds a role or a list of roles, "" for none. Dots lead into
	// objects, as in realm_access.roles.
	RoleClaim string
	// DefaultRole is the role of a user whose token holds none.
	DefaultRole domain.Role
	// Clock tells the time at which tokens expire. Nil: time.Now.
	Clock func() time.Time
}

// Issuer verifies the JSON Web Tokens (RFC 7519) of one outside issuer. Its methods may be called
// concurrently.
type Issuer struct {
	options IssuerOptions
	parser  *jwt.Parser
}

// Claims are the statements of an issuer about a user.
type Claims struct {
	// UserID is derived from the names of the issuer and the subject, so that a subject has the
	// same id in every token.
	UserID      string
	DisplayName string
	// Email is "" unless the issuer has verified the address.
	Email string
	Role  domain.Role
	// RoleFromIssuer reports whether the issuer, and not the log, decides the role.
	RoleFromIssuer bool
	ExpiresAt      time.Time
}

// NewIssuer returns the issuer that the options describe. The error says which option is wrong.
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

// errWebToken is the same for every fault of a token: the sender cannot mend a token, and an
// attacker learns nothing.
var errWebToken = errors.New("the web token is not valid: get a new one from its issuer")

// causes are the faults of a token that the log tells apart, each in words of its own. The words of
// the parser's errors hold parts of the token, and any sender can write a token.
var causes = []error{
	jwt.ErrTokenMalformed, jwt.ErrTokenUnverifiable, jwt.ErrTokenSignatureInvalid, jwt.ErrTokenExpired, jwt.ErrTokenNotValidYet,
	jwt.ErrTokenUsedBeforeIssued, jwt.ErrTokenInvalidAudience, jwt.ErrTokenInvalidIssuer, jwt.ErrTokenRequiredClaimMissing,
}

// causeOf returns the words of causes for an error of the parser.
func causeOf(err error) string {
	var all []string
	for _, cause := range causes {
		if errors.Is(err, cause) {
			all = append(all, cause.Error())
		}
	}
	if len(all) == 0 {
		return "token is not valid"
	}
	return strings.Join(all, ", ")
}

// Verify returns the claims of a token of the issuer for our audience that is valid now. It may
// wait some seconds for the keys of the issuer. why wraps the one error of all refused tokens and
// names the cause for the log.
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
		return Claims{}, fmt.Errorf("%w: %s", errWebToken, causeOf(err))
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

// userID derives a UUID of version 8 (RFC 9562, section 5.8) from the names of issuer and subject.
func (i *Issuer) userID(subject string) string {
	sum := sha256.Sum256([]byte(i.options.Issuer + "\x00" + subject))
	u := sum[:16]
	u[6], u[8] = u[6]&0x0f|0x80, u[8]&0x3f|0x80
	return domain.NewID(domain.KindUser, fmt.Sprintf("%x-%x-%x-%x-%x", u[:4], u[4:6], u[6:8], u[8:10], u[10:]))
}

// role returns the highest role that the claims name, in any case of letters, or the default role.
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

// at follows a path of member names into nested objects. It returns nil if the path ends early.
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
	s, _ := claims[name].(string) //nolint:errcheck // a claim of another type counts as missing
	return s
}

// displayName returns a name for display: one line, no longer than a display name may be.
func displayName(claims map[string]any, subject string) string {
	for _, candidate := range []string{text(claims, "name"), text(claims, "preferred_username"), subject} {
		if name := domain.ClipName(candidate); name != "" {
			return name
		}
	}
	return "unnamed"
}
