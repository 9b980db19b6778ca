package web

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

const (
	headerRequestID = "X-Request-Id"
	maxRequestID    = 128 // bytes
)

// client is the sender of a request, as far as the network tells.
type client struct {
	address netip.Addr // invalid for a connection without one
	tls     bool       // the request was encrypted, at least up to the nearest trusted proxy
	request string     // the id of the request: see RequestID
}

type clientKey struct{}

// clientOf returns the client of the request of ctx, and the zero client outside of a request.
func clientOf(ctx context.Context) client {
	c, _ := ctx.Value(clientKey{}).(client) //nolint:errcheck // outside of a request there is none
	return c
}

// RequestID returns the id of the request of ctx, "" outside of a request. It is the client's
// X-Request-Id if that has at most 128 letters, digits, dots, dashes and underscores, and otherwise
// a new random one. All operations of one websocket share the id of the request that opened it.
func RequestID(ctx context.Context) string { return clientOf(ctx).request }

// Remote returns the address of the client of the request of ctx, without a port: that of the
// connection, or of the client behind a trusted proxy. It returns "" outside of a request.
func Remote(ctx context.Context) string {
	if address := clientOf(ctx).address; address.IsValid() {
		return address.String()
	}
	return ""
}

// overTLS reports whether the client has encrypted a request.
func overTLS(r *http.Request) bool { return clientOf(r.Context()).tls }

// prefix returns the address by which a client is counted: in IPv6 the first 64 bits, since one
// line has all addresses behind them.
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

// key returns the name by which a client's operations take turns with those of others.
func (c client) key() string { return c.prefix().String() }

// withClient puts the client of each request into its context, and the request's id into the
// answer.
func withClient(trusted proxies, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c := trusted.client(r)
		c.request = requestID(r.Header)
		w.Header().Set(headerRequestID, c.request)
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), clientKey{}, c)))
	})
}

// proxies are the networks of trusted proxies.
type proxies []netip.Prefix

// client returns the client of a request, without its id. Its address is that of the connection, or
// behind a trusted proxy the last one in X-Forwarded-For that is not a trusted proxy: any client
// may have written those before it.
func (p proxies) client(r *http.Request) client {
	c := client{address: parseAddress(r.RemoteAddr), tls: r.TLS != nil}
	if !p.have(c.address) {
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
		if !p.have(address) {
			break
		}
	}
	return c
}

func (p proxies) have(address netip.Addr) bool {
	return slices.ContainsFunc(p, func(network netip.Prefix) bool { return network.Contains(address) })
}

// lastOf returns the last element of a header that is a list.
func lastOf(values []string) string {
	if len(values) == 0 {
		return ""
	}
	last := values[len(values)-1]
	return strings.TrimSpace(last[strings.LastIndexByte(last, ',')+1:])
}

// parseAddress reads an address with or without a port. It returns the invalid address for a text
// of another form.
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

// requestID returns the id for a request with these headers, as RequestID documents it.
func requestID(h http.Header) string {
	if id := h.Get(headerRequestID); isRequestID(id) {
		return id
	}
	return newRequestID()
}

func newRequestID() string {
	var id [16]byte
	rand.Read(id[:]) // never fails: crypto/rand ends the process instead
	return hex.EncodeToString(id[:])
}

// isRequestID accepts only ids that fit into a log line and a header.
func isRequestID(id string) bool {
	if id == "" || len(id) > maxRequestID {
		return false
	}
	for i := range len(id) {
		switch c := id[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '.', c == '-', c == '_':
		default:
			return false
		}
	}
	return true
}
