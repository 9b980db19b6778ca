package web

import (
	"context"
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// client is what the network tells of who sent a request.
type client struct {
	address netip.Addr // invalid where there is none
	tls     bool       // whether it is encrypted, as far as the nearest proxy that is believed
	request string     // the id of the request: see RequestID
}

type clientKey struct{}

// clientOf returns the client of the request that ctx belongs to.
func clientOf(ctx context.Context) client {
	c, _ := ctx.Value(clientKey{}).(client) //nolint:errcheck // outside a request there is none
	return c
}

// overTLS reports whether the client of a request has sent it encrypted.
func overTLS(r *http.Request) bool { return clientOf(r.Context()).tls }

// withClient finds out who sent a request, and puts its id into the answer.
func (s *Server) withClient(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c := s.clientOf(r)
		c.request = requestID(r.Header)
		w.Header().Set(headerRequestID, c.request)
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), clientKey{}, c)))
	})
}

// clientOf reads the address of the connection, and behind proxies that are trusted
// the last one in X-Forwarded-For that is no such proxy: what stands before it anybody
// may have written.
func (s *Server) clientOf(r *http.Request) client {
	c := client{address: parseAddress(r.RemoteAddr), tls: r.TLS != nil}
	if !s.trusts(c.address) {
		return c
	}
	if proto := lastOf(r.Header.Values("X-Forwarded-Proto")); proto != "" {
		c.tls = strings.EqualFold(proto, "https")
	}
	forwarded := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for _, text := range slices.Backward(forwarded) {
		address := parseAddress(strings.TrimSpace(text))
		if !address.IsValid() {
			break
		}
		c.address = address
		if !s.trusts(address) {
			break
		}
	}
	return c
}

func (s *Server) trusts(address netip.Addr) bool {
	return slices.ContainsFunc(s.config.TrustedProxies, func(p netip.Prefix) bool { return p.Contains(address) })
}

// lastOf returns the last element of a header that is a list.
func lastOf(values []string) string {
	if len(values) == 0 {
		return ""
	}
	last := values[len(values)-1]
	return strings.TrimSpace(last[strings.LastIndexByte(last, ',')+1:])
}

// parseAddress reads an address with or without a port.
func parseAddress(text string) netip.Addr {
	if withPort, err := netip.ParseAddrPort(text); err == nil {
		return withPort.Addr().Unmap().WithZone("")
	}
	address, err := netip.ParseAddr(text)
	if err != nil {
		return netip.Addr{}
	}
	return address.Unmap().WithZone("")
}

// prefix is the address by which a client is counted: of IPv6 one line has 2^64.
func (c client) prefix() netip.Addr {
	if !c.address.Is6() {
		return c.address
	}
	network, err := c.address.Prefix(64)
	if err != nil {
		return c.address
	}
	return network.Addr()
}
