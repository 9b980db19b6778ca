// Package api tests queries and mutations of the GraphQL API over HTTP: every noun, lists, history,
// rights, limits and messages. Package harness runs the program for it.
package api
