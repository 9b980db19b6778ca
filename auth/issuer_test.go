package auth_test

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"log/slog"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"flightdeck/auth"
	"flightdeck/domain"

	"github.com/golang-jwt/jwt/v5"
)

// noon is the time of these tests.
var noon = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)

// rsaKey is one key for all tests: it takes a while to make.
var rsaKey = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
})

func publicPEM(t *testing.T, key any) []byte {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
}

// claims returns the claims of a good token with some replaced; nil removes one.
func claims(changed map[string]any) jwt.MapClaims {
	all := jwt.MapClaims{
		"iss": "https://issuer.example", "aud": "flightdeck", "sub": "ada",
		"exp": noon.Add(time.Hour).Unix(), "nbf": noon.Add(-time.Hour).Unix(),
	}
	for name, value := range changed {
		all[name] = value
		if value == nil {
			delete(all, name)
		}
	}
	return all
}

func sign(t *testing.T, method jwt.SigningMethod, key any, all jwt.MapClaims, header ...any) string {
	t.Helper()
	token := jwt.NewWithClaims(method, all)
	for i := 0; i < len(header); i += 2 {
		token.Header[header[i].(string)] = header[i+1]
	}
	text, err := token.SignedString(key)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func issuer(t *testing.T, keys auth.Keys, change ...func(*auth.IssuerOptions)) *auth.Issuer {
	t.Helper()
	o := auth.IssuerOptions{
		Issuer: "https://issuer.example", Audience: "flightdeck", Keys: keys, DefaultRole: domain.Viewer,
		Clock: func() time.Time { return noon },
	}
	for _, f := range change {
		f(&o)
	}
	i, err := auth.NewIssuer(o)
	if err != nil {
		t.Fatal(err)
	}
	return i
}

func publicKeys(t *testing.T, key any) auth.Keys {
	t.Helper()
	keys, err := auth.PublicKey(publicPEM(t, key))
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

func TestAWebTokenIsBelievedWhenEverythingFits(t *testing.T) {
	t.Parallel()
	public := publicPEM(t, &rsaKey().PublicKey)
	i := issuer(t, publicKeys(t, &rsaKey().PublicKey))
	rs := jwt.SigningMethodRS256
	other, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	good := sign(t, rs, rsaKey(), claims(nil))
	parts := strings.Split(good, ".")
	for name, c := range map[string]struct {
		token string
		ok    bool
	}{
		"a good one":                   {good, true},
		"several audiences":            {sign(t, rs, rsaKey(), claims(map[string]any{"aud": []string{"x", "flightdeck"}})), true},
		"just expired":                 {sign(t, rs, rsaKey(), claims(map[string]any{"exp": noon.Add(-20 * time.Second).Unix()})), true},
		"about to begin":               {sign(t, rs, rsaKey(), claims(map[string]any{"nbf": noon.Add(20 * time.Second).Unix()})), true},
		"PS256":                        {sign(t, jwt.SigningMethodPS256, rsaKey(), claims(nil)), true},
		"expired":                      {sign(t, rs, rsaKey(), claims(map[string]any{"exp": noon.Add(-time.Minute).Unix()})), false},
		"not begun":                    {sign(t, rs, rsaKey(), claims(map[string]any{"nbf": noon.Add(time.Minute).Unix()})), false},
		"no expiry":                    {sign(t, rs, rsaKey(), claims(map[string]any{"exp": nil})), false},
		"another issuer":               {sign(t, rs, rsaKey(), claims(map[string]any{"iss": "https://issuer.example/"})), false},
		"no issuer":                    {sign(t, rs, rsaKey(), claims(map[string]any{"iss": nil})), false},
		"another audience":             {sign(t, rs, rsaKey(), claims(map[string]any{"aud": "other"})), false},
		"no audience":                  {sign(t, rs, rsaKey(), claims(map[string]any{"aud": nil})), false},
		"no subject":                   {sign(t, rs, rsaKey(), claims(map[string]any{"sub": nil})), false},
		"an empty subject":             {sign(t, rs, rsaKey(), claims(map[string]any{"sub": ""})), false},
		"a subject that is a number":   {sign(t, rs, rsaKey(), claims(map[string]any{"sub": 7})), false},
		"a long subject":               {sign(t, rs, rsaKey(), claims(map[string]any{"sub": strings.Repeat("x", 256)})), false},
		"another key":                  {sign(t, rs, other, claims(nil)), false},
		"no signature":                 {sign(t, jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, claims(nil)), false},
		"the public key as the secret": {sign(t, jwt.SigningMethodHS256, public, claims(nil)), false},
		"a critical header":            {sign(t, rs, rsaKey(), claims(nil), "crit", []string{"exp"}), false},
		"other claims":                 {parts[0] + "." + strings.Split(sign(t, rs, other, claims(map[string]any{"sub": "eve"})), ".")[1] + "." + parts[2], false},
		"cut":                          {good[:len(good)-4], false},
		"a long one":                   {sign(t, rs, rsaKey(), claims(map[string]any{"x": strings.Repeat("x", 20000)})), false},
		"nonsense":                     {"a.b.c", false},
	} {
		got, err := i.Verify(t.Context(), c.token)
		if (err == nil) != c.ok {
			t.Errorf("%s: %v", name, err)
		}
		if !c.ok && got != (auth.Claims{}) {
			t.Errorf("%s says %+v", name, got)
		}
		if err != nil && strings.Contains(err.Error(), c.token) {
			t.Errorf("%s: the error holds the token", name)
		}
	}
}

func TestWhatAWebTokenSays(t *testing.T) {
	t.Parallel()
	keys := publicKeys(t, &rsaKey().PublicKey)
	ruled := func(o *auth.IssuerOptions) { o.RoleClaim = "realm_access.roles" }
	say := func(i *auth.Issuer, changed map[string]any) auth.Claims {
		t.Helper()
		got, err := i.Verify(t.Context(), sign(t, jwt.SigningMethodRS256, rsaKey(), claims(changed)))
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	plain, strict := issuer(t, keys), issuer(t, keys, ruled)
	ada := say(plain, nil)
	if kind, ok := domain.KindOf(ada.UserID); !ok || kind != domain.KindUser || ada.Role != domain.Viewer || ada.RoleFromIssuer || ada.DisplayName != "ada" || ada.Email != "" {
		t.Errorf("ada is %+v", ada)
	}
	if !ada.ExpiresAt.Equal(noon.Add(time.Hour)) {
		t.Errorf("until %s", ada.ExpiresAt)
	}
	if again := say(strict, nil); again.UserID != ada.UserID || !again.RoleFromIssuer {
		t.Errorf("ada again is %+v", again)
	}
	elsewhere := issuer(t, keys, func(o *auth.IssuerOptions) { o.Issuer = "https://other.example" })
	if say(elsewhere, map[string]any{"iss": "https://other.example"}).UserID == ada.UserID || say(plain, map[string]any{"sub": "Ada"}).UserID == ada.UserID {
		t.Error("two people have one id")
	}
	for _, c := range []struct {
		roles any
		want  domain.Role
	}{
		{nil, domain.Viewer}, {"admin", domain.Admin}, {"Editor", domain.Editor}, {[]string{"x", "author", "editor"}, domain.Editor},
		{"openid author", domain.Author}, {[]any{7, "AUTHOR"}, domain.Author}, {7, domain.Viewer}, {[]string{"administrator"}, domain.Viewer},
	} {
		access := map[string]any{"realm_access": map[string]any{"roles": c.roles}}
		if got := say(strict, access).Role; got != c.want {
			t.Errorf("%v makes %s, want %s", c.roles, got, c.want)
		}
		if got := say(plain, access).Role; got != domain.Viewer {
			t.Errorf("%v makes %s of somebody whose issuer does not rule", c.roles, got)
		}
	}
	named := say(plain, map[string]any{"name": " Ada\nL. \u0000", "email": "ada@example.org", "email_verified": true})
	if named.DisplayName != "Ada L." || named.Email != "ada@example.org" {
		t.Errorf("named %+v", named)
	}
	if got := say(plain, map[string]any{"email": "ada@example.org"}).Email; got != "" {
		t.Errorf("an address that nobody has verified is %q", got)
	}
}

func TestKeysFitTheirAlgorithmsOnly(t *testing.T) {
	t.Parallel()
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	edPublic, ed, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	secret := []byte(strings.Repeat("s", 32))
	shared, err := auth.SecretKey(secret)
	if err != nil {
		t.Fatal(err)
	}
	tokens := map[string]string{
		"RS256": sign(t, jwt.SigningMethodRS256, rsaKey(), claims(nil)), "ES256": sign(t, jwt.SigningMethodES256, ec, claims(nil)),
		"EdDSA": sign(t, jwt.SigningMethodEdDSA, ed, claims(nil)), "HS256": sign(t, jwt.SigningMethodHS256, secret, claims(nil)),
	}
	for fits, keys := range map[string]auth.Keys{
		"RS256": publicKeys(t, &rsaKey().PublicKey), "ES256": publicKeys(t, &ec.PublicKey), "EdDSA": publicKeys(t, edPublic), "HS256": shared,
	} {
		for algorithm, token := range tokens {
			if _, err := issuer(t, keys).Verify(t.Context(), token); (err == nil) != (fits == algorithm) {
				t.Errorf("keys of %s, token of %s: %v", fits, algorithm, err)
			}
		}
		o := auth.IssuerOptions{Issuer: "i", Audience: "a", Keys: keys, Algorithms: []string{"none"}}
		if _, err := auth.NewIssuer(o); err == nil {
			t.Errorf("keys of %s are used without a signature", fits)
		}
	}
	only384 := issuer(t, publicKeys(t, &rsaKey().PublicKey), func(o *auth.IssuerOptions) { o.Algorithms = []string{"RS384"} })
	if _, err := only384.Verify(t.Context(), tokens["RS256"]); err == nil {
		t.Error("an algorithm that is not allowed is believed")
	}
}

func TestKeysThatAreNoneAreErrors(t *testing.T) {
	t.Parallel()
	short, err := rsa.GenerateKey(rand.Reader, 1024) //nolint:gosec // the point of it
	if err != nil {
		t.Fatal(err)
	}
	private := pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(rsaKey())})
	for name, text := range map[string][]byte{"short": publicPEM(t, &short.PublicKey), "private": private, "no PEM": []byte("key"), "empty": nil} {
		if _, err := auth.PublicKey(text); err == nil {
			t.Errorf("%s is a public key", name)
		} else if strings.Contains(err.Error(), string(private)) {
			t.Errorf("%s: the error holds the key", name)
		}
	}
	if _, err := auth.SecretKey([]byte(strings.Repeat("s", 31))); err == nil {
		t.Error("31 bytes are a secret")
	}
	for _, address := range []string{"", "http://issuer.example/keys", "ftp://issuer.example", "file:///etc/passwd", "https://"} {
		if _, err := auth.KeySet(t.Context(), address, slog.New(slog.DiscardHandler)); err == nil {
			t.Errorf("keys are taken from %q", address)
		}
	}
	if _, err := auth.NewIssuer(auth.IssuerOptions{Issuer: "i"}); err == nil {
		t.Error("an issuer needs no audience")
	}
}

// keySet is the JSON of RSA keys by their ids.
func keySet(keys map[string]*rsa.PublicKey) []byte {
	var list []map[string]string
	for id, key := range keys {
		list = append(list, map[string]string{
			"kty": "RSA", "use": "sig", "alg": "RS256", "kid": id,
			"n": base64.RawURLEncoding.EncodeToString(key.N.Bytes()),
			"e": base64.RawURLEncoding.EncodeToString(big.NewInt(int64(key.E)).Bytes()),
		})
	}
	text, err := json.Marshal(map[string]any{"keys": list})
	if err != nil {
		panic(err)
	}
	return text
}

func TestKeysOfAURLAreFetchedAgainForOneThatIsNew(t *testing.T) {
	t.Parallel()
	next, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex // guards the fields below
	published, asked := keySet(map[string]*rsa.PublicKey{"one": &rsaKey().PublicKey}), 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		asked++
		_, _ = w.Write(published)
	}))
	defer server.Close()
	keys, err := auth.KeySet(t.Context(), server.URL, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	i := issuer(t, keys)
	believe := func(key *rsa.PrivateKey, id string) bool {
		_, err := i.Verify(t.Context(), sign(t, jwt.SigningMethodRS256, key, claims(nil), "kid", id))
		return err == nil
	}
	for range 2 {
		if !believe(rsaKey(), "one") || asked != 1 {
			t.Errorf("the first key is not believed, or was asked for %d times", asked)
		}
	}
	mu.Lock()
	published = keySet(map[string]*rsa.PublicKey{"two": &next.PublicKey})
	mu.Unlock()
	if !believe(next, "two") || believe(rsaKey(), "one") || asked != 2 {
		t.Errorf("the second key is not believed, or the first still is, or there were %d questions", asked)
	}
	for range 10 { // within the minute an unknown key causes no further request
		if believe(next, "three") {
			t.Error("a key of another id is believed")
		}
	}
	if asked != 2 {
		t.Errorf("the issuer was asked %d times", asked)
	}
	secret := sign(t, jwt.SigningMethodHS256, []byte("guess"), claims(nil), "kid", "two")
	if _, err := i.Verify(t.Context(), secret); err == nil {
		t.Error("a secret is believed where keys are public")
	}
}

func TestAnIssuerThatDoesNotAnswerKeepsNobodyFromStarting(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/redirect" {
			http.Redirect(w, r, "/keys", http.StatusFound)
			return
		}
		_, _ = w.Write(append([]byte(`{"keys":[],"x":"`), make([]byte, 2<<20)...))
	}))
	defer server.Close()
	for _, path := range []string{"/", "/redirect"} {
		keys, err := auth.KeySet(t.Context(), server.URL+path, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		if _, err := issuer(t, keys).Verify(t.Context(), sign(t, jwt.SigningMethodRS256, rsaKey(), claims(nil), "kid", "one")); err == nil {
			t.Errorf("%s: a token is believed without keys", path)
		}
	}
}

// TestAFaultOfATokenIsToldInFixedWords: the cause goes into the log, and any sender can write a
// token.
func TestAFaultOfATokenIsToldInFixedWords(t *testing.T) {
	t.Parallel()
	const words = "ada@example.org"
	i := issuer(t, publicKeys(t, &rsaKey().PublicKey))
	for cause, token := range map[string]string{
		"token is unverifiable":      base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"`+words+`"}`)) + ".e30.eA",
		"token is expired":           sign(t, jwt.SigningMethodRS256, rsaKey(), claims(map[string]any{"exp": noon.Add(-time.Hour).Unix(), "sub": words})),
		"token has invalid issuer":   sign(t, jwt.SigningMethodRS256, rsaKey(), claims(map[string]any{"iss": words})),
		"token has invalid audience": sign(t, jwt.SigningMethodRS256, rsaKey(), claims(map[string]any{"aud": words})),
		"token is malformed":         words + ".x.y",
	} {
		_, err := i.Verify(t.Context(), token)
		if err == nil || !strings.Contains(err.Error(), cause) || strings.Contains(err.Error(), "example.org") {
			t.Errorf("%s: %v", cause, err)
		}
	}
}
