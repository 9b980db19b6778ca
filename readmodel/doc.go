// Package readmodel answers queries: it has the rows of contents, presentations, slides and users,
// each with the range of positions in which it was true, and the questions that the API asks of
// them. Package projection writes the rows.
//
// A Reader reads them as of a View: a position and an actor. "Now" is the view at the head of the
// log. GraphQL's object types are bound to the rows.
//
// Start with reader.go and view.go, then content.go and content_query.go: each noun has its row in
// <noun>.go and its queries in <noun>_query.go. connection.go pages through lists; visible.go turns
// the table of package policy into SQL.
package readmodel
