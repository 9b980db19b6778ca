package e2e

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"flightdeck/auth"
	"flightdeck/domain"

	"github.com/golang-jwt/jwt/v5"
)

// outside is an issuer of web tokens, and a harness that believes it.
type outside struct {
	*desk
	key   *ecdsa.PrivateKey
	clock *hands
}

func startOutside(t *testing.T, set func(*auth.IssuerOptions)) *outside {
	t.Helper()
	o := &outside{clock: new(hands)}
	var err error
	if o.key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(&o.key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	keys, err := auth.PublicKey(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
	if err != nil {
		t.Fatal(err)
	}
	issuer := auth.IssuerOptions{Issuer: "https://issuer.example", Audience: "flightdeck", Keys: keys, DefaultRole: domain.Viewer, Clock: o.clock.now}
	set(&issuer)
	o.desk = &desk{start(t, withClock(o.clock), func(h *harness) {
		if h.server.Issuer, err = auth.NewIssuer(issuer); err != nil {
			t.Fatal(err)
		}
	})}
	return o
}

// token is one of the issuer's, good for an hour, with further claims.
func (o *outside) token(subject string, more object) string {
	o.t.Helper()
	all := jwt.MapClaims{"iss": "https://issuer.example", "aud": "flightdeck", "sub": subject, "exp": o.clock.now().Add(time.Hour).Unix()}
	for name, value := range more {
		all[name] = value
	}
	text, err := jwt.NewWithClaims(jwt.SigningMethodES256, all).SignedString(o.key)
	if err != nil {
		o.t.Fatal(err)
	}
	return text
}

const me = `{ viewer { id role displayName email } }`

func TestAnExternalUserHasAnAccountAtFirstSight(t *testing.T) {
	t.Parallel()
	o := startOutside(t, func(o *auth.IssuerOptions) { o.DefaultRole = domain.Author })
	o.ada()
	token := o.token("s-1", object{"name": "Sam", "email": "sam@example.org", "email_verified": true})
	sam := o.must(token, me, nil)
	if sam.text("viewer", "role") != "AUTHOR" || sam.text("viewer", "displayName") != "Sam" || sam.text("viewer", "email") != "sam@example.org" {
		t.Errorf("Sam is %s", sam.raw)
	}
	head := o.harness.head()
	wantText(t, "Sam again", o.whoIs(o.token("s-1", nil)), sam.text("viewer", "id"))
	wantText(t, "the head after Sam was seen again", o.harness.head(), head)
	eve := o.must(o.token("s-2", object{"email": "ada@example.org", "email_verified": true}), me, nil)
	if eve.text("viewer", "email") == "ada@example.org" || eve.text("viewer", "displayName") != "s-2" {
		t.Errorf("Eve has Ada's address: %s", eve.raw)
	}
	id := o.harness.content(token, nil)
	wantText(t, "author", o.must(token, `query($id: ID!) { content(id: $id) { author { displayName } } }`, object{"id": id}).text("content", "author", "displayName"), "Sam")
	if a := o.must(token, `mutation { logOut { loggedOut } }`, nil); a.at("logOut", "loggedOut") != false {
		t.Errorf("a web token is logged out: %s", a.raw)
	}
	_, admin := o.user(domain.Admin)
	o.harness.do(admin, "changeRole", object{"id": sam.text("viewer", "id"), "role": "EDITOR"})
	wantText(t, "the role that an admin gave", o.must(token, me, nil).text("viewer", "role"), "EDITOR")
	o.clock.move(2 * time.Hour)
	o.wantEnded("an expired token", token)
	o.wantEnded("nonsense", "a.b.c")
}

func TestAnIssuerThatRulesChangesRolesAndClosesSockets(t *testing.T) {
	t.Parallel()
	o := startOutside(t, func(o *auth.IssuerOptions) { o.RoleClaim = "roles" })
	editor := o.token("s-1", object{"roles": []string{"editor"}})
	wantText(t, "role", o.must(editor, me, nil).text("viewer", "role"), "EDITOR")
	socket := o.listen(editor, listenToAll, nil)
	viewer := o.token("s-1", nil)
	wantText(t, "role without the claim", o.must(viewer, me, nil).text("viewer", "role"), "VIEWER")
	if code := closedWith(t, socket); code != 4403 {
		t.Errorf("the editor's socket is closed with %d", code)
	}
	o.refused("ForbiddenError", viewer, "createContent", object{"title": "x", "content": ""})
	_, admin := o.user(domain.Admin)
	events := o.must(admin, `{ events(filter: {types: ["UserRoleChanged"]}) { nodes { actor { id } } } }`, nil)
	if list, _ := events.at("events", "nodes").([]any); len(list) != 1 || events.at("events", "nodes", 0, "actor") != nil {
		t.Errorf("the log says %s", events.raw)
	}
}

// The time of a websocket is the true one.
func TestASocketEndsWithItsWebToken(t *testing.T) {
	t.Parallel()
	o := startOutside(t, func(*auth.IssuerOptions) {})
	l := o.listen(o.token("s-1", object{"exp": time.Now().Add(3 * time.Second).Unix()}), listenToAll, nil)
	if code := closedWith(t, l); code != 4403 {
		t.Errorf("closed with %d", code)
	}
}

func TestFlagsAboutWebTokensFitTogether(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := func(name, text string, mode os.FileMode) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	secret := strings.Repeat("not to be told ", 4)
	good, open, short := write("good", secret+"\n", 0o600), write("open", secret, 0o644), write("short", "not to be told", 0o600)
	for name, c := range map[string]struct {
		args []string
		said string
	}{
		"no key":         {[]string{"--jwt-issuer", "i", "--jwt-audience", "a"}, "--jwt-jwks-url"},
		"two keys":       {[]string{"--jwt-issuer", "i", "--jwt-audience", "a", "--jwt-secret-file", good, "--jwt-public-key", good}, "one of"},
		"no audience":    {[]string{"--jwt-issuer", "i", "--jwt-secret-file", good}, "audience"},
		"open secret":    {[]string{"--jwt-issuer", "i", "--jwt-audience", "a", "--jwt-secret-file", open}, "chmod 600"},
		"short secret":   {[]string{"--jwt-issuer", "i", "--jwt-audience", "a", "--jwt-secret-file", short}, "32"},
		"no such file":   {[]string{"--jwt-issuer", "i", "--jwt-audience", "a", "--jwt-secret-file", dir + "/none"}, "none"},
		"no public key":  {[]string{"--jwt-issuer", "i", "--jwt-audience", "a", "--jwt-public-key", good}, "PEM"},
		"http":           {[]string{"--jwt-issuer", "i", "--jwt-audience", "a", "--jwt-jwks-url", "http://issuer.example"}, "https://"},
		"role":           {[]string{"--jwt-issuer", "i", "--jwt-audience", "a", "--jwt-secret-file", good, "--jwt-default-role", "KING"}, "KING"},
		"algorithm":      {[]string{"--jwt-issuer", "i", "--jwt-audience", "a", "--jwt-secret-file", good, "--jwt-algorithms", "RS256"}, "RS256"},
		"proxy":          {[]string{"--trusted-proxy", "everybody"}, "CIDR"},
		"half of TLS":    {[]string{"--tls-cert", good}, "together"},
		"an open key":    {[]string{"--tls-cert", good, "--tls-key", open}, "chmod 600"},
		"no certificate": {[]string{"--tls-cert", good, "--tls-key", good}, "--tls-cert"},
	} {
		said := wantCLI(t, 1, append([]string{"serve", "--addr", "127.0.0.1:0", "--db", filepath.Join(dir, name+".db")}, c.args...), c.said)
		if strings.Contains(said, "not to be told") {
			t.Errorf("%s: the secret is told: %s", name, said)
		}
	}
}

// Whoever was forgotten is not made anew by the next token or key.
func TestWhoWasForgottenIsNotLetInAgain(t *testing.T) {
	t.Parallel()
	for what, claim := range map[string]string{"roles of the account": "", "roles of the issuer": "roles"} {
		o := startOutside(t, func(o *auth.IssuerOptions) { o.RoleClaim = claim })
		_, admin := o.user(domain.Admin)
		token := o.token("s-1", object{"roles": "EDITOR", "name": "Sam"})
		sam := o.whoIs(token)
		key := o.must(admin, createKey, object{"name": "Robot", "role": "EDITOR"})
		o.harness.do(admin, "forgetUser", object{"id": sam})
		o.harness.do(admin, "forgetUser", object{"id": key.text("done", "apiKey", "user", "id")})
		head := o.harness.head()
		o.wantEnded("the token of somebody forgotten, with the "+what, token)
		o.wantEnded("the key of a machine that was forgotten", key.text("done", "key"))
		wantText(t, "head", o.harness.head(), head)
		if list := o.must(admin, `{ apiKeys { name } }`, nil); strings.Contains(string(list.raw), "Robot") {
			t.Errorf("apiKeys answers %s", list.raw)
		}
	}
}
