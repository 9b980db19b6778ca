package cli

import (
	"encoding/json"
	"errors"
	"fmt"
)

// snapshotCommand makes the snapshots that are missing.
type snapshotCommand struct {
	JSON bool `name:"json" help:"Print progress and the result as JSON lines."`
}

// Run makes them, stream by stream.
func (c *snapshotCommand) Run(env *environment) (err error) {
	a, err := env.openExisting()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.Close()) }()
	bar := env.progress(-1, "streams", c.JSON)
	streams := 0
	made, err := a.Log.SnapshotAll(env.ctx, func(n int) {
		streams = n
		bar.set(int64(n))
	})
	bar.done()
	if err != nil {
		return fmt.Errorf("after %d snapshots: %w: run flightdeck snapshot again, it makes the rest", made, err)
	}
	if c.JSON {
		return json.NewEncoder(env.stdout).Encode(struct {
			Streams int `json:"streams"`
			Made    int `json:"snapshots"`
		}{streams, made})
	}
	_, err = fmt.Fprintf(env.stdout, "made %d snapshots in %d streams\n", made, streams)
	return err
}
