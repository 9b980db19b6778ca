// Package model holds the types of the schema that are bound to no other package: payloads, unions
// and their parts, which gqlgen generates into models_gen.go; and, by hand, the functions that read
// and write the schema's scalars and enums, so that the packages which define those values know of
// no API. Start with scalar.go.
package model
