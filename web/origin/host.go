package origin

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
)

// Hosts are the names under which a server may be reached. The zero value allows every name.
type Hosts struct {
	checked  bool
	patterns []pattern
}

// ParseHosts returns the names of a list. An element is a name without a port, "deck.example.org",
// possibly with one * in a label, "*.example.org". An element "*" allows every name. The error
// names the first element of another form, and the right form.
func ParseHosts(list []string) (Hosts, error) {
	h := Hosts{checked: true}
	for _, text := range list {
		if text == "*" {
			return Hosts{}, nil
		}
		right, err := asciiHost(nameIn(text))
		if err != nil {
			return Hosts{}, fmt.Errorf("%q is not the name of a host: %w", text, hostAdvice(err))
		}
		if !strings.EqualFold(right, text) {
			return Hosts{}, fmt.Errorf("%q is not the name of a host alone: write %s", text, right)
		}
		h.patterns = append(h.patterns, newPattern(right))
	}
	return h, nil
}

// Allow reports whether a server may be reached under the name in a header Host, with or without a
// port. Addresses and localhost are always allowed: a page of another site that makes its own name
// point to this machine (DNS rebinding) cannot have either. A request without a name, as some
// health checks send it in HTTP/1.0, comes from no browser and is allowed.
func (h Hosts) Allow(header string) bool {
	if !h.checked || header == "" {
		return true
	}
	name := header
	if host, _, err := net.SplitHostPort(header); err == nil {
		name = host
	}
	name = strings.ToLower(strings.TrimSuffix(name, "."))
	if _, err := netip.ParseAddr(strings.Trim(name, "[]")); err == nil || isLocal(name) {
		return true
	}
	return anyMatches(h.patterns, name)
}

// isLocal reports whether a name in lower case is one of this machine (RFC 6761, section 6.3), or a
// loopback address.
func isLocal(name string) bool {
	address, err := netip.ParseAddr(strings.Trim(name, "[]"))
	return name == "localhost" || strings.HasSuffix(name, ".localhost") || err == nil && address.IsLoopback()
}

// nameIn returns the name of the host in an address, a name with a port, or a name alone.
func nameIn(text string) string {
	if _, rest, ok := strings.Cut(text, "://"); ok {
		text = rest
	}
	text, _, _ = strings.Cut(text, "/")
	if name, _, err := net.SplitHostPort(text); err == nil {
		return name
	}
	return text
}

// hostAdvice returns an error of asciiHost with advice about names in the place of origins.
func hostAdvice(err error) error {
	return errors.New(strings.ReplaceAll(err.Error(), "https://", ""))
}
