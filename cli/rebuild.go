package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"text/tabwriter"

	"flightdeck/projection"
)

// rebuildCommand rebuilds rows and search from the log.
type rebuildCommand struct {
	JSON bool `name:"json" help:"Print progress and the result as JSON lines."`
}

// Run rebuilds, or resumes a rebuild that was interrupted.
func (c *rebuildCommand) Run(env *environment) (err error) {
	a, err := env.openExisting()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.Close()) }()
	bar := env.progress(int64(a.Log.Head().Position), "events", c.JSON)
	done, err := a.Rebuilder.Run(env.ctx, func(p projection.RebuildProgress) { bar.set(int64(p.Done)) })
	bar.done()
	switch {
	case errors.Is(err, context.Canceled):
		return fmt.Errorf("stopped at event %s of %s: what is read is as before; run flightdeck rebuild again, it goes on from there", done.Done, done.Total)
	case err != nil && done.Error != nil:
		return fmt.Errorf("rebuild: %s", *done.Error)
	case err != nil:
		return err
	}
	if c.JSON {
		return json.NewEncoder(env.stdout).Encode(struct {
			projection.RebuildProgress
			StartedAt string `json:"startedAt"`
		}{done, done.StartedAt.String()})
	}
	return c.print(env, done)
}

// print shows how the rebuilt tables compare with those before.
func (c *rebuildCommand) print(env *environment, p projection.RebuildProgress) error {
	fmt.Fprintf(env.stdout, "rebuilt from %s events, %.0f a second\n", p.Done, p.EventsPerSecond)
	w := tabwriter.NewWriter(env.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "table\trows\tbefore\t")
	for _, t := range p.Tables {
		said := "same"
		if !t.Same {
			said = "differs: the rows of before are in " + t.Name + "_old until the next rebuild"
		}
		fmt.Fprintf(w, "%s\t%d\t%d\t%s\n", t.Name, t.Rows, t.RowsBefore, said)
	}
	return w.Flush()
}
