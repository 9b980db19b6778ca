// Package resolvers answers the API: each resolver parses, calls, and returns.
//
// It imports graph, command, readmodel, eventstore, markdown, auth, policy and domain.
// The files named *.resolvers.go belong to the files of schema/; gqlgen adds to
// them, and keeps what their functions do. Start with resolver.go: the view that
// an operation reads in. payload.go answers mutations, subscription.go follows the
// log, errors.go is the one place where errors become what clients see.
package resolvers
