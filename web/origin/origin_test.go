package origin_test

import (
	"strings"
	"testing"

	"flightdeck/web/origin"
)

func TestASetHasTheOriginsOfItsList(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		list     string
		has, not []string
	}{
		{"", nil, []string{"https://app.example.org", "null", ""}},
		{"*", []string{"https://app.example.org", "null"}, nil},
		{"https://App.example.org", []string{"https://app.example.org", "HTTPS://APP.EXAMPLE.ORG"}, []string{
			"http://app.example.org", "https://app.example.org:8443", "https://app.example.org.evil", "https://example.org",
		}},
		{"http://localhost:3000 http://[::1]:3000", []string{"http://localhost:3000", "http://[::1]:3000"}, []string{"http://localhost"}},
		{"capacitor://localhost", []string{"capacitor://localhost"}, []string{"http://localhost"}},
		{"https://xn--bcher-kva.example", []string{"https://xn--bcher-kva.example"}, nil},
		{"https://*.example.org", []string{"https://a.example.org", "https://pr-17.example.org"}, []string{
			"https://example.org", "https://.example.org", "https://a.b.example.org", "https://evil.org/.example.org",
			"https://evil.org:.example.org", "http://a.example.org", "https://a.example.org:8443", "https://aexample.org",
		}},
		{"https://shop-*.vercel.app:8443", []string{"https://shop-git-main.vercel.app:8443"}, []string{
			"https://shop-.vercel.app:8443", "https://evil.vercel.app:8443", "https://shop-a.vercel.app",
		}},
		{"http://*.localhost:5173", []string{"http://tenant.localhost:5173"}, []string{"http://localhost:5173"}},
	} {
		set, err := origin.Parse(strings.Fields(test.list))
		if err != nil {
			t.Errorf("%s: %v", test.list, err)
			continue
		}
		for _, text := range test.has {
			if !set.Has(text) {
				t.Errorf("%s does not have %s", test.list, text)
			}
		}
		for _, text := range test.not {
			if set.Has(text) {
				t.Errorf("%s has %s", test.list, text)
			}
		}
		if set.Empty() != (test.list == "") || set.All() != (test.list == "*") {
			t.Errorf("%s: empty %v, all %v", test.list, set.Empty(), set.All())
		}
	}
}

func TestAWrongOriginIsRefusedWithTheRightOne(t *testing.T) {
	t.Parallel()
	for text, says := range map[string]string{
		"http://localhost:3000/":       "write http://localhost:3000",
		"localhost:3000":               "write http://localhost:3000",
		"127.0.0.1:3000/app":           "write http://127.0.0.1:3000",
		"app.example.org":              "write https://app.example.org",
		"https://app.example.org/a?b#": "write https://app.example.org",
		"https://app.example.org:443":  "write https://app.example.org",
		"http://app.example.org:80/":   "write http://app.example.org",
		"https://ada@app.example.org":  "write https://app.example.org",
		"https://bücher.example":       "write https://xn--bcher-kva.example",
		"http://[::0001]:3000":         "write http://[::1]:3000",
		"*.example.org":                "write https://*.example.org",
		"https://*":                    "two labels or more",
		"https://*.org":                "two labels or more",
		"https://shop.*.org":           "two labels or more",
		"https://*.*.example.org":      "only one *",
		"https://example.org:*":        "write https://app.example.org",
		"https://a..example.org":       "write https://app.example.org",
		"https://":                     "write https://app.example.org",
		"":                             "write https://app.example.org",
		"null":                         "allow * for all",
		"file:///home":                 "write https://app.example.org",
	} {
		set, err := origin.Parse([]string{"https://first.example.org", text})
		if err == nil {
			t.Errorf("%q is accepted", text)
			continue
		}
		if !strings.Contains(err.Error(), says) || !set.Empty() {
			t.Errorf("%q: %v, without %q", text, err, says)
		}
	}
}

func TestAHostIsAllowedByItsName(t *testing.T) {
	t.Parallel()
	hosts, err := origin.ParseHosts([]string{"deck.example.org", "*.preview.example.org"})
	if err != nil {
		t.Fatal(err)
	}
	for header, want := range map[string]bool{
		"localhost": true, "LOCALHOST:8080": true, "deck.localhost:8080": true, "localhost.": true,
		"127.0.0.1:8080": true, "[::1]:8080": true, "[::1]": true, "192.0.2.7": true,
		"deck.example.org": true, "Deck.Example.org:8080": true, "a.preview.example.org": true,
		"evil.example": false, "evil.example:8080": false, "localhost.evil.example": false,
		"127.0.0.1.evil.example": false, "evillocalhost": false, "": true, "a.b.preview.example.org": false,
	} {
		if hosts.Allow(header) != want {
			t.Errorf("%q: allowed %v", header, !want)
		}
	}
	everyName, err := origin.ParseHosts([]string{"deck.example.org", "*"})
	if err != nil || !everyName.Allow("evil.example") || !(origin.Hosts{}).Allow("evil.example") {
		t.Errorf("a name is refused: %v", err)
	}
}

func TestAWrongHostIsRefusedWithTheRightOne(t *testing.T) {
	t.Parallel()
	for text, says := range map[string]string{
		"deck.example.org:8080":      "write deck.example.org",
		"https://deck.example.org/a": "write deck.example.org",
		"bücher.example":             "write xn--bcher-kva.example",
		"*.org":                      "as in *.example.org",
		"":                           "write app.example.org",
		":8080":                      "write app.example.org",
	} {
		if _, err := origin.ParseHosts([]string{text}); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: %v, without %q", text, err, says)
		}
	}
}
