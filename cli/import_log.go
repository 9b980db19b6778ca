package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"

	"flightdeck/app"
	"flightdeck/cloudevents"
	"flightdeck/domain"
	"flightdeck/eventstore"
	"flightdeck/eventstore/sqlite"
)

// importLogCommand imports a log that flightdeck export wrote.
type importLogCommand struct {
	File string `default:"-" placeholder:"FILE" help:"The export; - for standard input, which is the default."`
	Keys string `placeholder:"FILE" help:"The keys that flightdeck export --keys wrote: without them nobody's name and address can be read. The master key has to be that of the log."`
	JSON bool   `name:"json" help:"Print progress and the result as JSON lines."`
}

// importedLog is the result of an import of a log.
type importedLog struct {
	Events eventstore.Position `json:"events"`
	Hash   string              `json:"hash"`
	// From is the lineage of the exported log, Lineage that of the imported one.
	From    string  `json:"from"`
	Lineage string  `json:"lineage"`
	Bytes   int64   `json:"bytes"`
	Seconds float64 `json:"seconds"`
}

// Run imports the whole log or nothing.
func (c *importLogCommand) Run(env *environment) (err error) {
	in, err := c.open(env)
	if err != nil {
		return fmt.Errorf("import: %w: choose an export with --file", err)
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	begun := time.Now()
	var r importedLog
	err = sqlite.Replace(env.ctx, env.DB, sqlite.Options{Migrations: app.Migrations()}, func(path string) (err error) {
		options := env.options()
		key := options.MasterKeyPath()
		options.DB, options.MasterKeyFile = path, key
		// This runs under the lock of the database: no other process makes a key for it.
		_, missing := os.Stat(key)
		if r, err = c.build(env, options, in); err != nil && errors.Is(missing, fs.ErrNotExist) {
			err = errors.Join(err, os.RemoveAll(key)) // it belongs to the database that was not kept
		}
		return err
	})
	if err != nil {
		return c.explain(env, err)
	}
	r.Seconds = time.Since(begun).Seconds()
	if info, err := os.Stat(env.DB); err == nil {
		r.Bytes = info.Size()
	}
	return c.print(env, r)
}

// open opens the export.
func (c *importLogCommand) open(env *environment) (io.ReadCloser, error) {
	if c.File != "-" {
		return os.Open(c.File)
	}
	in, out := io.Pipe()
	go func() { // without more input it ends with the process
		_, err := io.Copy(out, env.stdin)
		out.CloseWithError(err)
	}()
	// Standard input may be a terminal, and a read from a terminal cannot be cancelled.
	context.AfterFunc(env.ctx, func() { out.CloseWithError(env.ctx.Err()) })
	return in, nil
}

// build creates the database of an export, beside the one that it will replace.
func (c *importLogCommand) build(env *environment, options app.Options, in io.Reader) (r importedLog, err error) {
	a, err := env.open(options)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, a.Close()) }()
	if c.Keys != "" {
		if err := readKeys(env, a, c.Keys); err != nil {
			return r, err
		}
	}
	lines := &importing{Reader: cloudevents.NewReader(in, cloudevents.MaxLine)}
	bar := env.progress(-1, "events", c.JSON)
	defer bar.done()
	for lines.err == nil {
		if _, err := a.Log.Update(env.ctx, eventstore.Command{}, lines.next().write); err != nil {
			return r, err
		}
		bar.set(int64(a.Log.Head().Position))
	}
	if !errors.Is(lines.err, io.EOF) {
		return r, lines.err
	}
	head := a.Log.Head()
	return importedLog{Events: head.Position, Hash: head.Hash.String(), From: lines.Lineage(), Lineage: a.Log.Lineage()}, nil
}

// Events are imported in commands of about this many events, and of about as many bytes of data.
const (
	importPart  = 1000
	importBytes = 4 << 20
)

// importing reads an export part by part. err says why there are no more parts: io.EOF at the end.
type importing struct {
	*cloudevents.Reader
	err error
}

// part is the events of neighbouring lines; first is the number of their first line.
type part struct {
	first  int
	events []eventstore.Event
}

// next returns the events up to the next error, or as many as fit into one command. A fault in
// these events is reported before the error.
func (i *importing) next() part {
	p := part{first: i.Line() + 1}
	for size := 0; len(p.events) < importPart && size < importBytes; {
		var e eventstore.Event
		if e, i.err = i.Next(); i.err != nil {
			return p
		}
		p.events = append(p.events, e)
		size += len(e.Data)
	}
	return p
}

// write imports the part. An error names the line.
func (p part) write(tx *eventstore.Tx) error {
	for i, e := range p.events {
		if err := tx.Import(e); err != nil {
			return &cloudevents.LineError{Line: p.first + i, Err: whatToDo(err)}
		}
	}
	return nil
}

// whatToDo adds to the error of an event what the operator can do, unless the error says so itself
// or is the disk's.
func whatToDo(err error) error {
	if broken, ok := errors.AsType[*eventstore.BrokenError](err); ok {
		return fmt.Errorf("%s; the export was changed, or lines of it are missing: export again", broken.Reason)
	}
	if _, ok := errors.AsType[*domain.UnknownEventError](err); ok || ofTheDisk(err) {
		return err
	}
	return fmt.Errorf("%w: check the log with flightdeck verify where it was exported", err)
}

// ofTheDisk reports whether an error is a fault of the disk.
func ofTheDisk(err error) bool {
	return errors.Is(err, eventstore.ErrFull) || errors.Is(err, eventstore.ErrStorage)
}

// explain adds to the error of an import that nothing was changed.
func (c *importLogCommand) explain(env *environment, err error) error {
	if ofTheDisk(err) {
		err = fmt.Errorf("%w: make room on the disk, and import again", err)
	}
	return fmt.Errorf("import: %w\nnothing was imported: %s is as it was", err, env.DB)
}

func (c *importLogCommand) print(env *environment, r importedLog) error {
	if c.JSON {
		return json.NewEncoder(env.stdout).Encode(r)
	}
	if c.Keys == "" {
		fmt.Fprintln(env.stderr, "without --keys, everybody whose name and address are sealed in the log is a forgotten user here, for good: import again with the keys where that is not meant")
	}
	_, err := fmt.Fprintf(env.stdout, `imported %s events in %.1f s (%.0f events/s), %.1f MB, head %s
passwords, tokens, API keys and idempotency keys are in no log: nobody can log in with what they had before.
Get in with: %s, or %s
`, r.Events, r.Seconds, float64(r.Events)/r.Seconds, float64(r.Bytes)/1e6, r.Hash,
		env.command("user", "reset-password", "--email", "ADDRESS"), env.command("user", "create", "--email", "ADDRESS", "--role", "ADMIN", "--print-token"))
	return err
}
