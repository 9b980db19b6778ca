package command

import (
	"context"

	"flightdeck/domain"
	"flightdeck/eventstore"
)

// targeted is a command that names the object that it changes.
type targeted interface{ target() Outcome }

// replayedOutcome sets the outcome of a command that had run before, from the command and its
// events.
func (c *Commands) replayedOutcome(ctx context.Context, cmd Command, r *Result) error {
	var created creations
	for after := r.First - 1; after < r.Position; {
		events, err := c.Log.Read(ctx, after, int(r.Position-after))
		if err != nil {
			return err
		}
		for _, e := range events {
			after = e.Position
			if err := created.record(e); err != nil {
				return err
			}
		}
	}
	batch, ok := cmd.(Batch)
	if !ok {
		r.Outcome = created.outcome(cmd)
		return nil
	}
	for _, step := range batch.Commands {
		r.Parts = append(r.Parts, created.outcome(step))
	}
	return nil
}

// creations are the objects and slides that events created, in the order of the events.
type creations struct {
	objects []string
	slides  []Outcome
}

func (t *creations) record(e eventstore.Event) error {
	fact, err := domain.Decode(e.Type, e.SchemaVersion, e.Data)
	if err != nil {
		return err
	}
	id := string(e.Stream.ID)
	if slide, ok := fact.(domain.SlideAdded); ok && (len(t.objects) == 0 || t.objects[len(t.objects)-1] != id) {
		t.slides = append(t.slides, Outcome{ID: id, SlideID: slide.SlideID})
	}
	if e.Version == 1 {
		t.objects = append(t.objects, id)
	}
	return nil
}

// outcome returns the outcome of the next command, and removes its objects from the lists.
func (t *creations) outcome(cmd Command) (o Outcome) {
	if about, ok := cmd.(targeted); ok {
		o = about.target()
	} else if len(t.objects) > 0 {
		o.ID, t.objects = t.objects[0], t.objects[1:]
	}
	if _, ok := cmd.(AddSlide); ok && len(t.slides) > 0 {
		o, t.slides = t.slides[0], t.slides[1:]
	}
	return o
}
