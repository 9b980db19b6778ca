// Package eventstore is the log of FlightDeck: streams of events in one order, a
// serialized writer, and feeds that follow it. It knows streams and bytes, and
// nothing of what the events are about.
//
// It imports the standard library only. Storage engines (package sqlite) live
// below it and import it, with package block, which packs archived events;
// storetest holds the suite that every engine passes.
//
// The life of a change: Store.Update queues a function; the writer's goroutine
// runs many of them in one transaction, each under a savepoint unless it is alone;
// Tx.Append checks the expected version, gives position, version, instant and hash,
// inserts the events, folds them into the state of the stream and lets the Model
// project the state into rows; after COMMIT every caller is answered and the feed
// learns of the new head.
//
// Start with event.go, then store.go, writer.go, tx.go and feed.go; replay.go,
// snapshot.go and archive.go are how a log stays quick and small as it grows, and
// import.go how it comes from elsewhere.
// engine.go is what an engine has to provide.
package eventstore
