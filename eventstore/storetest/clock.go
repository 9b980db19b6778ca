package storetest

import (
	"slices"
	"sync"
	"testing"
	"time"

	"flightdeck/eventstore"
)

// noon is an instant that all instants of these tests are near.
var noon = time.Date(2026, 3, 29, 12, 0, 0, 0, time.UTC)

// hand is a clock that is set by hand.
type hand struct {
	mu  sync.Mutex
	now time.Time // guarded by mu
}

func (h *hand) set(now time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.now = now
}

func (h *hand) read() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.now
}

func clocks(t *testing.T, s suite) {
	for name, offsets := range map[string][]time.Duration{
		"stands still":      {0, 0, 0, 0, 0},
		"steps back":        {0, -time.Second, -time.Hour, -24 * 365 * time.Hour, -time.Hour},
		"jumps":             {0, 24 * 365 * time.Hour, 0, time.Hour, 24 * 366 * time.Hour},
		"moves by less":     {0, 300, 600, 900, 1200},
		"is before 1970":    {-60 * 365 * 24 * time.Hour, -60*365*24*time.Hour - 1, 0, time.Hour, 1},
		"is in other zones": {0, time.Hour, 2 * time.Hour, 0, time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			clock := &hand{}
			l := s.start(t, eventstore.Options{Clock: clock.read})
			earliest := time.Time{}
			for i, offset := range offsets {
				at := noon.Add(offset)
				if name == "is in other zones" {
					at = at.In(time.FixedZone("", 3600*i))
				}
				clock.set(at)
				earliest = mustRecord(t, l, at, earliest)
				if i == 2 {
					l.restart(t)
				}
			}
			mustBeInOrder(t, l.all(t))
		})
	}
}

// mustRecord appends three events and checks their instants: the clock's for the first, unless the
// log is ahead, then a microsecond later each. It returns the earliest instant after them.
func mustRecord(t *testing.T, l *log, now, earliest time.Time) time.Time {
	t.Helper()
	var said time.Time
	result := l.do(t, func(tx *eventstore.Tx) error {
		said = tx.Now()
		return appending("a", notes(3)...)(tx)
	})
	want := now.UTC().Truncate(time.Microsecond)
	if want.Before(earliest) {
		want = earliest
	}
	if said != want {
		t.Errorf("Now is %s, want %s", said, want)
	}
	for _, e := range result.Events {
		if e.RecordedAt != want {
			t.Errorf("position %d is recorded at %s, want %s in UTC", e.Position, e.RecordedAt, want)
		}
		want = want.Add(time.Microsecond)
	}
	return want
}

func imports(t *testing.T, s suite) {
	clock := &hand{now: noon}
	l := s.start(t, eventstore.Options{Clock: clock.read})
	instants := []time.Time{noon.Add(-time.Hour), noon.Add(-time.Minute), noon.Add(-time.Second).Add(1500)}
	for _, at := range instants {
		r := l.command(t, eventstore.Command{At: at}, appending("a", note("old")))
		if want := at.Truncate(time.Microsecond); r.Events[0].RecordedAt != want {
			t.Errorf("recorded at %s, want %s", r.Events[0].RecordedAt, want)
		}
	}
	r := l.command(t, eventstore.Command{At: instants[0]}, appending("a", note("out of order")))
	if want := instants[2].Truncate(time.Microsecond).Add(time.Microsecond); r.Events[0].RecordedAt != want {
		t.Errorf("an import out of order is recorded at %s, want %s", r.Events[0].RecordedAt, want)
	}
	if r := l.do(t, appending("a", note("now"))); r.Events[0].RecordedAt != noon {
		t.Errorf("after an import, now is recorded at %s, want %s", r.Events[0].RecordedAt, noon)
	}
	mustBeInOrder(t, l.all(t))
}

func refusedInstant(t *testing.T, s suite) {
	clock := &hand{now: noon}
	l := s.start(t, eventstore.Options{Clock: clock.read})
	future := eventstore.Command{At: noon.AddDate(1000, 0, 0)}
	l.refused(t, errRefused, future, refusing(appending("a", note("x"))))
	if _, err := l.Update(within(t), future, func(*eventstore.Tx) error { return nil }); err != nil {
		t.Fatal(err)
	}
	if r := l.do(t, appending("a", note("x"))); r.Events[0].RecordedAt != noon {
		t.Errorf("recorded at %s, want %s", r.Events[0].RecordedAt, noon)
	}
}

func positionAt(t *testing.T, s suite) {
	l := s.start(t, eventstore.Options{})
	mustBeAt(t, l, noon, 0)
	instants := []time.Time{noon, noon.Add(time.Microsecond), noon.Add(time.Second), noon.Add(time.Hour)}
	for _, at := range instants {
		l.command(t, eventstore.Command{At: at}, appending("a", note("x")))
	}
	for range 2 {
		mustBeAt(t, l, time.Time{}, 0)
		mustBeAt(t, l, noon.Add(-time.Microsecond), 0)
		mustBeAt(t, l, noon.Add(-1), 0)
		for i, at := range instants {
			here := eventstore.Position(i + 1)
			mustBeAt(t, l, at, here)
			mustBeAt(t, l, at.In(time.FixedZone("", -7*3600)), here)
			mustBeAt(t, l, at.Add(time.Microsecond-1), here)
			if i > 1 {
				mustBeAt(t, l, at.Add(-1), here-1)
				mustBeAt(t, l, at.Add(-time.Microsecond), here-1)
				mustBeAt(t, l, at.Add(time.Millisecond), here)
			}
		}
		mustBeAt(t, l, noon.AddDate(5000, 0, 0), eventstore.Position(len(instants)))
		l.restart(t)
	}
	if !slices.IsSortedFunc(l.all(t), func(a, b eventstore.Event) int { return a.RecordedAt.Compare(b.RecordedAt) }) {
		t.Error("instants are not in order")
	}
}

func mustBeAt(t *testing.T, l *log, at time.Time, want eventstore.Position) {
	t.Helper()
	if got, err := l.PositionAt(within(t), at); got != want || err != nil {
		t.Errorf("position at %s is %d, error %v, want %d", at, got, err, want)
	}
}

func settled(t *testing.T, s suite) {
	clock := &hand{}
	clock.set(noon)
	l := s.start(t, eventstore.Options{Clock: clock.read})
	l.command(t, eventstore.Command{}, appending("a", note("x")))
	at := noon.Add(time.Second)
	if err := l.CloseInstant(within(t), at); err != nil {
		t.Fatal(err)
	}
	mustBeAt(t, l, at, 1)
	for _, now := range []time.Time{at, noon.Add(time.Millisecond), noon.Add(-time.Hour)} {
		clock.set(now)
		l.command(t, eventstore.Command{}, appending("a", note("y")))
		mustBeAt(t, l, at, 1)
	}
	mustBeInOrder(t, l.all(t))
}

func settlingWaits(t *testing.T, s suite) {
	clock := &hand{}
	clock.set(noon)
	l := s.start(t, eventstore.Options{Clock: clock.read})
	begun, end := make(chan struct{}), make(chan struct{})
	done := make(chan error, 1)
	go func() {
		_, err := l.Update(within(t), eventstore.Command{}, func(tx *eventstore.Tx) error {
			close(begun)
			<-end
			return appending("a", note("x"))(tx)
		})
		done <- err
	}()
	<-begun
	settled := make(chan error, 1)
	go func() { settled <- l.CloseInstant(within(t), noon) }()
	select {
	case err := <-settled:
		t.Fatalf("settled, error %v, while a command for that instant is under way", err)
	default:
	}
	close(end)
	for _, c := range []chan error{settled, done} {
		if err := <-c; err != nil {
			t.Fatal(err)
		}
	}
	mustBeAt(t, l, noon, 1)
}
