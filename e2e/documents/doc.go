// Package documents tests the program against its documents: the tour of the README, also in a
// browser, and the commands of docs/operations.md. It also tests that the paths, links and names in
// the documents exist.
package documents
