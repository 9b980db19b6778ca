// Package domain holds the rules of FlightDeck and nothing else: the facts that exist (events), the
// states that they add up to (each with its Apply), and the facts that a request leads to (the
// deciding methods of the states). Package policy decides the rights of an actor.
//
// The package has no clock, no context and no I/O, and it makes no ids: instants and ids come in as
// arguments, so that a function gives the same result for the same arguments for ever. This is why
// a state can be folded again years later.
//
// Start with event.go, the table of all events, then read content.go from top to bottom:
// presentation.go and user.go have the same shape.
package domain
