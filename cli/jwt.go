package cli

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"flightdeck/auth"
	"flightdeck/domain"
	"flightdeck/vault"
)

// webTokens is the flags about an issuer of JSON Web Tokens.
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

// open returns the issuer that the flags describe, nil if they describe none.
func (w webTokens) open(env *environment) (*auth.Issuer, error) {
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
		RoleClaim: w.RoleClaim, DefaultRole: role,
	})
}

// keys returns the keys that verify the issuer's tokens.
func (w webTokens) keys(env *environment) (auth.Keys, error) {
	switch {
	case w.JWKSURL != "":
		return auth.KeySet(env.ctx, w.JWKSURL, env.logger)
	case w.SecretFile != "":
		secret, err := vault.ReadSecret(w.SecretFile)
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
