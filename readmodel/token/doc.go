// Package token turns texts into the tokens of full-text search, and searches into terms of such
// tokens. Texts and searches are folded in the same way, whichever engine stores the tokens: an
// engine only has to split at spaces, to keep the order, and to find phrases and prefixes.
//
// A token is a word without case, marks and compatibility forms; see [Text]. Scripts without spaces
// between the words are cut into overlapping pairs of characters.
//
// Start with [Text] and [Parse]. The package has no state, clock or I/O, and many goroutines may
// call its functions.
package token
