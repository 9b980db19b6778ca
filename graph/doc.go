// Package graph executes GraphQL operations against the schema in schema/. gqlgen
// generates it: change the schema or gqlgen.yml and run go generate ./..., never
// edit a file here.
//
// It imports what the schema's types are bound to: command, domain, eventstore,
// readmodel and model, and gqlgen's runtime. Start with the interface
// ResolverRoot, which package resolvers implements.
package graph
