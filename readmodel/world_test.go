package readmodel_test

import (
	"testing"

	"flightdeck/domain"
	"flightdeck/eventstore"
	"flightdeck/internal/worldtest"
	"flightdeck/readmodel"
)

// world is a database with all that reads and writes it.
type world struct{ *worldtest.World }

// open opens a new database until the test ends.
func open(t testing.TB) *world {
	t.Helper()
	return &world{worldtest.Open(t)}
}

// viewAt returns the view of the operator at a position.
func viewAt(p eventstore.Position) readmodel.View {
	return readmodel.View{At: p, Actor: domain.System, Named: true}
}
