// Package web is the HTTP edge: it turns requests and websocket messages into
// GraphQL operations and their results into bytes, and knows nothing of what the
// operations do. It takes a [graphql.ExecutableSchema] and is done.
//
//	POST, GET /graphql      queries and mutations (GET: queries only)
//	websocket on /graphql   the same and subscriptions; graphql-transport-ws, graphql-ws
//	GET /playground         GraphiQL, embedded, needs no network
//	GET /healthz, /readyz   for whoever supervises the process
//
// It follows the GraphQL-over-HTTP draft, the graphql-transport-ws PROTOCOL.md of
// the graphql-ws project and, for old clients, that of subscriptions-transport-ws.
//
// What a request and a client may ask for is bounded by Limits: of documents before
// they are validated (limits_document.go), of operations before they run
// (limits_complexity.go), of clients while they do (limits_client.go).
//
// Subscriptions that follow a Feed are executed once for everybody who subscribes to
// the same: feed.go is the contract, broadcast.go how it goes.
//
// It may import the standard library, flightdeck/auth, flightdeck/graph, gqlgen,
// gqlparser, gorilla/websocket, golang-lru and x/time/rate.
//
// Start with server.go (what there is and how it is wired), then graphql_http.go
// and websocket.go.
package web
