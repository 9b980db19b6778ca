package web

import (
	"context"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"
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

// household is the address by which a client is counted: of IPv6 one line has 2^64.
func (c client) household() netip.Addr {
	if !c.address.Is6() {
		return c.address
	}
	network, err := c.address.Prefix(64)
	if err != nil {
		return c.address
	}
	return network.Addr()
}

// clients counts what is going on, by address. It holds only those of whom something
// is.
type clients struct {
	mu   sync.Mutex // guards busy
	busy map[netip.Addr]*usage
}

// usage is what one address has going on.
type usage struct{ operations, connections int }

func newClients() *clients { return &clients{busy: map[netip.Addr]*usage{}} }

// enter counts one more of what of selects, unless there are most already. leave ends
// it; it is nil when the client is turned away.
func (c *clients) enter(address netip.Addr, most int, of func(*usage) *int) (leave func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	u := c.busy[address]
	if u == nil {
		u = new(usage)
	}
	n := of(u)
	if most > 0 && *n >= most {
		return nil
	}
	*n++
	c.busy[address] = u
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		*n--
		if *u == (usage{}) {
			delete(c.busy, address)
		}
	}
}

func operationsOf(u *usage) *int  { return &u.operations }
func connectionsOf(u *usage) *int { return &u.connections }
