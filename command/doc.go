// Package command turns requests into events. Each request is a struct, which is also the input of
// a mutation of the API, and [Commands.Do] runs it in two steps. Its prepare method does the slow
// work and returns a function. The writer runs that function in its transaction: it loads the
// state, checks the rights of the actor, lets package domain decide, and appends the events.
//
// Start with command.go. The files content.go, presentation.go, slide.go and user.go hold the
// structs, with a few lines for each.
package command
