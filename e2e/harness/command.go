package harness

import (
	"fmt"

	"flightdeck/auth"
	"flightdeck/command"
	"flightdeck/domain"

	"github.com/99designs/gqlgen/graphql"
)

// Run runs a command as an actor, in process.
func (h *Harness) Run(actor domain.Actor, cmd command.Command) command.Result {
	h.T.Helper()
	done, err := h.Commands.Do(auth.WithActor(h.T.Context(), actor), cmd)
	if err != nil {
		h.T.Fatalf("%T: %v", cmd, err)
	}
	return done
}

// AppendContent creates a content with a title, in process.
func (h *Harness) AppendContent(actor domain.Actor, title string, status domain.ContentStatus) command.Result {
	h.T.Helper()
	return h.Run(actor, NewContent(title, status))
}

// NewContent returns a command that creates a content with a title.
func NewContent(title string, status domain.ContentStatus) command.CreateContent {
	return command.CreateContent{Title: title, Content: "text of " + title, Format: domain.Markdown, Status: status}
}

// AppendContents appends n events, in batches of contents.
func (h *Harness) AppendContents(actor domain.Actor, n int) {
	h.T.Helper()
	for n > 0 {
		var batch command.Batch
		for i := range min(n, command.MaxBatch) {
			batch.Commands = append(batch.Commands, NewContent(fmt.Sprintf("content %s %d", h.Head(), i), domain.Draft))
		}
		n -= len(batch.Commands)
		h.Run(actor, batch)
	}
}

// Pointer returns a pointer to v.
func Pointer[T any](v T) *T { return &v }

// Given returns v as an input field that is not omitted.
func Given[T any](v T) graphql.Omittable[*T] { return graphql.OmittableOf(&v) }
