package graph

// Source says what the value of a field is made of.
type Source int

const (
	// Computed fields have a resolver, or a method that can read more than its object. The schema
	// does not tell their dependencies. It is the zero value, and the source of unknown fields.
	Computed Source = iota
	// Row fields depend on nothing but the row of their object and the asker: they are columns, or
	// methods of the row that take no context and cannot fail.
	Row
	// Selection fields lead to objects that are in memory with their own object. Their value is
	// made of the fields that are selected of these objects.
	Selection
)

// SourceOf returns the source of a field of an object type or an interface. The generator derives
// it from the Go types that gqlgen binds the schema to, so that it changes with them.
func SourceOf(typ, field string) Source { return fieldSources[typ][field] }
