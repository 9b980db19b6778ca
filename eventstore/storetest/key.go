package storetest

import (
	"errors"
	"testing"

	"flightdeck/eventstore"
)

// keyed is a command with an idempotency key.
func keyed(actor, value, input string) eventstore.Command {
	return eventstore.Command{Key: eventstore.Key{Actor: actor, Value: value}, Input: []byte(input)}
}

// mustNotRun is the command of a key that was used.
func mustNotRun(*eventstore.Tx) error { return errors.New("the command was done again") }

func keyReplays(t *testing.T, s suite) {
	l := s.start(t, eventstore.Options{})
	l.do(t, appending("before", note("x")))
	three := keyed("ann", "three", "input")
	none := keyed("ann", "none", "input")
	mustResult(t, "the first time", l.command(t, three, appending("a", notes(3)...)), 2, 4)
	mustResult(t, "no events", l.command(t, none, func(*eventstore.Tx) error { return nil }), 5, 4)
	l.do(t, appending("after", note("x")))
	head := l.Head()
	for range 2 {
		mustReplay(t, l, three, 2, 4)
		mustReplay(t, l, none, 5, 4)
		l.mustHave(t, head)
		l.restart(t)
	}
}

// mustReplay checks that a command is answered as it was before, not done again.
func mustReplay(t testing.TB, l *log, c eventstore.Command, first, last eventstore.Position) {
	t.Helper()
	r := l.command(t, c, mustNotRun)
	if !r.Replayed || r.First != first || r.Position != last || r.Events != nil {
		t.Errorf("key %s: the second result is %+v, want %d to %d, replayed", c.Key.Value, r, first, last)
	}
}

func keyReused(t *testing.T, s suite) {
	l := s.start(t, eventstore.Options{})
	l.command(t, keyed("ann", "k", "input"), appending("a", note("x")))
	for range 2 {
		for _, input := range []string{"another", "", "INPUT", "input\x00", "\xff\x00\xfe"} {
			l.refused(t, eventstore.ErrKeyReused, keyed("ann", "k", input), mustNotRun)
		}
		l.restart(t)
	}
	mustReplay(t, l, keyed("ann", "k", "input"), 1, 1)
	l.command(t, keyed("ann", "binary", "\xff\x00\xfe"), appending("a", note("y")))
	mustReplay(t, l, keyed("ann", "binary", "\xff\x00\xfe"), 2, 2)
}

func keyPerActor(t *testing.T, s suite) {
	l := s.start(t, eventstore.Options{})
	keys := []eventstore.Command{
		keyed("ann", "k", "1"), keyed("bob", "k", "2"), keyed("", "k", "3"), keyed("ann", "K", "4"), keyed("annk", "", "5"), keyed("an", "nk", "6"),
	}
	for i, c := range keys {
		mustResult(t, c.Key.Actor+" "+c.Key.Value, l.command(t, c, appending("a", note("x"))), eventstore.Position(i+1), eventstore.Position(i+1))
	}
	for i, c := range keys {
		if c.Key.Value != "" { // without a value there is no key
			mustReplay(t, l, c, eventstore.Position(i+1), eventstore.Position(i+1))
		}
	}
}

func keyOfRefused(t *testing.T, s suite) {
	l := s.start(t, eventstore.Options{})
	l.refused(t, errRefused, keyed("ann", "k", "first"), refusing(appending("a", note("x"))))
	l.refused(t, errProject, keyed("ann", "k", "first"), appending("a", eventOf(unprojectable, "x")))
	l.restart(t)
	mustResult(t, "the key of a refused command", l.command(t, keyed("ann", "k", "second"), appending("a", note("y"))), 1, 1)
	l.refused(t, eventstore.ErrKeyReused, keyed("ann", "k", "first"), mustNotRun)
}

func keyConcurrently(t *testing.T, s suite) {
	l := s.start(t, eventstore.Options{Batch: 3})
	ctx := within(t)
	outcomes := make(chan outcome)
	const senders = 16
	for range senders {
		go func() {
			r, err := l.Update(ctx, keyed("ann", "k", "input"), appending("a", notes(2)...))
			outcomes <- outcome{r, err}
		}()
	}
	done := 0
	for range senders {
		o := receive(t, outcomes)
		if o.err != nil || o.First != 1 || o.Position != 2 {
			t.Errorf("result is %+v, error %v", o.Result, o.err)
		}
		if !o.Replayed {
			done++
		}
	}
	if done != 1 || l.Head().Position != 2 {
		t.Errorf("done %d times, head is %d", done, l.Head().Position)
	}
}

func keyInBatch(t *testing.T, s suite) {
	l := s.start(t, eventstore.Options{})
	release := l.hold(t)
	send := func(input string, fn func(*eventstore.Tx) error) <-chan outcome {
		return l.queue(within(t), keyed("ann", "k", input), fn)
	}
	refused := send("refused", refusing(appending("a", note("x"))))
	first := send("input", appending("a", note("x")))
	again := send("input", mustNotRun)
	other := send("other", mustNotRun)
	release()
	if o := receive(t, refused); !errors.Is(o.err, errRefused) {
		t.Errorf("refused: error is %v", o.err)
	}
	if o := receive(t, first); o.err != nil || o.Position != 1 || o.Replayed {
		t.Errorf("first: %+v, error %v", o.Result, o.err)
	}
	if o := receive(t, again); o.err != nil || o.First != 1 || o.Position != 1 || !o.Replayed {
		t.Errorf("again: %+v, error %v", o.Result, o.err)
	}
	if o := receive(t, other); !errors.Is(o.err, eventstore.ErrKeyReused) {
		t.Errorf("with another input: error is %v", o.err)
	}
}

func keyWithoutInput(t *testing.T, s suite) {
	l := s.start(t, eventstore.Options{})
	c := eventstore.Command{Key: eventstore.Key{Actor: "ann", Value: "k"}}
	mustResult(t, "without input", l.command(t, c, appending("a", note("x"))), 1, 1)
	mustReplay(t, l, c, 1, 1)
	mustReplay(t, l, keyed("ann", "k", ""), 1, 1)
	l.refused(t, eventstore.ErrKeyReused, keyed("ann", "k", "input"), mustNotRun)
}
