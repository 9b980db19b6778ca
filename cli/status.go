package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"text/tabwriter"
	"time"

	"flightdeck/app"
	"flightdeck/eventstore"
	"flightdeck/eventstore/sqlite"
)

// statusCommand reports the size of a log. A server may be running on the same database.
type statusCommand struct {
	JSON bool `name:"json" help:"Print it as JSON."`
}

// status is the report.
type status struct {
	DB         string              `json:"db"`
	Lineage    string              `json:"lineage"`
	Head       eventstore.Position `json:"head"`
	Hash       string              `json:"hash"`
	RecordedAt *time.Time          `json:"recordedAt,omitempty"`
	Streams    int64               `json:"streams"`
	Events     int64               `json:"events"`
	Archived   int64               `json:"archivedEvents"`
	Snapshots  int64               `json:"snapshots"`
	Bytes      int64               `json:"databaseBytes"`
	FreeBytes  int64               `json:"freeBytes"`
	WALBytes   int64               `json:"walBytes"`
	// Behind names the slowest follower of the log, if it is behind, and Checkpoint its position.
	Behind     string              `json:"behind,omitempty"`
	Checkpoint eventstore.Position `json:"checkpoint,omitzero"`
}

// Run reads the report from the database.
func (c *statusCommand) Run(env *environment) (err error) {
	engine, err := sqlite.Open(env.ctx, env.DB, sqlite.Options{ReadOnly: true, Migrations: app.Migrations()})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, engine.Close()) }()
	head, err := engine.Head(env.ctx)
	if err != nil {
		return err
	}
	size, err := engine.Size(env.ctx)
	if err != nil {
		return err
	}
	follower, checkpoint, err := engine.SlowestCheckpoint(env.ctx)
	if err != nil {
		return err
	}
	s := status{
		DB: env.DB, Lineage: engine.Lineage(), Head: head.Position, Hash: head.Hash.String(),
		Streams: size.Streams, Events: size.Events, Archived: size.Archived, Snapshots: size.Snapshots,
		Bytes: size.Bytes, FreeBytes: size.FreeBytes, WALBytes: size.AheadBytes,
	}
	if head.Position > 0 {
		s.RecordedAt = &head.RecordedAt
	}
	if checkpoint < head.Position {
		s.Behind, s.Checkpoint = follower, checkpoint
	}
	if c.JSON {
		return json.NewEncoder(env.stdout).Encode(s)
	}
	return s.write(env)
}

func (s status) write(env *environment) error {
	w := tabwriter.NewWriter(env.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "database\t%s, %s\n", s.DB, megabytes(s.Bytes))
	fmt.Fprintf(w, "free in it\t%s\n", megabytes(s.FreeBytes))
	fmt.Fprintf(w, "write-ahead log\t%s\n", megabytes(s.WALBytes))
	fmt.Fprintf(w, "lineage\t%s\n", s.Lineage)
	fmt.Fprintf(w, "head\t%s\t\n", s.Head)
	if s.RecordedAt != nil {
		fmt.Fprintf(w, "recorded at\t%s\n", s.RecordedAt.Format(time.RFC3339Nano))
		fmt.Fprintf(w, "hash\t%s\n", s.Hash)
	}
	fmt.Fprintf(w, "events\t%d, and %d in the archive\n", s.Events, s.Archived)
	fmt.Fprintf(w, "streams\t%d\n", s.Streams)
	fmt.Fprintf(w, "snapshots\t%d\n", s.Snapshots)
	if s.Behind != "" {
		fmt.Fprintf(w, "behind\t%s, at position %s\n", s.Behind, s.Checkpoint)
	}
	return w.Flush()
}
