package block_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"flightdeck/eventstore"
	"flightdeck/eventstore/block"

	"pgregory.net/rapid"
)

func drawEvent(r *rapid.T) eventstore.Event {
	text := func(name string) string { return rapid.String().Draw(r, name) }
	return eventstore.Event{
		Position: eventstore.Position(rapid.Int64Min(1).Draw(r, "position")),
		NewEvent: eventstore.NewEvent{
			ID: text("id"), Type: text("type"), SchemaVersion: rapid.IntRange(1, 9).Draw(r, "schema"),
			Data: append([]byte{}, rapid.SliceOf(rapid.Byte()).Draw(r, "data")...),
		},
		Metadata: eventstore.Metadata{Actor: text("actor"), CorrelationID: text("correlation"), CausationID: text("causation"), TraceID: text("trace")},
		Stream:   eventstore.Stream{ID: eventstore.StreamID(text("stream")), Type: text("stream type")},
		Version:  rapid.IntMin(1).Draw(r, "version"), RecordedAt: time.UnixMicro(rapid.Int64Range(0, 1<<50).Draw(r, "at")).UTC(),
		Hash: eventstore.Hash(rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(r, "hash")),
	}
}

func codec(t rapid.TB, id uint32, dictionary []byte) *block.Codec {
	t.Helper()
	c, err := block.New(id, dictionary)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestABlockGivesBackWhatWasPutIn, byte for byte, with a dictionary of anything.
func TestABlockGivesBackWhatWasPutIn(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		events := rapid.SliceOfN(rapid.Custom(drawEvent), 1, 20).Draw(r, "events")
		c := codec(r, 7, block.Dictionary(rapid.SliceOfN(rapid.Custom(drawEvent), 0, 5).Draw(r, "sample")))
		got, err := c.Decode(c.Encode(events))
		if err != nil || !reflect.DeepEqual(got, events) {
			r.Fatalf("%+v, error %v, want %+v", got, err, events)
		}
	})
}

// TestADamagedBlockIsNoticed: whatever byte is flipped or cut off, unpacking gives an error, or the
// very events where the byte meant nothing.
func TestADamagedBlockIsNoticed(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		events := rapid.SliceOfN(rapid.Custom(drawEvent), 1, 5).Draw(r, "events")
		c := codec(r, 0, nil)
		whole := c.Encode(events)
		damaged := append([]byte{}, whole...)
		damaged[rapid.IntRange(0, len(whole)-1).Draw(r, "at")] ^= byte(rapid.IntRange(1, 255).Draw(r, "flip"))
		if got, err := c.Decode(damaged); err == nil && !reflect.DeepEqual(got, events) {
			r.Fatalf("the damaged block %x gives %+v", damaged, got)
		}
		if got, err := c.Decode(whole[:rapid.IntRange(0, len(whole)-1).Draw(r, "cut")]); err == nil && len(got) > 0 {
			r.Fatalf("a block that was cut gives %+v", got)
		}
	})
}

// series are events of some streams, one stream after the other.
func series(streams, each, size int) (events []eventstore.Event) {
	for s := range streams {
		for v := range each {
			events = append(events, eventstore.Event{
				Stream: eventstore.Stream{ID: eventstore.StreamID(fmt.Sprint("stream ", s)), Type: "T"}, Version: v + 1,
				NewEvent: eventstore.NewEvent{ID: fmt.Sprint(s, v), Type: "Noted", Data: []byte(strings.Repeat("x", size))}, RecordedAt: time.UnixMicro(1).UTC(),
			})
		}
	}
	return events
}

// TestPartsAreOfOneStreamAndBounded and lose nothing.
func TestPartsAreOfOneStreamAndBounded(t *testing.T) {
	t.Parallel()
	for _, size := range []int{0, 1000, 40_000} {
		events := series(3, 50, size)
		var all []eventstore.Event
		for _, part := range block.Split(events) {
			total := 0
			for _, e := range part {
				total += len(e.Data)
				if e.Stream.ID != part[0].Stream.ID {
					t.Errorf("a part has events of %s and %s", part[0].Stream.ID, e.Stream.ID)
				}
			}
			if len(part) > 32 || len(part) > 1 && total > 32<<10 {
				t.Errorf("a part has %d events of %d bytes", len(part), total)
			}
			all = append(all, part...)
		}
		if !reflect.DeepEqual(all, events) {
			t.Errorf("the parts have %d events of %d", len(all), len(events))
		}
	}
	if parts := block.Split(nil); len(parts) != 0 {
		t.Errorf("no events make %d parts", len(parts))
	}
}

// TestADictionaryMakesSmallBlocksSmaller: what the events of a log have in common is not in each of
// their blocks again.
func TestADictionaryMakesSmallBlocksSmaller(t *testing.T) {
	t.Parallel()
	events := series(10, 10, 10)
	for i := range events {
		events[i].Data = fmt.Appendf(nil, `{"contentId":"content-%d","title":"A title that is like the others, number %d","description":"The same in all of them, as in many a log"}`, i, i)
	}
	dictionary := block.Dictionary(events[:50])
	with, without := len(codec(t, 1, dictionary).Encode(events[60:62])), len(codec(t, 0, nil).Encode(events[60:62]))
	if with*2 > without {
		t.Errorf("two events take %d bytes with a dictionary, %d without", with, without)
	}
	if long := block.Dictionary(series(10, 100, 1000)); len(long) == 0 || len(long) > 64<<10 {
		t.Errorf("a dictionary of many events has %d bytes", len(long))
	}
}
