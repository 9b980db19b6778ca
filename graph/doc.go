// Package graph executes GraphQL operations against the schema in schema/. gqlgen
// generates most of it, into the files *.generated.go: change the schema or gqlgen.yml
// and run go generate ./..., never edit one of them. The other files are the plans, by
// which queries are executed faster and answered the same: New, which is where to start.
//
// It imports what the schema's types are bound to: command, domain, eventstore,
// readmodel and model, and gqlgen's runtime. The interface ResolverRoot is implemented by
// package resolvers; generate is the program that writes the files.
package graph
