package projection

import (
	"context"
	"fmt"

	"flightdeck/domain"
	"flightdeck/eventstore"
	"flightdeck/readmodel"
	"flightdeck/vault"
)

// Model folds events into states of package domain and writes their rows. It implements
// eventstore.Model; all its states are of type domain.State.
type Model struct {
	// Vault opens the sealed fields of events. It is nil if none are sealed.
	Vault *vault.Vault
}

var _ eventstore.Model = Model{}

// Apply returns the state of a stream after one more event. The error is a
// *domain.UnknownEventError for an event of an unknown type.
func (m Model) Apply(state any, e eventstore.Event) (any, error) {
	data, err := readmodel.OpenData(m.Vault, e)
	if err != nil {
		return nil, err
	}
	fact, err := domain.Decode(e.Type, e.SchemaVersion, data)
	if err != nil {
		return nil, err
	}
	before, ok := state.(domain.State)
	if !ok {
		if before, err = domain.NewState(domain.Kind(e.Stream.Type)); err != nil {
			return nil, err
		}
	}
	return before.Apply(fact, domain.InstantOf(e.RecordedAt))
}

// Encode returns the bytes of a state, for Decode.
func (Model) Encode(state any) ([]byte, error) {
	s, ok := state.(domain.State)
	if !ok {
		return nil, fmt.Errorf("encode a %T: it is no state", state)
	}
	return domain.EncodeState(s)
}

// Decode returns the state in the bytes of Encode.
func (Model) Decode(streamType string, data []byte) (any, error) {
	return domain.DecodeState(domain.Kind(streamType), data)
}

// Fingerprint identifies the fold: programs with the same fingerprint fold the same events into the
// same states.
func (Model) Fingerprint() string { return domain.Fingerprint() }

// Project closes the rows that an event made untrue, and opens the rows that it made true.
func (Model) Project(ctx context.Context, rows eventstore.Rows, e eventstore.Event, before, after any) error {
	return rowWriter{ctx, rows, liveSet, e.Position}.write(before, after)
}

// write turns the rows of one state of a stream into those of the next.
func (w rowWriter) write(before, after any) error {
	switch after := after.(type) {
	case domain.Content:
		before, _ := before.(domain.Content) //nolint:errcheck // nil is the state before the first event
		return w.content(before, after)
	case domain.Presentation:
		before, _ := before.(domain.Presentation) //nolint:errcheck // as above
		return w.presentation(before, after)
	case domain.User:
		before, _ := before.(domain.User) //nolint:errcheck // as above
		return w.user(before, after)
	}
	return fmt.Errorf("no rows are known for a %T", after)
}
