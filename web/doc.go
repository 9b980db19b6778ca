// Package web is the HTTP edge: it turns requests and websocket messages into
// GraphQL operations and their results into bytes, and knows nothing of what the
// operations do. It takes a [graphql.ExecutableSchema] and is done.
//
//	POST, GET /graphql      queries and mutations (GET: no mutations)
//	the same, with Accept: text/event-stream: and subscriptions; graphql-sse
//	websocket on /graphql   queries, mutations, subscriptions; graphql-transport-ws, graphql-ws
//	GET /playground         GraphiQL, embedded, needs no network
//	GET /healthz, /readyz   for whoever supervises the process
//
// It follows the GraphQL-over-HTTP draft with its appendix on persisted documents, the
// graphql-transport-ws PROTOCOL.md of the graphql-ws project, that of graphql-sse for
// distinct connections and, for old clients, that of subscriptions-transport-ws;
// automatic persisted queries are Apollo's.
//
// An answer to a query is remembered as long as a new one would be the same, which
// Config.State and Config.Lasts tell (remember.go). By GET it has a tag, a digest of its
// bytes: a client that brings the tag is told 304 when a new answer would have it, too.
// The position in an event stream goes through the context, in both
// directions: [LastEventID] is what the client says, and [SetEventID] what the
// subscription says of each result that it sends.
//
// What a request and a client may ask for is bounded by Limits: of documents before
// they are validated and operations before they run, of clients while they do: see
// package limit.
//
// Subscriptions that follow a Feed are executed once for everybody who subscribes to
// the same: feed.go is the contract, broadcast.go how it goes.
//
// It may import the standard library, flightdeck/auth, flightdeck/graph, gqlgen,
// gqlparser, gorilla/websocket, golang-lru, klauspost/compress and x/time/rate.
//
// Start with server.go (what there is and how it is wired), then graphql_http.go,
// sse.go and websocket.go.
package web
