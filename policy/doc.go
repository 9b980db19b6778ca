// Package policy says who may see and who may do what. Rules is the table, to be
// read from top to bottom; everything else here is how to ask it.
//
// It imports package domain, for who asks, and is pure: no context, clock or I/O.
// Whoever answers a question about a right asks here and compares no roles:
// package readmodel makes its SQL from the table, package command asks it before it
// decides.
//
// Rights are those of now. Somebody who is no editor any more has lost the past too,
// and what is hidden from somebody today is hidden in every earlier moment: see
// Content and Deck.
package policy
