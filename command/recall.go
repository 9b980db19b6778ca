package command

import (
	"context"

	"flightdeck/domain"
	"flightdeck/eventstore"
)

// targeted is a command that names what it is about.
type targeted interface{ target() Outcome }

// recall fills in the outcome of a command that was done before, from the command
// and its events.
func (c *Commands) recall(ctx context.Context, cmd Command, r *Result) error {
	var made traces
	for after := r.First - 1; after < r.Position; {
		events, err := c.Log.Read(ctx, after, int(r.Position-after))
		if err != nil {
			return err
		}
		for _, e := range events {
			after = e.Position
			if err := made.note(e); err != nil {
				return err
			}
		}
	}
	batch, ok := cmd.(Batch)
	if !ok {
		r.Outcome = made.outcome(cmd)
		return nil
	}
	for _, part := range batch.Commands {
		r.Parts = append(r.Parts, made.outcome(part))
	}
	return nil
}

// traces are the things that events began, in their order.
type traces struct {
	created []string
	slides  []Outcome
}

func (t *traces) note(e eventstore.Event) error {
	fact, err := domain.Decode(e.Type, e.SchemaVersion, e.Data)
	if err != nil {
		return err
	}
	id := string(e.Stream.ID)
	if slide, ok := fact.(domain.SlideAdded); ok && (len(t.created) == 0 || t.created[len(t.created)-1] != id) {
		t.slides = append(t.slides, Outcome{ID: id, SlideID: slide.SlideID})
	}
	if e.Version == 1 {
		t.created = append(t.created, id)
	}
	return nil
}

// outcome returns what a command was about, and forgets it.
func (t *traces) outcome(cmd Command) (o Outcome) {
	if about, ok := cmd.(targeted); ok {
		o = about.target()
	} else if len(t.created) > 0 {
		o.ID, t.created = t.created[0], t.created[1:]
	}
	if _, ok := cmd.(AddSlide); ok && len(t.slides) > 0 {
		o, t.slides = t.slides[0], t.slides[1:]
	}
	return o
}
