// Package sqlite is the storage engine for one machine: a log in one SQLite file, in pure Go.
//
// One connection writes, and a pool of read-only connections reads; a lock beside the file keeps a
// second process from writing. Commits are durable when they return (synchronous=FULL in WAL mode).
//
// Start with sqlite.go, which opens a file; tx.go is the write transaction, reader.go holds the
// reads of both sides, and errors.go translates the codes of the driver.
package sqlite
