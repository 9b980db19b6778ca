// Package resolvers answers the API. Each resolver reads its arguments, calls another package, and
// returns the result.
//
// The files *.resolvers.go belong to the files of schema/. gqlgen adds resolvers to them, and keeps
// the bodies of their functions. Start with resolver.go: the view that the fields of an operation
// share. payload.go answers mutations, subscription.go and follower.go follow the log, and
// errors.go turns errors into data and into the errors that clients see.
package resolvers
