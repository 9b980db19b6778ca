package domain_test

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"

	"flightdeck/domain"

	"pgregory.net/rapid"
)

// The things of all scenarios.
const (
	contentID = "content-0190a8c2-7b1e-7000-8000-000000000001"
	deckID    = "presentation-0190a8c2-7b1e-7000-8000-000000000002"
	userID    = "user-0190a8c2-7b1e-7000-8000-000000000003"
	authorID  = "user-0190a8c2-7b1e-7000-8000-000000000004"
)

// given are the events before a decision.
type given []domain.Event

// then are the events that a decision leads to; nil for a decision without effect.
type then []domain.Event

// fault is a fault of an input.
type fault struct {
	code  domain.Code
	field string
}

// scenario is a row of a table: given some events, when something is asked for, then there are
// events, or faults.
type scenario[S domain.State] struct {
	name   string
	given  given
	when   func(S) ([]domain.Event, error)
	then   then
	faults []fault
}

func invalid(fields ...string) (list []fault) {
	for _, field := range fields {
		list = append(list, fault{domain.Invalid, field})
	}
	return list
}

func notFound(field string) []fault { return []fault{{domain.NotFound, field}} }

// play runs a table, and folds the decided events.
func play[S domain.State](t *testing.T, table []scenario[S]) {
	t.Helper()
	for _, s := range table {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			before := fold[S](t, s.given)
			got, err := s.when(before)
			mustFault(t, err, s.faults)
			if !reflect.DeepEqual(then(got), s.then) {
				t.Fatalf("then %#v, want %#v", got, s.then)
			}
			if after := foldFrom(t, before, got); reflect.DeepEqual(after, before) != (len(got) == 0) {
				t.Errorf("state is %+v after %+v", after, before)
			}
		})
	}
}

// fold adds events up, a second apart.
func fold[S domain.State](t rapid.TB, events []domain.Event) S {
	t.Helper()
	var none S
	return foldFrom(t, none, events)
}

func foldFrom[S domain.State](t rapid.TB, s S, events []domain.Event) S {
	t.Helper()
	for i, e := range events {
		next, err := s.Apply(e, second(i+1))
		if err != nil {
			t.Fatalf("apply %T: %v", e, err)
		}
		var ok bool
		if s, ok = next.(S); !ok {
			t.Fatalf("the state after %T is a %T", e, next)
		}
	}
	return s
}

// second is an instant that many seconds after 1970.
func second(n int) domain.Instant { return domain.Instant(n) * 1_000_000 }

// mustFault checks codes and fields of an error, and that every fault has words.
func mustFault(t rapid.TB, err error, want []fault) {
	t.Helper()
	var got []fault
	list, ok := errors.AsType[domain.Errors](err)
	if one, single := errors.AsType[*domain.Error](err); !ok && single {
		list = domain.Errors{one}
	}
	for _, e := range list {
		if e.Message == "" || strings.Contains(e.Message, "%!") {
			t.Errorf("the message of %+v is %q", e, e.Message)
		}
		got = append(got, fault{e.Code, e.Field})
	}
	if !slices.Equal(got, want) || (err == nil) != (len(want) == 0) {
		t.Fatalf("error is %v: %v, want %v", err, got, want)
	}
}

// times repeats a text.
func times(n int, s string) string { return strings.Repeat(s, n) }

func mustEqual(t *testing.T, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%#v, want %#v", got, want)
	}
}
