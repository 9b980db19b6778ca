package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"runtime/debug"
	"time"

	"flightdeck/app"
	"flightdeck/web"
	"flightdeck/web/document"
	"flightdeck/web/origin"
)

// serveCommand serves the API.
type serveCommand struct {
	Addr       string        `env:"FLIGHTDECK_ADDR" default:"127.0.0.1:8080" placeholder:"HOST:PORT" help:"Where to listen."`
	Playground bool          `env:"FLIGHTDECK_PLAYGROUND" default:"true" negatable:"" help:"Offer GraphiQL at /playground."`
	Origins    []string      `name:"allow-origin" placeholder:"ORIGIN" help:"Origins of web pages, beside the server's own, that may use the API, such as https://app.example.org; https://*.example.org for those of all labels, * for all."`
	Hosts      []string      `name:"allow-host" placeholder:"NAME" help:"Names under which the server may be reached, beside addresses and localhost; * for all. A server on a loopback address refuses other names, any other server only with this flag."`
	Trusted    string        `name:"trusted-documents" placeholder:"FILE" help:"A manifest of documents that clients name by documentId: persisted-documents.json, as graphql-codegen writes it."`
	Only       bool          `name:"trusted-only" help:"Run nothing but trusted documents; the playground is off."`
	Drain      time.Duration `env:"FLIGHTDECK_DRAIN" default:"10s" help:"How long requests may take to finish when the server stops."`
	Register   string        `name:"registration" default:"open" enum:"open,closed" help:"Who makes accounts: open for everybody by registerUser, closed for the operator by flightdeck user create."`
	TLSCert    string        `name:"tls-cert" placeholder:"FILE" help:"The certificate in PEM, with those above it; with --tls-key, the server speaks TLS. SIGHUP reads both again."`
	TLSKey     string        `name:"tls-key" placeholder:"FILE" help:"The certificate's private key in PEM."`
	JWT        webTokens     `embed:"" prefix:"jwt-" group:"Sign-in by an outside issuer's JSON Web Tokens"`
	Limits     limits        `embed:"" prefix:"limit-" group:"Limits; 0 turns one off"`
	Proxies    []string      `name:"trusted-proxy" placeholder:"CIDR" help:"Networks of proxies whose X-Forwarded-For and X-Forwarded-Proto are believed."`
	Introspect string        `name:"introspection" default:"all" enum:"all,signed-in,admin,off" help:"Who may ask for the schema, and is shown it in suggestions: all, signed-in, admin or off."`
	Remember   byteSize      `env:"FLIGHTDECK_REMEMBER" default:"16MiB" placeholder:"SIZE" help:"Memory for answers to queries, which are given again while nothing they depend on has changed, at most an eighth of GOMEMLIMIT; 0 for none; 16MiB by default."`
	Public     time.Duration `name:"public-max-age" default:"0s" help:"How long a CDN and browsers may use a visitor's answer before they ask whether it still is the answer. Until then they show texts that were withdrawn, deleted or forgotten."`
	Batch      int           `env:"FLIGHTDECK_BATCH" default:"256" help:"How many commands are committed together at most; 1 gives each a transaction of its own."`
}

// Run serves until the process receives a signal to stop. It then lets the requests and commands
// that have begun finish.
func (c *serveCommand) Run(env *environment) (err error) {
	defer env.logAside()()
	listener, err := (&net.ListenConfig{}).Listen(env.ctx, "tcp", c.Addr)
	if err != nil {
		return fmt.Errorf("listen on %s: %w: choose another address with --addr", c.Addr, err)
	}
	certificate, err := openCertificate(c.TLSCert, c.TLSKey)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	defer certificate.follow(env)()
	options := env.options()
	options.Log.Batch = c.Batch
	options.RegistrationClosed = c.Register == "closed"
	a, err := env.open(options)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	defer func() { err = errors.Join(err, a.Close()) }()
	if err := a.Rebuilder.Resume(env.ctx); err != nil {
		return errors.Join(err, listener.Close())
	}
	edge, err := c.server(env, a, listener.Addr())
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	tuneGC(func() int { return edge.CachedBytes() + a.CachedBytes() })
	server := edge.HTTPServer()
	failed := make(chan error, 1)
	go func() { failed <- certificate.serve(server, listener) }()
	c.greet(env, a, listener.Addr().String())
	select {
	case err := <-failed:
		return fmt.Errorf("serve: %w", err)
	case <-env.ctx.Done():
	}
	env.logger.Info("stopping: requests and queued commands finish")
	ctx, cancel := context.WithTimeout(context.WithoutCancel(env.ctx), c.Drain)
	defer cancel()
	return errors.Join(edge.Shutdown(ctx), server.Shutdown(ctx))
}

// server returns the HTTP server that the flags describe, for a listener at an address.
func (c *serveCommand) server(env *environment, a *app.App, address net.Addr) (*web.Server, error) {
	network, err := c.network(address)
	if err != nil {
		return nil, err
	}
	trusted, err := c.trusted()
	if err != nil {
		return nil, err
	}
	issuer, err := c.JWT.open(env)
	if err != nil {
		return nil, err
	}
	return a.Server(app.ServerOptions{
		Issuer:           issuer,
		Network:          network,
		Limits:           web.Limits{Limits: c.Limits.Limits, Body: c.Limits.body(), Attempts: c.Limits.attempts()},
		Trusted:          trusted,
		TrustedOnly:      c.Only,
		Playground:       c.playground(),
		Introspection:    app.Introspection(c.Introspect),
		PublicMaxAge:     max(c.Public, 0),
		AnswerCacheBytes: capped(int(c.Remember), debug.SetMemoryLimit(-1)),
		Version:          version(),
	})
}

// playground reports whether the server offers the playground. It runs documents that people type,
// which are not trusted.
func (c *serveCommand) playground() bool { return c.Playground && !c.Only }

// network parses the flags about peers and pages, for a listener at an address. A page of another
// site can make its own name point to a loopback address and so reach a server that only this
// machine should: such a server checks names also without --allow-host.
func (c *serveCommand) network(address net.Addr) (n web.Network, err error) {
	if n.Origins, err = origin.Parse(c.Origins); err != nil {
		return n, fmt.Errorf("--allow-origin: %w", err)
	}
	if tcp, ok := address.(*net.TCPAddr); len(c.Hosts) > 0 || ok && tcp.IP.IsLoopback() {
		if n.Hosts, err = origin.ParseHosts(c.Hosts); err != nil {
			return n, fmt.Errorf("--allow-host: %w", err)
		}
	}
	n.TrustedProxies, err = c.trustedProxies()
	return n, err
}

// trustedProxies parses the networks of --trusted-proxy; an address is a network of one.
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

// trusted reads the manifest of trusted documents, if the flags name one.
func (c *serveCommand) trusted() (t document.Trusted, err error) {
	if c.Trusted == "" && c.Only {
		return t, errors.New("--trusted-only runs what is in a manifest: name it with --trusted-documents FILE")
	}
	if c.Trusted == "" {
		return t, nil
	}
	file, err := os.Open(c.Trusted)
	if err != nil {
		return t, fmt.Errorf("trusted documents: %w", err)
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	if t, err = document.ReadTrusted(file); err != nil {
		return t, fmt.Errorf("trusted documents in %s: %w", c.Trusted, err)
	}
	return t, nil
}

// greet tells the operator the server's address and, while the log is empty, the first steps.
func (c *serveCommand) greet(env *environment, a *app.App, address string) {
	env.logger.Info("serving", "db", env.DB, "addr", address, "version", version())
	scheme, page := "http", "graphql"
	if c.TLSCert != "" {
		scheme = "https"
	}
	if c.playground() {
		page = "playground"
	}
	lines := []string{fmt.Sprintf("FlightDeck is at %s://%s/%s", scheme, address, page)}
	if a.Log.Head().Position == 0 {
		lines = append(lines, c.firstSteps(env)...)
	}
	for _, line := range lines {
		if env.LogFormat == "json" {
			slog.New(slog.NewJSONHandler(env.stdout, nil)).Info(line)
		} else {
			fmt.Fprintln(env.stdout, line)
		}
	}
}

// firstSteps returns the lines that the operator of a new database needs.
func (c *serveCommand) firstSteps(env *environment) []string {
	key := "in " + env.options().MasterKeyPath()
	if env.options().MasterKey != "" {
		key = "in the variable " + app.MasterKeyVariable
	}
	first := "The first account that is registered becomes ADMIN: register it now, with registerUser."
	if c.Register == "closed" {
		first = "Nobody can register. Stop the server, and make the first account: " +
			env.command("user", "create", "--email", "ADDRESS", "--role", "ADMIN", "--print-token")
	}
	return []string{
		"The database is " + env.DB + ". Names and addresses in it are sealed by the key " + key + ": keep a copy of the key elsewhere, since nothing replaces it.",
		first,
		"Ctrl-C stops the server, once the requests that have begun are answered.",
		"flightdeck help lists the commands, and flightdeck help serve the flags.",
	}
}
