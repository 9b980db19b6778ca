// Command flightdeck is an event-sourced backend for content and presentations: one binary, a
// GraphQL API, an embedded database.
//
// Package cli is its command line, and package app the program without one.
package main

import (
	"os"

	"flightdeck/cli"
)

//go:generate go run ./graph/generate

func main() {
	os.Exit(cli.Run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}
