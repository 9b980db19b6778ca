// Package auth finds the actor of a request: it keeps passwords and tokens in forms from which
// neither can be recovered, verifies the web tokens of an outside issuer, and carries the actor in
// the context. Package policy decides the rights of an actor. Package auth stores nothing.
//
// Start with actor.go. A person logs in with a password (password.go; phc.go holds its stored form)
// and receives a token (token.go) for the requests that follow. issuer.go and keys.go verify web
// tokens; watch.go ends long connections.
package auth
