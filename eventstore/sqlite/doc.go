// Package sqlite is the storage engine for one machine: a log in one SQLite file,
// in pure Go.
//
// It imports package eventstore, the driver, and a file lock. One connection
// writes, a pool of read-only connections reads; a lock beside the file keeps a
// second process from writing. Commits are durable when they return
// (synchronous=FULL in WAL mode).
//
// Start with sqlite.go, which opens a file; tx.go is the write transaction,
// reader.go what both sides read, errors.go how the driver's codes become ours.
package sqlite
