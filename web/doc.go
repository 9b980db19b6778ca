// Package web is the HTTP edge. It turns requests and websocket messages into GraphQL operations of
// an executable schema, and their results into bytes. It does not know the operations.
//
//	POST, GET /graphql      queries and mutations (GET: no mutations)
//	the same, with Accept: text/event-stream: and subscriptions; graphql-sse
//	websocket on /graphql   queries, mutations, subscriptions; graphql-transport-ws, graphql-ws
//	GET /playground         GraphiQL, embedded, needs no network
//	GET /healthz, /readyz   for the supervisor of the process
//
// It follows the GraphQL-over-HTTP draft with its appendix on persisted documents, the
// graphql-transport-ws PROTOCOL.md of the graphql-ws project, that of graphql-sse for distinct
// connections and, for old clients, that of subscriptions-transport-ws. Automatic persisted queries
// are Apollo's.
//
// A request passes these files:
//
//	server.go, config.go    the routes, and the configuration
//	http_*.go               the client, the log, origins, health; http_graphql.go serves /graphql
//	answer_cache*.go        answers that are sent again while they are fresh, and their ETags
//	request.go              the JSON of a request, over HTTP and in a websocket message
//	engine.go               validation and execution, for all transports
//	response.go, errors.go  the JSON of a response, refusals and presented errors
//	sse*.go                 event streams
//	ws_*.go                 websockets
//
// The parts that do not know a Server are packages of their own: document reads documents, limit
// bounds requests and clients, origin says which pages may use the server, fanout executes equal
// subscriptions once, negotiate chooses the format of an answer, frame writes websocket frames, and
// playground serves GraphiQL.
//
// Two values travel through contexts to the resolvers and back: [LastEventID] and [SetEventID]
// carry the position in an event stream, and [NoStore] keeps an answer out of the cache.
//
// Start with New, then http_graphql.go, sse.go and ws_connection.go.
package web
