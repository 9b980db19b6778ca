package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"flightdeck/app"
	"flightdeck/eventstore"
	"flightdeck/eventstore/sqlite"
)

// archiveCommand moves old events into the archive.
type archiveCommand struct {
	OlderThan age  `default:"90d" placeholder:"AGE" help:"Which events: recorded longer ago than this, such as 90d or 36h; 0s for all."`
	Keep      int  `default:"100" placeholder:"N" help:"How many of the latest events of each stream stay where they are; at least 1."`
	Vacuum    bool `help:"Afterwards, give the room back to the disk: copies what the file holds and writes it back, which takes room for two more copies meanwhile."`
	JSON      bool `name:"json" help:"Print progress and the result as JSON lines."`
}

// archived is the result of an archive command.
type archived struct {
	Streams int   `json:"streams"`
	Moved   int   `json:"moved"`
	Before  int64 `json:"bytesBefore"`
	After   int64 `json:"bytesAfter"`
	Free    int64 `json:"bytesFree"`
}

// Run archives, and compacts the file if a flag asks for it.
func (c *archiveCommand) Run(env *environment) error {
	if c.Keep < 1 {
		return fmt.Errorf("--keep %d: the latest event of a stream is never archived: keep 1 or more", c.Keep)
	}
	var r archived
	if err := c.move(env, &r); err != nil {
		return fmt.Errorf("after %d events: %w: what was moved stays archived; run the same command again for the rest", r.Moved, err)
	}
	r.After = r.Before
	if c.Vacuum {
		if err := c.compact(env, &r); err != nil {
			return err
		}
	}
	return c.print(env, r)
}

func (c *archiveCommand) move(env *environment, r *archived) (err error) {
	a, err := env.openExisting()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.Close()) }()
	// Events that the search index has not followed yet are not archived.
	if err := a.WaitForIndex(env.ctx); err != nil {
		return err
	}
	size, err := a.Log.Size(env.ctx)
	if err != nil {
		return err
	}
	bar := env.progress(size.Streams, "streams", c.JSON)
	rule := eventstore.ArchiveRule{Before: time.Now().Add(-time.Duration(c.OlderThan)), Keep: c.Keep}
	r.Moved, err = a.Log.ArchiveAll(env.ctx, rule, func(streams, _ int) {
		r.Streams = streams
		bar.set(int64(streams))
	})
	bar.done()
	if err != nil {
		return err
	}
	size, err = a.Log.Size(env.ctx)
	r.Before, r.Free = size.Bytes, size.FreeBytes
	return err
}

func (c *archiveCommand) compact(env *environment, r *archived) error {
	err := sqlite.Compact(env.ctx, env.DB, sqlite.Options{Migrations: app.Migrations()})
	if errors.Is(err, eventstore.ErrFull) {
		return fmt.Errorf("%w: make room for two more copies of what the file holds, or run flightdeck archive without --vacuum: new events use the free room again", err)
	}
	if err != nil {
		return err
	}
	engine, err := sqlite.Open(env.ctx, env.DB, sqlite.Options{ReadOnly: true, Migrations: app.Migrations()})
	if err != nil {
		return err
	}
	size, err := engine.Size(env.ctx)
	r.After, r.Free = size.Bytes, size.FreeBytes
	return errors.Join(err, engine.Close())
}

func (c *archiveCommand) print(env *environment, r archived) error {
	if c.JSON {
		return json.NewEncoder(env.stdout).Encode(r)
	}
	fmt.Fprintf(env.stdout, "archived %d events of %d streams\n", r.Moved, r.Streams)
	if c.Vacuum {
		fmt.Fprintf(env.stdout, "the file has %s, it had %s\n", megabytes(r.After), megabytes(r.Before))
	} else if r.Free > 0 {
		fmt.Fprintf(env.stdout, "%s of the file's %s are free for what comes; %s gives them back to the disk\n",
			megabytes(r.Free), megabytes(r.Before), env.command("archive", "--vacuum"))
	}
	return nil
}

// megabytes formats a number of bytes.
func megabytes(n int64) string { return fmt.Sprintf("%.1f MB", float64(n)/1e6) }
