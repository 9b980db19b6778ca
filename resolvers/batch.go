package resolvers

import (
	"context"
	"fmt"

	"flightdeck/command"
	"flightdeck/domain"
	"flightdeck/graph/model"

	"github.com/99designs/gqlgen/graphql"
)

// batchPayload runs a batch of commands and returns its payload.
func (r *Resolver) batchPayload(ctx context.Context, input model.ApplyBatchInput) (*model.ApplyBatchPayload, error) {
	p := &model.ApplyBatchPayload{Results: []*model.BatchResult{}, Query: &model.Query{}}
	batch := command.Batch{IdempotencyKey: input.IdempotencyKey.Value(), Commands: make([]command.Command, len(input.Commands))}
	for i, c := range input.Commands {
		var err error
		if batch.Commands[i], err = batched(c); err != nil {
			p.Errors, err = userErrors(domain.Errorf(domain.Invalid, "%v", err).At(fmt.Sprintf("commands.%d", i)), "input")
			return p, err
		}
	}
	d, err := r.do(ctx, batch)
	p.Errors, p.Position, p.Done = d.errors, d.position, d.result
	for _, part := range d.result.Parts {
		result := &model.BatchResult{ID: part.ID}
		if part.SlideID != "" {
			result.SlideID = &part.SlideID
		}
		p.Results = append(p.Results, result)
	}
	return p, err
}

// batched returns the command of a batch's member. A member without a command, or with several, is
// an error.
func batched(c *model.BatchCommand) (command.Command, error) {
	var all []command.Command
	add(&all, c.CreateContent, func(in command.CreateContent) command.Command { return in })
	add(&all, c.UpdateContent, func(in command.UpdateContent) command.Command { return in })
	add(&all, c.PublishContent, func(in command.ContentTarget) command.Command { return command.PublishContent{ContentTarget: in} })
	add(&all, c.UnpublishContent, func(in command.ContentTarget) command.Command { return command.UnpublishContent{ContentTarget: in} })
	add(&all, c.ArchiveContent, func(in command.ContentTarget) command.Command { return command.ArchiveContent{ContentTarget: in} })
	add(&all, c.DeleteContent, func(in command.ContentTarget) command.Command { return command.DeleteContent{ContentTarget: in} })
	add(&all, c.RestoreContent, func(in command.Restore) command.Command { return command.RestoreContent{Restore: in} })
	add(&all, c.CreatePresentation, func(in command.CreatePresentation) command.Command { return in })
	add(&all, c.UpdatePresentation, func(in command.UpdatePresentation) command.Command { return in })
	add(&all, c.DeletePresentation, func(in command.DeletePresentation) command.Command { return in })
	add(&all, c.RestorePresentation, func(in command.Restore) command.Command { return command.RestorePresentation{Restore: in} })
	add(&all, c.AddSlide, func(in command.AddSlide) command.Command { return in })
	add(&all, c.UpdateSlide, func(in command.UpdateSlide) command.Command { return in })
	add(&all, c.MoveSlide, func(in command.MoveSlide) command.Command { return in })
	add(&all, c.RemoveSlide, func(in command.RemoveSlide) command.Command { return in })
	if len(all) != 1 {
		return nil, fmt.Errorf("a command of a batch has %d fields: give exactly one", len(all))
	}
	return all[0], nil
}

// add appends the command that a field of a batch's member holds, if any.
func add[T any](all *[]command.Command, in graphql.Omittable[*T], of func(T) command.Command) {
	if v := in.Value(); v != nil {
		*all = append(*all, of(*v))
	}
}
