package auth

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/MicahParks/keyfunc/v3"
	"github.com/golang-jwt/jwt/v5"
	"golang.org/x/time/rate"
)

const (
	// keysTimeout bounds the wait for the keys of an issuer; keysLifetime is their lifetime;
	// keysPause is the shortest time between two requests for a key that is missing.
	keysTimeout  = 10 * time.Second
	keysLifetime = time.Hour
	keysPause    = time.Minute
	// maxKeySet bounds the response of an issuer, in bytes.
	maxKeySet = 1 << 20
	// minSecret is the shortest secret, in bytes (RFC 7518, section 3.2, for HS256).
	minSecret = 32
	// minRSA is the shortest RSA modulus, in bits (RFC 7518, section 3.3).
	minRSA = 2048
)

// Keys are the keys of an outside issuer with the algorithms that fit them. A key is used with
// these algorithms alone, so that a public key never serves as an HMAC secret.
type Keys struct {
	algorithms []string
	find       func(context.Context, *jwt.Token) (any, error)
}

var (
	rsaAlgorithms    = []string{"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"}
	ecAlgorithms     = []string{"ES256", "ES384", "ES512"}
	edAlgorithms     = []string{"EdDSA"}
	secretAlgorithms = []string{"HS256", "HS384", "HS512"}
)

// SecretKey returns the keys of an issuer that signs with a shared secret of at least 32 bytes.
func SecretKey(secret []byte) (Keys, error) {
	if len(secret) < minSecret {
		return Keys{}, fmt.Errorf("the secret of web tokens has %d bytes: use %d random bytes or more", len(secret), minSecret)
	}
	return fixed(secret, secretAlgorithms), nil
}

// PublicKey returns the keys of an issuer that signs with one private key. text is the public key
// in PEM: PUBLIC KEY, RSA PUBLIC KEY or CERTIFICATE.
func PublicKey(text []byte) (Keys, error) {
	block, _ := pem.Decode(text)
	if block == nil {
		return Keys{}, errors.New("the public key of web tokens is not in PEM format")
	}
	key, err := parsePublic(block)
	if err != nil {
		return Keys{}, fmt.Errorf("the public key of web tokens: %w", err)
	}
	switch key := key.(type) {
	case *rsa.PublicKey:
		if key.N.BitLen() < minRSA {
			return Keys{}, fmt.Errorf("the public key of web tokens has %d bits: use %d or more", key.N.BitLen(), minRSA)
		}
		return fixed(key, rsaAlgorithms), nil
	case *ecdsa.PublicKey:
		return fixed(key, ecAlgorithms), nil
	case ed25519.PublicKey:
		return fixed(key, edAlgorithms), nil
	}
	return Keys{}, fmt.Errorf("the public key of web tokens is a %T: use RSA, ECDSA or Ed25519", key)
}

func parsePublic(block *pem.Block) (any, error) {
	switch block.Type {
	case "PUBLIC KEY":
		return x509.ParsePKIXPublicKey(block.Bytes)
	case "RSA PUBLIC KEY":
		return x509.ParsePKCS1PublicKey(block.Bytes)
	case "CERTIFICATE":
		certificate, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, err
		}
		return certificate.PublicKey, nil
	}
	return nil, fmt.Errorf("it is a %s: give the public key", block.Type)
}

func fixed(key any, algorithms []string) Keys {
	return Keys{algorithms, func(context.Context, *jwt.Token) (any, error) { return key, nil }}
}

// KeySet returns the keys of an issuer that publishes them at a URL as a JSON Web Key Set (RFC
// 7517). It fetches them at once, each hour, and, at most once a minute, when a token names a key
// that is missing. A failed fetch is logged, and the last keys stay in use. The background work
// ends with ctx.
func KeySet(ctx context.Context, address string, logger *slog.Logger) (Keys, error) {
	if err := checkKeySetURL(address); err != nil {
		return Keys{}, err
	}
	set, err := keyfunc.NewDefaultOverrideCtx(ctx, []string{address}, keyfunc.Override{
		Client:            &http.Client{Timeout: keysTimeout, Transport: bounded{http.DefaultTransport}, CheckRedirect: refuseRedirect},
		HTTPTimeout:       keysTimeout,
		RefreshInterval:   keysLifetime,
		RefreshUnknownKID: rate.NewLimiter(rate.Every(keysPause), 1),
		RateLimitWaitMax:  keysTimeout, // it bounds the fetch too
		RefreshErrorHandlerFunc: func(string) func(context.Context, error) {
			return func(ctx context.Context, err error) {
				logger.ErrorContext(ctx, "the keys of web tokens cannot be had from their issuer", "url", address, "err", err)
			}
		},
	})
	if err != nil {
		return Keys{}, fmt.Errorf("keys of web tokens at %s: %w", address, err)
	}
	var all []string
	all = append(append(append(all, rsaAlgorithms...), ecAlgorithms...), edAlgorithms...)
	return Keys{all, func(ctx context.Context, t *jwt.Token) (any, error) {
		// A request that is cancelled does not cancel the fetch, which has a limited rate and
		// serves the others too.
		return set.KeyfuncCtx(context.WithoutCancel(ctx))(t)
	}}, nil
}

// checkKeySetURL accepts https URLs, and http URLs of this machine: an attacker on the way that
// replaces the keys could sign as any user.
func checkKeySetURL(address string) error {
	u, err := url.Parse(address)
	if err == nil && u.Scheme == "https" && u.Host != "" {
		return nil
	}
	if err == nil && u.Scheme == "http" {
		if ip := net.ParseIP(u.Hostname()); u.Hostname() == "localhost" || ip != nil && ip.IsLoopback() {
			return nil
		}
	}
	return fmt.Errorf("keys of web tokens at %q: use an address that begins with https://", address)
}

func refuseRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// bounded cuts responses at maxKeySet bytes.
type bounded struct{ http.RoundTripper }

func (b bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := b.RoundTripper.RoundTrip(r)
	if err == nil {
		response.Body = struct {
			io.Reader
			io.Closer
		}{io.LimitReader(response.Body, maxKeySet), response.Body}
	}
	return response, err
}
