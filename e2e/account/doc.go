// Package account tests the ways in and out: registration, log-in, sessions, API keys, web tokens
// of an issuer, and users that are forgotten.
package account
