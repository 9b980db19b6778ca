package cli

import "flightdeck/graph"

// schemaCommand prints the API's schema for the tools of front ends: generators of types,
// compilers, linters. It needs no database.
type schemaCommand struct {
	Relay bool `help:"Leave out what Relay's compiler does not accept: the argument asOf of node."`
}

// Run prints the schema.
func (c *schemaCommand) Run(env *environment) error {
	schema := graph.Schema()
	if c.Relay {
		schema = graph.ForRelay(schema)
	}
	return graph.WriteSDL(env.stdout, schema)
}
