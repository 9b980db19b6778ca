package auth_test

import (
	"testing"

	"flightdeck/auth"
	"flightdeck/domain"
)

func TestActorTravelsInTheContext(t *testing.T) {
	t.Parallel()
	if got := auth.ActorFrom(t.Context()); got != (domain.Actor{}) {
		t.Errorf("without an actor: %v", got)
	}
	ada := domain.Actor{UserID: "u1", Role: domain.Author}
	outer := auth.WithActor(t.Context(), ada)
	inner := auth.WithActor(outer, domain.Actor{})
	if got := auth.ActorFrom(outer); got != ada {
		t.Errorf("got %v, want %v", got, ada)
	}
	if got := auth.ActorFrom(inner); got != (domain.Actor{}) {
		t.Errorf("a visitor within is %v", got)
	}
}
