// Package model holds the types of the schema that are bound to nothing else:
// payloads, unions and what they are made of, which gqlgen generates into
// models_gen.go; and, by hand, scalars that are stricter than gqlgen's.
//
// It imports what those types refer to: command, domain, eventstore, readmodel and
// gqlgen's runtime.
package model
