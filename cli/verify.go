package cli

import (
	"encoding/json"
	"errors"
	"fmt"

	"flightdeck/app"
	"flightdeck/eventstore"
	"flightdeck/eventstore/sqlite"
	"flightdeck/projection"

	"github.com/uptrace/bun/dialect/sqlitedialect"
)

// verifyCommand checks a database. A server may be running on it.
type verifyCommand struct {
	Head string `placeholder:"HASH" help:"A head that was printed before: prove that the log continues it."`
	JSON bool   `name:"json" help:"Print the result as JSON."`
}

// maxShown is how many differences are listed.
const maxShown = 20

// verification is the result of verify.
type verification struct {
	Head   eventstore.Position `json:"head"`
	Hash   string              `json:"hash"`
	Broken *broken             `json:"broken,omitempty"`
	// Continues says that the log once had the head of --head, at position Seen. It is true at 0
	// without that flag, and false for a broken log.
	Continues bool                `json:"continues"`
	Seen      eventstore.Position `json:"seen,omitempty"`
	// Faults are faults of the file that the hash chain does not show.
	Faults      []sqlite.Fault          `json:"faults"`
	Differences []projection.Difference `json:"differences"`
	// Count is how many differences there are. Differences has the first of them.
	Count int `json:"count"`
}

// broken is the first position at which the hash chain does not fit.
type broken struct {
	Position eventstore.Position `json:"position"`
	Reason   string              `json:"reason"`
}

var errDiffers = errors.New("the database is not what its log says: restore a backup, or ask for help with the output above")

var errOther = errors.New("the log does not continue the given head: it is another log, or an older copy of it")

// Run checks the log, then every row, and fails if there is a difference.
func (c *verifyCommand) Run(env *environment) (err error) {
	var seen eventstore.Hash
	if c.Head != "" {
		if seen, err = eventstore.ParseHash(c.Head); err != nil {
			return fmt.Errorf("--head: %w", err)
		}
	}
	engine, err := sqlite.Open(env.ctx, env.DB, sqlite.Options{ReadOnly: true, Migrations: app.Migrations()})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, engine.Close()) }()
	secrets, err := app.OpenVault(env.ctx, engine.DB(), env.options())
	if err != nil {
		return err
	}
	head, err := engine.Head(env.ctx)
	if err != nil {
		return err
	}
	v := verification{Head: head.Position, Hash: head.Hash.String(), Faults: []sqlite.Fault{}, Differences: []projection.Difference{}}
	bar := env.progress(int64(head.Position), "events", c.JSON)
	_, err = eventstore.Verify(env.ctx, engine, head.Position, func(p eventstore.Position) { bar.set(int64(p)) })
	bar.done()
	if b, ok := errors.AsType[*eventstore.BrokenError](err); ok {
		v.Broken = &broken{b.Position, b.Reason}
	} else if err != nil {
		return err
	}
	if v.Broken == nil {
		if v.Seen, v.Continues, err = eventstore.Find(env.ctx, engine, head.Position, seen); err != nil {
			return err
		}
	}
	if err := engine.Check(env.ctx, head.Position, func(f sqlite.Fault) {
		if len(v.Faults) < maxShown {
			v.Faults = append(v.Faults, f)
		}
	}); err != nil {
		return err
	}
	bar = env.progress(-1, "streams", c.JSON)
	err = projection.VerifyRows(env.ctx, engine.DB(), sqlitedialect.New(), projection.Model{Vault: secrets}, engine, head.Position, func(d projection.Difference) {
		if v.Count++; v.Count <= maxShown {
			v.Differences = append(v.Differences, d)
		}
	}, func(n int) { bar.set(int64(n)) })
	bar.done()
	if err != nil {
		return err
	}
	return c.print(env, v)
}

func (c *verifyCommand) print(env *environment, v verification) error {
	if c.JSON {
		if err := json.NewEncoder(env.stdout).Encode(v); err != nil {
			return err
		}
	} else {
		v.write(env)
	}
	switch {
	case v.Broken != nil, len(v.Faults) > 0, v.Count > 0:
		return errDiffers
	case !v.Continues:
		return errOther
	}
	return nil
}

func (v verification) write(env *environment) {
	if v.Broken != nil {
		fmt.Fprintf(env.stdout, "log: position %s: %s\n", v.Broken.Position, v.Broken.Reason)
	} else {
		fmt.Fprintf(env.stdout, "log: %s events fit, head %s\n", v.Head, v.Hash)
	}
	switch {
	case v.Broken != nil:
	case !v.Continues:
		fmt.Fprintln(env.stdout, "log: has never had the given head")
	case v.Seen > 0:
		fmt.Fprintf(env.stdout, "log: continues the given head, which was that of position %s\n", v.Seen)
	}
	for _, f := range v.Faults {
		fmt.Fprintln(env.stdout, "file:", f)
	}
	if len(v.Faults) == 0 {
		fmt.Fprintln(env.stdout, "file: pages, guards and archive are as they should be")
	}
	for _, d := range v.Differences {
		fmt.Fprintln(env.stdout, "rows:", d)
	}
	switch {
	case v.Count > maxShown:
		fmt.Fprintf(env.stdout, "rows: %d differences, the first %d are listed\n", v.Count, maxShown)
	case v.Count == 0:
		fmt.Fprintln(env.stdout, "rows: all follow from the log, and so do the snapshots")
	}
}
