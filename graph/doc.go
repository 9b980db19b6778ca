// Package graph executes GraphQL operations against the schema in schema/. gqlgen generates most of
// the package into the files *.generated.go. To change them, change the schema or gqlgen.yml, and
// run go generate ./...; the program is generate. Package resolvers implements ResolverRoot.
//
// Start with New. The other hand-written files are plans, which write lists faster than gqlgen
// does: plan_compile.go compiles a selection, plan_writer.go writes the rows, plan_cache.go keeps
// plans as long as their documents, and plan_reads.go tells resolvers which columns to select.
package graph
