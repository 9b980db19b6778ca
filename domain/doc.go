// Package domain holds the rules of FlightDeck and nothing else: which facts
// exist (events), what they add up to (states and their Apply), which facts a
// request leads to (the deciding methods of the states), and who may see and do
// what (Actor and its rules).
//
// It imports the standard library only. It has no clock, no identifiers of its
// own making, no context and no I/O: instants and ids come in as arguments, so
// every function gives the same answer for the same arguments for ever. That is
// what lets a state be folded again years later.
//
// Start with event.go, the table of all events, then read content.go from top to
// bottom: presentation.go and user.go have the same shape.
package domain
