package cloudevents_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"flightdeck/cloudevents"
	"flightdeck/eventstore"

	"pgregory.net/rapid"
)

// chain assigns positions, instants and hashes to events.
func chain(events ...eventstore.Event) []eventstore.Event {
	var previous eventstore.Hash
	for i := range events {
		e := &events[i]
		e.Position = eventstore.Position(i + 1)
		e.RecordedAt = time.Date(2026, 3, 29, 12, 0, 0, 1000*i, time.UTC)
		e.Hash = eventstore.Link(previous, *e)
		previous = e.Hash
	}
	return events
}

// sample is a log with every attribute both present and absent, and with data of every kind.
func sample() []eventstore.Event {
	event := func(id, stream string, version int, data string) eventstore.Event {
		return eventstore.Event{
			NewEvent: eventstore.NewEvent{ID: id, Type: "Noted", SchemaVersion: 1, Data: []byte(data)},
			Stream:   eventstore.Stream{ID: eventstore.StreamID(stream), Type: "NOTES"}, Version: version,
		}
	}
	all := event("2", "a", 2, `{"n":1.0e3,"n":"twice","html":"<&>","esc":"\u00e9\/"}`)
	all.SchemaVersion = 3
	all.Metadata = eventstore.Metadata{Actor: `ann "the\author" é`, CorrelationID: "c\u0001", CausationID: "1", TraceID: "t<>&"}
	return chain(
		event("1", "a", 1, `{"text":"naïve 日本 `+"\u2028"+`"}`), all,
		event("3", "b", 1, "{\n\t\"lines\": 2\n}"), event("4", "b", 2, ` {"spaces":" "}`), event("5", "b", 3, `{"cut`),
		event("6", "b", 4, "null"), event("7", "b", 5, ""), event("8", "b", 6, "\"\xff\""), event("9", "b", 7, "0"),
	)
}

// export writes a log.
func export(t testing.TB, events []eventstore.Event) []byte {
	t.Helper()
	var out bytes.Buffer
	w := cloudevents.NewWriter(&out, "LINEAGE")
	for _, e := range events {
		if err := w.Write(e); err != nil {
			t.Fatal(err)
		}
	}
	head, err := w.End()
	if err != nil || head.Position != eventstore.Position(len(events)) {
		t.Fatalf("head is %+v, error %v", head, err)
	}
	return out.Bytes()
}

// read reads all events of an export, with the error that ends it, nil at its end.
func read(data []byte) (events []eventstore.Event, err error) {
	r := cloudevents.NewReader(bytes.NewReader(data), cloudevents.MaxLine)
	var head eventstore.Head
	for {
		e, err := r.Next()
		if errors.Is(err, io.EOF) {
			return events, nil
		}
		if err == nil {
			if head, err = head.Next(e); err != nil {
				err = &cloudevents.LineError{Line: r.Line(), Err: err}
			}
		}
		if err != nil {
			return events, err
		}
		events = append(events, e)
	}
}

// lineOf returns the line that an error names: the missing line for a cut.
func lineOf(err error) int {
	if bad, ok := errors.AsType[*cloudevents.LineError](err); ok {
		return bad.Line
	}
	if cut, ok := errors.AsType[*cloudevents.CutError](err); ok {
		return cut.After + 1
	}
	return 0
}

func same(a, b []eventstore.Event) bool { return fmt.Sprintf("%#v", a) == fmt.Sprintf("%#v", b) }

// TestFormIsFrozen compares an export with the output of the first version.
func TestFormIsFrozen(t *testing.T) {
	t.Parallel()
	want, err := os.ReadFile("testdata/log.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	if got := export(t, sample()); !bytes.Equal(got, want) {
		t.Errorf("the export is now\n%s", got)
	}
	events, err := read(want)
	if err != nil || !same(events, sample()) {
		t.Errorf("read %d events, error %v", len(events), err)
	}
}

var attribute = regexp.MustCompile(`^[a-z0-9]{1,20}$`)

// TestLinesAreCloudEvents checks the rules of the specification, version 1.0.2, and of its JSON
// format, in structured mode.
func TestLinesAreCloudEvents(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for text := range bytes.Lines(export(t, sample())) {
		var members map[string]any
		decoder := json.NewDecoder(bytes.NewReader(text))
		decoder.UseNumber()
		if err := decoder.Decode(&members); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		for _, required := range []string{"specversion", "id", "source", "type"} {
			if s, ok := members[required].(string); !ok || s == "" {
				t.Errorf("%s has no %s", text, required)
			}
		}
		if members["specversion"] != "1.0" || members["datacontenttype"] != "application/json" {
			t.Errorf("%s is of another version", text)
		}
		if u, err := url.Parse(fmt.Sprint(members["source"])); err != nil || u.String() != members["source"] {
			t.Errorf("%s: source is no URI reference: %v", text, err)
		}
		if key := fmt.Sprint(members["source"], " ", members["id"]); seen[key] {
			t.Errorf("%s: source and id were there before", text)
		} else {
			seen[key] = true
		}
		if at, ok := members["time"].(string); ok {
			if _, err := time.Parse(time.RFC3339Nano, at); err != nil {
				t.Errorf("%s: %v", text, err)
			}
		}
		_, data := members["data"]
		encoded, base := members["data_base64"].(string)
		if _, err := base64.StdEncoding.DecodeString(encoded); data == base || err != nil {
			t.Errorf("%s has data %t, data_base64 %t: %v", text, data, base, err)
		}
		for name, value := range members {
			if name == "data" || name == "data_base64" {
				continue
			}
			number, isNumber := value.(json.Number)
			if n, err := number.Int64(); isNumber && (err != nil || n != int64(int32(n))) {
				t.Errorf("%s: %s is no integer", text, name)
			}
			if s, isText := value.(string); !attribute.MatchString(name) || !isNumber && (!isText || s == "") {
				t.Errorf("%s: the attribute %s is %v", text, name, value)
			}
		}
	}
	if len(seen) != len(sample())+1 {
		t.Errorf("there are %d lines", len(seen))
	}
}

// TestAnyLogIsReadAsItWasWritten writes and reads events of arbitrary texts and bytes.
func TestAnyLogIsReadAsItWasWritten(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		events := chain(rapid.SliceOfN(rapid.Custom(anyEvent), 0, 5).Draw(r, "events")...)
		data := export(t, events)
		if n := bytes.Count(data, []byte("\n")); n != len(events)+1 || !utf8.Valid(data) {
			r.Fatalf("%d lines for %d events", n, len(events))
		}
		got, err := read(data)
		if err != nil || len(got) != len(events) {
			r.Fatalf("read %d of %d events, error %v", len(got), len(events), err)
		}
		for i := range got {
			if !bytes.Equal(got[i].Data, events[i].Data) || got[i].Hash != events[i].Hash || got[i].Metadata != events[i].Metadata {
				r.Fatalf("event %d is %+v, want %+v", i, got[i], events[i])
			}
		}
	})
}

func anyEvent(r *rapid.T) (e eventstore.Event) {
	text := func(name string) string { return strings.ToValidUTF8(rapid.String().Draw(r, name), "") }
	e.ID, e.Type, e.Stream.ID, e.Stream.Type = "x"+text("id"), "T"+text("type"), eventstore.StreamID(text("stream")), text("stream type")
	e.Version, e.SchemaVersion = int(rapid.Int32Min(1).Draw(r, "version")), int(rapid.Int32Min(1).Draw(r, "schema version"))
	e.Metadata = eventstore.Metadata{Actor: text("actor"), CorrelationID: text("correlation"), CausationID: text("causation"), TraceID: text("trace")}
	e.Data = rapid.OneOf(
		rapid.SliceOf(rapid.Byte()),
		rapid.Map(rapid.String(), func(s string) []byte { b, _ := json.Marshal(map[string]string{s: s}); return b }),
	).Draw(r, "data")
	return e
}

// TestAnyByteThatChangesIsNoticed changes one byte anywhere. The error names the line, or the line
// after it if the source of the first line is the only change.
func TestAnyByteThatChangesIsNoticed(t *testing.T) {
	t.Parallel()
	data := export(t, sample())
	rapid.Check(t, func(r *rapid.T) {
		at := rapid.IntRange(0, len(data)-1).Draw(r, "at")
		changed := bytes.Clone(data)
		changed[at] ^= byte(rapid.IntRange(1, 255).Draw(r, "flip"))
		line := 1 + bytes.Count(data[:at], []byte("\n"))
		first := bytes.IndexByte(data, '\n')
		_, err := read(changed)
		if got := lineOf(err); got != line && (at > first || got != 2) {
			r.Fatalf("byte %d of line %d, %q instead of %q: line %d, error %v", at, line, changed[at], data[at], got, err)
		}
	})
}

// TestEveryCutIsNoticed cuts an export at every byte.
func TestEveryCutIsNoticed(t *testing.T) {
	t.Parallel()
	data := export(t, sample())
	for n := range data {
		_, err := read(data[:n])
		cut, ok := errors.AsType[*cloudevents.CutError](err)
		if want := bytes.Count(data[:n], []byte("\n")); !ok || cut.After != want || !strings.Contains(err.Error(), "export again") {
			t.Errorf("cut at byte %d, after line %d: error is %v", n, want, err)
		}
	}
}

// TestEveryMissingOrRepeatedLineIsNoticed removes, repeats and swaps lines.
func TestEveryMissingOrRepeatedLineIsNoticed(t *testing.T) {
	t.Parallel()
	lines := bytes.SplitAfter(export(t, sample()), []byte("\n"))
	lines = lines[:len(lines)-1]
	for i := range lines {
		without := append(bytes.Join(lines[:i], nil), bytes.Join(lines[i+1:], nil)...)
		twice := append(bytes.Join(lines[:i+1], nil), bytes.Join(lines[i:], nil)...)
		for what, c := range map[string]struct {
			data []byte
			line int
		}{"without": {without, i + 1}, "twice": {twice, i + 2}} {
			if _, err := read(c.data); lineOf(err) != c.line {
				t.Errorf("%s line %d: error is %v", what, i+1, err)
			}
		}
	}
}

func TestWhatIsNoExportIsRefusedWithItsLine(t *testing.T) {
	t.Parallel()
	good := string(export(t, sample()))
	first, rest, _ := strings.Cut(good, "\n")
	for _, c := range []struct {
		said, data string
		line       int
	}{
		{"empty", "", 1},
		{"begin with {", "\n" + good, 1},
		{"begin with {", "\xef\xbb\xbf" + good, 1},
		{"begin with {", "PK\x03\x04", 1},
		{"begin with {", first + "\nnonsense\n" + rest, 2},
		{"not the JSON of an event", first + "\n{nonsense}\n" + rest, 2},
		{"not the JSON of an event", first + first + "\n" + rest, 1},
		{"begin with {", "[]\n", 1},
		{"choose a file", "{}\n", 1},
		{"choose a file", strings.Replace(good, "/flightdeck/", "/other/", 1), 1},
		{"choose a file", strings.Replace(good, `"1.0"`, `"0.3"`, 1), 1},
		{"of the log /flightdeck/OTHER", first + "\n" + strings.Replace(rest, "LINEAGE", "OTHER", 1), 2},
		{"not UTF-8", strings.Replace(good, "é", "\xe9", 1), 2},
		{"its position is wrong", strings.Replace(good, `"position":"1"`, `"position":"one"`, 1), 1},
		{"its position cannot be a number", strings.Replace(good, `"position":"1"`, `"position":1`, 1), 1},
		{"its streamversion cannot be a number", strings.Replace(good, `"streamversion":1`, `"streamversion":3000000000`, 1), 1},
		{"its hash is wrong", strings.Replace(good, `"hash":"`, `"hash":"00`, 1), 1},
		{"its time", strings.Replace(good, "2026-03-29T12:00:00.000000Z", "yesterday", 1), 1},
		{"its time", strings.Replace(good, "2026-03-29T12:00:00.000000Z", "2026-03-29T12:00:00Z", 1), 1},
		{"later version", strings.Replace(good, `"subject"`, `"keyid":"k","subject"`, 1), 1},
		{"later version", strings.Replace(good, `"subject":`, `"subject": `, 1), 1},
		{"later version", strings.Replace(good, `"position"`, `"Position"`, 1), 1},
		{"later version", strings.Replace(good, `"subject":"a"`, `"subject":"b","subject":"a"`, 1), 1},
		{"later version", strings.Replace(good, "\n", "\r\n", 1), 1},
		{"the hash does not follow", strings.Replace(good, `"subject":"a"`, `"subject":"b"`, 1), 1},
		{"something follows", good + "\n", len(sample()) + 2},
		{"something follows", good + good, len(sample()) + 2},
		{"lines are missing", strings.Replace(good, `"events":9`, `"events":8`, 1), len(sample()) + 1},
	} {
		_, err := read([]byte(c.data))
		if err == nil || lineOf(err) != c.line || !strings.Contains(err.Error(), c.said) {
			t.Errorf("want %q in line %d: error is %v", c.said, c.line, err)
		}
	}
}

func TestLongLinesAreRefused(t *testing.T) {
	t.Parallel()
	data := export(t, sample())
	longest := 0
	for line := range bytes.Lines(data) {
		longest = max(longest, len(line)-1)
	}
	for limit, ok := range map[int]bool{longest: true, longest - 1: false, 10: false} {
		r := cloudevents.NewReader(bytes.NewReader(data), limit)
		var err error
		for err == nil {
			_, err = r.Next()
		}
		if errors.Is(err, io.EOF) != ok || !ok && !strings.Contains(err.Error(), fmt.Sprint("longer than ", limit, " bytes")) {
			t.Errorf("with lines of up to %d bytes the error is %v", limit, err)
		}
	}
}

func TestAWriterRefusesWhatCannotBeReadAgain(t *testing.T) {
	t.Parallel()
	for said, change := range map[string]func(*eventstore.Event){
		"not UTF-8":    func(e *eventstore.Event) { e.CorrelationID = "\xff" },
		"year 10000":   func(e *eventstore.Event) { e.RecordedAt = e.RecordedAt.AddDate(7974, 0, 0) },
		"no integer":   func(e *eventstore.Event) { e.Version = 1 << 31 },
		"the end of":   func(e *eventstore.Event) { e.Type = cloudevents.End },
		"does not fit": nil,
	} {
		e := sample()[0]
		if change != nil {
			change(&e)
			e.Hash = eventstore.Link(eventstore.Hash{}, e)
		} else {
			e.Hash[0] ^= 1
		}
		var out bytes.Buffer
		err := cloudevents.NewWriter(&out, "L").Write(e)
		if _, broken := errors.AsType[*eventstore.BrokenError](err); err == nil || broken != (change == nil) || !broken && !strings.Contains(err.Error(), said) || out.Len() > 0 {
			t.Errorf("%s: error is %v, and %d bytes were written", said, err, out.Len())
		}
	}
}

// TestEventsAreReadAsTheyAreWritten reads each event before the next one is written: neither side
// waits for more, or holds more.
func TestEventsAreReadAsTheyAreWritten(t *testing.T) {
	t.Parallel()
	in, out := io.Pipe()
	events := sample()
	more := make(chan struct{})
	go func() {
		w := cloudevents.NewWriter(out, "L")
		var err error
		for _, e := range events {
			<-more
			err = errors.Join(err, w.Write(e))
		}
		<-more
		_, end := w.End()
		_ = out.CloseWithError(errors.Join(err, end))
	}()
	r := cloudevents.NewReader(in, cloudevents.MaxLine)
	for i := range events {
		more <- struct{}{}
		if e, err := r.Next(); err != nil || e.ID != events[i].ID {
			t.Fatalf("event %d is %+v, error %v", i, e, err)
		}
	}
	more <- struct{}{}
	if _, err := r.Next(); !errors.Is(err, io.EOF) {
		t.Errorf("error is %v", err)
	}
}

// FuzzReader writes each event that is read without an error, and compares the bytes.
func FuzzReader(f *testing.F) {
	good := export(f, sample())
	f.Add(good)
	f.Add(export(f, nil))
	f.Add(good[:len(good)/2])
	f.Fuzz(func(t *testing.T, data []byte) {
		r := cloudevents.NewReader(bytes.NewReader(data), cloudevents.MaxLine)
		first, err := r.Next()
		events, wrong := read(data)
		if wrong != nil {
			return
		}
		if len(events) > 0 && (err != nil || first.ID != events[0].ID) {
			t.Errorf("the first event is %+v, error %v", first, err)
		}
		var again bytes.Buffer
		w := cloudevents.NewWriter(&again, r.Lineage())
		for _, e := range events {
			if err := w.Write(e); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := w.End(); err != nil || !bytes.Equal(again.Bytes(), data) {
			t.Errorf("read %q, wrote %q, error %v", data, again.Bytes(), err)
		}
	})
}
