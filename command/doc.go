// Package command turns requests into events. Each command is a struct, the input
// of a mutation of the API; Commands.Do runs it: what is slow happens before the
// command is queued (prepare), what decides happens in the writer's transaction
// (plan): load the state, check that the actor may, let package domain decide,
// append.
//
// It imports domain, policy, eventstore, auth and markdown; a library that makes slugs and
// one that makes UUIDs; and of gqlgen the type that tells an omitted input field
// from a null one, so that inputs need no second shape.
//
// Start with command.go; content.go, presentation.go and user.go have a struct and
// a few lines for each command.
package command
