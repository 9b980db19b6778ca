// Package markdown reads the parts of a Markdown file that pages and decks share: its lines, in one
// normal form, and the YAML fields of its front matter.
//
// Start with [Normalise] and [Fields]. Package markdown/html renders pages, package markdown/deck
// reads and writes presentations. The three have no state, clock or I/O, and many goroutines may
// call their functions.
package markdown
