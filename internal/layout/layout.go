// Package layout measures the shape of a source tree and the language of its comments and
// documents, for the tests in layout_test.go of the repository's root. It knows no limits: the
// tests hold them.
//
// Start at Read, which takes the prose out of a file, and at Riddles, which finds the clauses in it
// that make their reader guess.
package layout
