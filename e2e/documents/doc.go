// Package documents tests the program against its documents: the README's tour, and the
// playground in a browser.
package documents
