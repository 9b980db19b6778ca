package cli

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"flightdeck/app"
	"flightdeck/cloudevents"
	"flightdeck/eventstore"
	"flightdeck/eventstore/sqlite"
)

// exportCommand writes the log into a file. A server may be running on the same database.
type exportCommand struct {
	Out  string `default:"-" placeholder:"FILE" help:"The file, which appears once it is complete; - for standard output, which is the default."`
	Keys string `placeholder:"FILE" help:"Also write the keys of people's names and addresses, wrapped by the master key, into a file of their own: an import without it knows nobody's name."`
	JSON bool   `name:"json" help:"Print progress and the result as JSON lines, to standard error."`
}

// exported is the result of an export.
type exported struct {
	Events  eventstore.Position `json:"events"`
	Hash    string              `json:"hash"`
	Lineage string              `json:"lineage"`
	Seconds float64             `json:"seconds"`
}

// Run writes all events up to the head at the time of the call, and a last line that says so.
func (c *exportCommand) Run(env *environment) (err error) {
	if err := c.checkFiles(env); err != nil {
		return fmt.Errorf("export: %w", err)
	}
	engine, err := sqlite.Open(env.ctx, env.DB, sqlite.Options{ReadOnly: true, Migrations: app.Migrations()})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, engine.Close()) }()
	begun := time.Now()
	var head eventstore.Head
	write := func(to io.Writer) (err error) {
		head, err = c.write(env, engine, to)
		return err
	}
	if c.Out == "-" {
		err = write(env.stdout)
	} else {
		err = toFile(c.Out, "--out", write)
	}
	if err == nil && c.Keys != "" {
		err = toFile(c.Keys, "--keys", func(to io.Writer) error { return writeKeys(env, engine.DB(), to) })
	}
	if err != nil {
		return fmt.Errorf("export: %w", err)
	}
	return c.print(env, exported{head.Position, head.Hash.String(), engine.Lineage(), time.Since(begun).Seconds()})
}

// checkFiles returns an error if an output would be written over another one, or over a file of the
// program's own.
func (c *exportCommand) checkFiles(env *environment) error {
	if c.Out != "-" {
		if err := env.mustBeForeign(c.Out, "--out"); err != nil {
			return err
		}
	}
	if c.Keys == "" {
		return nil
	}
	if c.Out != "-" && sameFile(c.Out, c.Keys) {
		return fmt.Errorf("%s would be the export and the keys: choose another file with --keys", c.Keys)
	}
	return env.mustBeForeign(c.Keys, "--keys")
}

// exportPage is how many events are read at once; events with long data make shorter pages.
const exportPage = 1000

func (c *exportCommand) write(env *environment, log eventstore.Engine, to io.Writer) (at eventstore.Head, err error) {
	end, err := log.Head(env.ctx)
	if err != nil {
		return at, err
	}
	buffer := bufio.NewWriterSize(to, 64<<10)
	w := cloudevents.NewWriter(buffer, log.Lineage())
	bar := env.progress(int64(end.Position), "events", c.JSON)
	defer bar.done()
	for after := eventstore.Position(0); after < end.Position; bar.set(int64(after)) {
		events, err := log.Read(env.ctx, after, int(min(exportPage, end.Position-after)))
		if err == nil && len(events) == 0 {
			err = &eventstore.BrokenError{Position: after + 1, Reason: "the event is missing"}
		}
		if err != nil {
			return at, damaged(err)
		}
		for _, e := range events {
			if err := w.Write(e); err != nil {
				return at, damaged(err)
			}
			after = e.Position
		}
	}
	if at, err = w.End(); err != nil {
		return at, err
	}
	return at, buffer.Flush()
}

// damaged adds to the error of a broken log what the operator can do.
func damaged(err error) error {
	if _, ok := errors.AsType[*eventstore.BrokenError](err); ok {
		return fmt.Errorf("%w: the database is damaged, and this would be no export: restore a backup, and run flightdeck verify", err)
	}
	return err
}

// print reports on standard error, because standard output may be the export.
func (c *exportCommand) print(env *environment, r exported) error {
	if c.JSON {
		return json.NewEncoder(env.stderr).Encode(r)
	}
	_, err := fmt.Fprintf(env.stderr, "exported %s events in %.1f s, head %s\n", r.Events, r.Seconds, r.Hash)
	return err
}
