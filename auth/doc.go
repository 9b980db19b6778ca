// Package auth answers who is asking: it keeps passwords and tokens in a form
// from which neither can be had again, and carries the one who asks in the
// context. What that one may do is decided in domain.
//
// It imports the standard library, golang.org/x/crypto and domain. It stores
// nothing itself.
//
// Start with actor.go. A person logs in with a password (password.go, whose
// stored form is in phc.go) and gets a token (token.go) to send from then on.
package auth
