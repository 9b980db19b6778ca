// Package origin decides which web pages may use a server: by the origin that a browser names for a
// page (RFC 6454), and by the name under which the page has reached the server.
//
// Start with Parse for origins, and with ParseHosts for names.
package origin

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strings"

	"golang.org/x/net/idna"
)

// Set is a set of origins. The zero value is empty.
type Set struct {
	all      bool
	patterns []pattern
}

// Parse returns the set of origins that a list names. An element is one origin as a browser writes
// it, "https://app.example.org" or "http://localhost:3000"; or such an origin with one * in a label
// of its host, which stands for one or more letters, digits and dashes,
// "https://*.example.org" or "https://preview-*.example.org"; or "*" for all origins. The case of
// letters does not count. The error names the first element of another form, and the right form.
func Parse(list []string) (Set, error) {
	var s Set
	for _, text := range list {
		if text == "*" {
			s.all = true
			continue
		}
		right, err := browserForm(text)
		if err != nil {
			return Set{}, fmt.Errorf("%q is not an origin: %w", text, err)
		}
		if !strings.EqualFold(right, text) {
			return Set{}, fmt.Errorf("%q is not an origin as browsers send it: write %s", text, right)
		}
		s.patterns = append(s.patterns, newPattern(right))
	}
	return s, nil
}

// All reports whether the set has every origin.
func (s Set) All() bool { return s.all }

// Empty reports whether the set has no origin.
func (s Set) Empty() bool { return !s.all && len(s.patterns) == 0 }

// Has reports whether the set has an origin, given the value of a header Origin.
func (s Set) Has(origin string) bool { return s.all || anyMatches(s.patterns, origin) }

// defaultPorts are the ports that a browser leaves out of an origin.
var defaultPorts = map[string]string{"http": "80", "https": "443"}

// browserForm returns the origin that a text means, in the form that browsers send.
func browserForm(text string) (string, error) {
	if text == "null" {
		return "", errors.New("browsers send null for every page without an address: serve the page from one, or allow * for all")
	}
	if !strings.Contains(text, "://") {
		text = guessedScheme(text) + "://" + text
	}
	u, err := url.Parse(text)
	if err != nil || u.Hostname() == "" {
		return "", errors.New("write https://app.example.org, without a path")
	}
	host, err := asciiHost(u.Hostname())
	if err != nil {
		return "", err
	}
	if port := u.Port(); port != "" && port != defaultPorts[u.Scheme] {
		host += ":" + port
	}
	return u.Scheme + "://" + host, nil
}

// guessedScheme returns the scheme that an origin without one probably has.
func guessedScheme(text string) string {
	host, _, _ := strings.Cut(text, "/")
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	if isLocal(strings.ToLower(host)) {
		return "http"
	}
	return "https"
}

// asciiHost returns a host in the form of a header: in lower case, an international name in
// Punycode, an address of IPv6 in brackets. It returns an error for a host that is not a name, and
// for one with a * out of place.
func asciiHost(host string) (string, error) {
	host = strings.ToLower(host)
	if address, err := netip.ParseAddr(host); err == nil {
		if address.Is6() {
			return "[" + address.String() + "]", nil
		}
		return address.String(), nil
	}
	labels := strings.Split(host, ".")
	for i, label := range labels {
		if label != "" && isLabel(strings.Replace(label, "*", "x", 1)) {
			continue
		}
		ascii, err := idna.Lookup.ToASCII(label)
		if err != nil || ascii == "" {
			return "", errors.New("its host is not the name of one: write https://app.example.org")
		}
		labels[i] = ascii
	}
	host = strings.Join(labels, ".")
	return host, checkWildcard(host)
}

// checkWildcard returns an error for a host with more than one *, or with one before the last two
// labels of a name that is not local: such a name has other owners.
func checkWildcard(host string) error {
	_, behind, wild := strings.Cut(host, "*")
	switch {
	case strings.Contains(behind, "*"):
		return errors.New("only one * may be in it, as in https://*.example.org")
	case wild && strings.Count(behind, ".") < 2 && !strings.HasSuffix(behind, ".localhost"):
		return errors.New("a * must have two labels or more behind its own, as in https://*.example.org")
	}
	return nil
}
