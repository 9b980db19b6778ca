// Package eventstore is the log of FlightDeck: streams of events in one order, a serialized writer,
// and a feed that follows the log. It stores bytes, and a Model gives them their meaning.
//
// Storage engines (package sqlite) live below this package, with package block, which packs
// archived events, and package storetest, the suite that every engine passes.
//
// The life of a change: Store.Update queues a function; the writer's goroutine runs many functions
// in one transaction, each under a savepoint unless it is alone; Tx.Append checks the expected
// version, assigns position, version, instant and hash, folds the event into the state of its
// stream, inserts it, and lets the Model project the state into rows; after COMMIT the writer
// answers every caller, and the feed publishes the new head.
//
// Start with event.go, then store.go, writer.go, tx.go and feed.go. replay.go, snapshot.go and
// archive.go keep a growing log quick and small; import.go takes over the events of another log.
// engine.go is the contract of an engine.
package eventstore
