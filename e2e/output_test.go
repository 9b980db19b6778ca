package e2e

import (
	"time"

	"flightdeck/eventstore"
)

// The results that commands print with --json.
type (
	status struct {
		DB         string
		Lineage    string
		Head       eventstore.Position
		Hash       string
		RecordedAt *time.Time
		Streams    int64
		Events     int64
		Archived   int64 `json:"archivedEvents"`
		Snapshots  int64
		Bytes      int64 `json:"databaseBytes"`
		FreeBytes  int64
		WALBytes   int64
		Behind     string
		Checkpoint eventstore.Position
	}
	verification struct {
		Head   eventstore.Position
		Hash   string
		Broken *struct {
			Position eventstore.Position
			Reason   string
		}
		Continues   bool
		Seen        eventstore.Position
		Faults      []struct{ Reason string }
		Differences []any
		Count       int
	}
	imported struct {
		Commits int
		Pages   int
		Head    eventstore.Position
		Bytes   int64
		Seconds float64
	}
	exported struct {
		Events  eventstore.Position
		Hash    string
		Lineage string
		Seconds float64
	}
	importedLog struct {
		Events  eventstore.Position
		Hash    string
		From    string
		Lineage string
		Bytes   int64
		Seconds float64
	}
	archived struct {
		Streams int
		Moved   int
		Before  int64 `json:"bytesBefore"`
		After   int64 `json:"bytesAfter"`
		Free    int64 `json:"bytesFree"`
	}
)
