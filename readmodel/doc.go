// Package readmodel is what queries read: rows of contents, presentations, slides
// and users, each with the range of positions in which it was true.
//
// It imports domain, eventstore, policy, bun, and a library that makes diffs. Rows are
// written by Model in the writer's transaction, so that whoever was answered reads
// their own write; they are read by Reader through bun, as of a View: a position
// and somebody who asks. "Now" is the view at the head of the log.
//
// For each noun, <noun>.go holds the row and its projection, a pure function of
// the state in package domain, and <noun>_query.go what is asked of it. Start
// with model.go and content.go; then reader.go, view.go and connection.go.
// visible.go makes SQL of policy's table. index.go keeps the full-text index.
// rebuild.go makes all of it anew.
package readmodel
