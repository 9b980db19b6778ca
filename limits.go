package main

import (
	"context"
	"fmt"
	"math"
	"net/netip"

	"flightdeck/auth"
	"flightdeck/domain"
	"flightdeck/policy"
	"flightdeck/web"
)

// limits are the flags that bound what is asked of the server.
type limits struct {
	web.Limits

	Body          int64 `default:"1048576" help:"Bytes of a request. 8388608 is enough for the longest text of a content, 4 MiB, and the escapes of its JSON."`
	LogIns        int   `name:"log-ins" default:"10" help:"Executions of logIn by one address, and by one user, a minute; of changePassword, too."`
	Registrations int   `default:"10" help:"Executions of registerUser by one address, and by one user, a minute."`
}

// tries are the limits that are counted by field.
func (l limits) tries() map[string]int {
	return map[string]int{"logIn": l.LogIns, "changePassword": l.LogIns, "registerUser": l.Registrations}
}

// body is the limit of a request in bytes.
func (l limits) body() int64 {
	if l.Body <= 0 {
		return math.MaxInt64
	}
	return l.Body
}

// trustedProxies reads the networks of --trusted-proxy; an address is a network of one.
func (c *serveCommand) trustedProxies() ([]netip.Prefix, error) {
	var all []netip.Prefix
	for _, text := range c.Proxies {
		network, err := netip.ParsePrefix(text)
		if address, errAddress := netip.ParseAddr(text); err != nil && errAddress == nil {
			network, err = address.Prefix(address.BitLen())
		}
		if err != nil {
			return nil, fmt.Errorf("--trusted-proxy %q is no network: use an address or a CIDR like 10.0.0.0/8", text)
		}
		all = append(all, network)
	}
	return all, nil
}

// mayIntrospect is --introspection.
func (c *serveCommand) mayIntrospect(ctx context.Context) bool {
	switch actor := auth.ActorFrom(ctx); c.Introspect {
	case "off":
		return false
	case "admin":
		rules := policy.Rules()
		return rules.May(actor, policy.Operate, "")
	case "signed-in":
		return actor != domain.Actor{}
	}
	return true
}

func actorID(ctx context.Context) string { return auth.ActorFrom(ctx).UserID }
