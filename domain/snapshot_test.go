package domain_test

import (
	"reflect"
	"testing"

	"flightdeck/domain"

	"pgregory.net/rapid"
)

// TestAStateSurvivesItsSnapshot decodes encoded states: the result equals the state, nil and empty
// lists included, and folds on as the state does.
func TestAStateSurvivesItsSnapshot(t *testing.T) {
	t.Parallel()
	for kind, draw := range map[domain.Kind]func(*rapid.T) []domain.Event{
		domain.KindContent: contentHistory, domain.KindPresentation: deckHistory, domain.KindUser: userHistory,
	} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			rapid.Check(t, func(r *rapid.T) {
				events := draw(r)
				state, err := domain.NewState(kind)
				if err != nil {
					r.Fatal(err)
				}
				for i, e := range events {
					state = apply(r, state, e, i)
					data, err := domain.EncodeState(state)
					if err != nil {
						r.Fatal(err)
					}
					again, err := domain.DecodeState(kind, data)
					if err != nil || !reflect.DeepEqual(again, state) {
						r.Fatalf("after %d events %#v is read as %#v, error %v", i+1, state, again, err)
					}
					if twice, err := domain.EncodeState(again); err != nil || string(twice) != string(data) {
						r.Fatalf("%s is written again as %s, error %v", data, twice, err)
					}
				}
			})
		})
	}
}

func TestADamagedSnapshotIsAnError(t *testing.T) {
	t.Parallel()
	for _, kind := range []domain.Kind{domain.KindContent, domain.KindPresentation, domain.KindUser, "COMMENT"} {
		if s, err := domain.DecodeState(kind, []byte(`{"ID": 1`)); err == nil {
			t.Errorf("the damaged state of a %s is read as %v", kind, s)
		}
	}
}

// TestTheFingerprintIsThatOfTheseFolds fails when a change of the fold or of the encoding of states
// changes the fingerprint, and with it discards all snapshots.
func TestTheFingerprintIsThatOfTheseFolds(t *testing.T) {
	t.Parallel()
	const want = "5761f14f167a48e9c9d2a22efc86a8b5ce7326b14dd0c8310b1df3754fd66235"
	if got := domain.Fingerprint(); got != want {
		t.Errorf("the fingerprint is %s, was %s: if the fold was meant to change, write the new one here", got, want)
	}
}
