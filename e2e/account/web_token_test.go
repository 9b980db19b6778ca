package account

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
	"flightdeck/e2e/harness"

	"github.com/golang-jwt/jwt/v5"
)

// outside is an issuer of web tokens, and a harness that accepts them.
type outside struct {
	*harness.Harness
	key   *ecdsa.PrivateKey
	clock *harness.Clock
}

func startOutside(t *testing.T, set func(*auth.IssuerOptions)) *outside {
	t.Helper()
	o := &outside{clock: new(harness.Clock)}
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
	issuer := auth.IssuerOptions{Issuer: "https://issuer.example", Audience: "flightdeck", Keys: keys, DefaultRole: domain.Viewer, Clock: o.clock.Now}
	set(&issuer)
	o.Harness = harness.Start(t, harness.WithClock(o.clock), func(h *harness.Harness) {
		if h.ServerOptions.Issuer, err = auth.NewIssuer(issuer); err != nil {
			t.Fatal(err)
		}
	})
	return o
}

// token returns a token of the issuer, valid for an hour, with further claims.
func (o *outside) token(subject string, more harness.Object) string {
	o.T.Helper()
	all := jwt.MapClaims{"iss": "https://issuer.example", "aud": "flightdeck", "sub": subject, "exp": o.clock.Now().Add(time.Hour).Unix()}
	for name, value := range more {
		all[name] = value
	}
	text, err := jwt.NewWithClaims(jwt.SigningMethodES256, all).SignedString(o.key)
	if err != nil {
		o.T.Fatal(err)
	}
	return text
}

const me = `{ viewer { id role displayName email } }`

func TestAnExternalUserHasAnAccountAtFirstSight(t *testing.T) {
	t.Parallel()
	o := startOutside(t, func(o *auth.IssuerOptions) { o.DefaultRole = domain.Author })
	o.RegisterAda()
	token := o.token("s-1", harness.Object{"name": "Sam", "email": "sam@example.org", "email_verified": true})
	sam := o.Must(token, me, nil)
	if sam.Text("viewer", "role") != "AUTHOR" || sam.Text("viewer", "displayName") != "Sam" || sam.Text("viewer", "email") != "sam@example.org" {
		t.Errorf("Sam is %s", sam.Raw)
	}
	head := o.Harness.Head().String()
	harness.WantText(t, "Sam again", o.WhoIs(o.token("s-1", nil)), sam.Text("viewer", "id"))
	harness.WantText(t, "the head after Sam was seen again", o.Harness.Head().String(), head)
	eve := o.Must(o.token("s-2", harness.Object{"email": "ada@example.org", "email_verified": true}), me, nil)
	if eve.Text("viewer", "email") == "ada@example.org" || eve.Text("viewer", "displayName") != "s-2" {
		t.Errorf("Eve has Ada's address: %s", eve.Raw)
	}
	id := o.Harness.CreateContent(token, nil)
	harness.WantText(t, "author", o.Must(token, `query($id: ID!) { content(id: $id) { author { displayName } } }`, harness.Object{"id": id}).Text("content", "author", "displayName"), "Sam")
	if a := o.Must(token, `mutation { logOut { loggedOut } }`, nil); a.At("logOut", "loggedOut") != false {
		t.Errorf("a web token is logged out: %s", a.Raw)
	}
	_, admin := o.User(domain.Admin)
	o.Harness.Mutate(admin, "changeRole", harness.Object{"id": sam.Text("viewer", "id"), "role": "EDITOR"})
	harness.WantText(t, "the role that an admin gave", o.Must(token, me, nil).Text("viewer", "role"), "EDITOR")
	o.clock.Move(2 * time.Hour)
	o.WantEnded("an expired token", token)
	o.WantEnded("nonsense", "a.b.c")
}

func TestAnIssuerThatRulesChangesRolesAndClosesSockets(t *testing.T) {
	t.Parallel()
	o := startOutside(t, func(o *auth.IssuerOptions) { o.RoleClaim = "roles" })
	editor := o.token("s-1", harness.Object{"roles": []string{"editor"}})
	harness.WantText(t, "role", o.Must(editor, me, nil).Text("viewer", "role"), "EDITOR")
	socket := o.Listen(editor, listenToAll, nil)
	viewer := o.token("s-1", nil)
	harness.WantText(t, "role without the claim", o.Must(viewer, me, nil).Text("viewer", "role"), "VIEWER")
	if code := closedWith(t, socket); code != 4403 {
		t.Errorf("the editor's socket is closed with %d", code)
	}
	o.Refused("ForbiddenError", viewer, "createContent", harness.Object{"title": "x", "content": ""})
	_, admin := o.User(domain.Admin)
	events := o.Must(admin, `{ events(filter: {types: ["UserRoleChanged"]}) { nodes { actor { id } } } }`, nil)
	if list, _ := events.At("events", "nodes").([]any); len(list) != 1 || events.At("events", "nodes", 0, "actor") != nil {
		t.Errorf("the log says %s", events.Raw)
	}
}

// TestASocketEndsWithItsWebToken uses the true time, because a websocket does.
func TestASocketEndsWithItsWebToken(t *testing.T) {
	t.Parallel()
	o := startOutside(t, func(*auth.IssuerOptions) {})
	l := o.Listen(o.token("s-1", harness.Object{"exp": time.Now().Add(3 * time.Second).Unix()}), listenToAll, nil)
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
		said := harness.WantCLI(t, 1, append([]string{"serve", "--addr", "127.0.0.1:0", "--db", filepath.Join(dir, name+".db")}, c.args...), c.said)
		if strings.Contains(said, "not to be told") {
			t.Errorf("%s: the secret is told: %s", name, said)
		}
	}
}

// TestAForgottenUserIsNotProvisionedAgain by a web token or a key that is still valid.
func TestAForgottenUserIsNotProvisionedAgain(t *testing.T) {
	t.Parallel()
	for what, claim := range map[string]string{"roles of the account": "", "roles of the issuer": "roles"} {
		o := startOutside(t, func(o *auth.IssuerOptions) { o.RoleClaim = claim })
		_, admin := o.User(domain.Admin)
		token := o.token("s-1", harness.Object{"roles": "EDITOR", "name": "Sam"})
		sam := o.WhoIs(token)
		key := o.Must(admin, createKey, harness.Object{"name": "Robot", "role": "EDITOR"})
		o.Harness.Mutate(admin, "forgetUser", harness.Object{"id": sam})
		o.Harness.Mutate(admin, "forgetUser", harness.Object{"id": key.Text("done", "apiKey", "user", "id")})
		head := o.Harness.Head().String()
		o.WantEnded("the token of somebody forgotten, with the "+what, token)
		o.WantEnded("the key of a machine that was forgotten", key.Text("done", "key"))
		harness.WantText(t, "head", o.Harness.Head().String(), head)
		if list := o.Must(admin, `{ apiKeys { name } }`, nil); strings.Contains(string(list.Raw), "Robot") {
			t.Errorf("apiKeys answers %s", list.Raw)
		}
	}
}
