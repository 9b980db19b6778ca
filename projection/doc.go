// Package projection keeps the tables of the read model true: it folds the events of the log and
// writes the rows that follow from them, in the transaction that appends the events.
//
// Model does so for the event store. Index follows the log with the full-text index, behind the
// commits. Rebuilder makes all tables anew beside the live ones and swaps them in. VerifyRows
// compares every row with the fold of its stream. The rows themselves, and the queries on them, are
// package readmodel's.
//
// Start with model.go and content.go; set.go names the tables, and rebuild_step.go has the steps of
// a rebuild.
package projection
