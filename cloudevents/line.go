package cloudevents

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"flightdeck/eventstore"
)

// End is the type of the last line. No event of a log has it: types of events have no dots.
const End = "flightdeck.log.end"

// MaxLine bounds a line, in bytes. It is larger than the largest data of an event that SQLite
// stores.
const MaxLine = 1 << 30

const (
	specVersion = "1.0"
	contentType = "application/json"
	sources     = "/flightdeck/"
	instant     = "2006-01-02T15:04:05.000000Z"
)

// line is the JSON of any line.
type line struct {
	SpecVersion   string          `json:"specversion"`
	ID            string          `json:"id"`
	Source        string          `json:"source"`
	Type          string          `json:"type"`
	Subject       string          `json:"subject"`
	Time          string          `json:"time"`
	Position      string          `json:"position"`
	StreamType    string          `json:"streamtype"`
	StreamVersion int32           `json:"streamversion"`
	SchemaVersion int32           `json:"schemaversion"`
	Actor         string          `json:"actor"`
	CorrelationID string          `json:"correlationid"`
	CausationID   string          `json:"causationid"`
	TraceID       string          `json:"traceid"`
	Hash          string          `json:"hash"`
	Data          json.RawMessage `json:"data"`
	DataBase64    *[]byte         `json:"data_base64"`
}

// source returns the source of a log's events.
func source(lineage string) string { return sources + url.PathEscape(lineage) }

// appendEvent appends the line of an event without its line end.
func appendEvent(b []byte, source string, e eventstore.Event) []byte {
	b = appendStart(b, e.ID, source, e.Type)
	b = appendAttribute(b, "subject", string(e.Stream.ID))
	b = appendAttribute(b, "time", e.RecordedAt.UTC().Format(instant))
	b = appendAttribute(b, "position", e.Position.String())
	b = appendAttribute(b, "streamtype", e.Stream.Type)
	b = appendNumber(b, "streamversion", e.Version)
	b = appendNumber(b, "schemaversion", e.SchemaVersion)
	b = appendAttribute(b, "actor", e.Actor)
	b = appendAttribute(b, "correlationid", e.CorrelationID)
	b = appendAttribute(b, "causationid", e.CausationID)
	b = appendAttribute(b, "traceid", e.TraceID)
	b = appendAttribute(b, "hash", e.Hash.String())
	if isLineOfJSON(e.Data) {
		b = append(b, `,"data":`...)
		return append(append(b, e.Data...), '}')
	}
	b = append(b, `,"data_base64":"`...)
	return append(base64.StdEncoding.AppendEncode(b, e.Data), `"}`...)
}

// appendEnd appends the last line without its line end.
func appendEnd(b []byte, source string, head eventstore.Head) []byte {
	b = appendStart(b, "end-"+head.Position.String(), source, End)
	return fmt.Appendf(b, `,"data":{"position":"%s","hash":"%s","events":%d}}`, head.Position, head.Hash, int64(head.Position))
}

func appendStart(b []byte, id, source, eventType string) []byte {
	b = append(b, `{"specversion":"`+specVersion+`"`...)
	b = appendAttribute(b, "id", id)
	b = appendAttribute(b, "source", source)
	b = appendAttribute(b, "type", eventType)
	return appendAttribute(b, "datacontenttype", contentType)
}

// appendAttribute appends an attribute unless it is empty.
func appendAttribute(b []byte, name, value string) []byte {
	if value == "" {
		return b
	}
	b = append(append(b, `,"`...), name...)
	return appendText(append(b, `":`...), value)
}

func appendNumber(b []byte, name string, n int) []byte {
	b = append(append(b, `,"`...), name...)
	return strconv.AppendInt(append(b, `":`...), int64(n), 10)
}

// appendText appends a JSON string that escapes only what RFC 8259, section 7, requires.
func appendText(b []byte, s string) []byte {
	b = append(b, '"')
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c < ' ':
			b = fmt.Appendf(b, `\u%04x`, c)
		default:
			b = append(b, c)
		}
	}
	return append(b, '"')
}

// isLineOfJSON reports whether data is JSON on one line that survives a round trip. The JSON value
// null counts as no data in CloudEvents.
func isLineOfJSON(data []byte) bool {
	return json.Valid(data) && utf8.Valid(data) && !bytes.ContainsAny(data, "\r\n") &&
		len(bytes.TrimSpace(data)) == len(data) && string(data) != "null"
}

// event returns the event of a line.
func (l line) event() (e eventstore.Event, err error) {
	if e.Position, err = eventstore.ParsePosition(l.Position); err != nil {
		return e, fmt.Errorf("its position is wrong: %w", err)
	}
	if e.Hash, err = eventstore.ParseHash(l.Hash); err != nil {
		return e, fmt.Errorf("its hash is wrong: %w", err)
	}
	if e.RecordedAt, err = time.Parse(instant, l.Time); err != nil {
		return e, fmt.Errorf("its time %q is no instant in microseconds, such as %s", l.Time, instant)
	}
	e.NewEvent = eventstore.NewEvent{ID: l.ID, Type: l.Type, SchemaVersion: int(l.SchemaVersion), Data: l.Data}
	if l.DataBase64 != nil {
		e.Data = *l.DataBase64
	}
	e.Metadata = eventstore.Metadata{Actor: l.Actor, CorrelationID: l.CorrelationID, CausationID: l.CausationID, TraceID: l.TraceID}
	e.Stream = eventstore.Stream{ID: eventstore.StreamID(l.Subject), Type: l.StreamType}
	e.Version = int(l.StreamVersion)
	return e, nil
}

// fits returns an error for an event that no line can hold.
func fits(e eventstore.Event) error {
	const most = 1<<31 - 1
	text := strings.Join([]string{e.ID, e.Type, string(e.Stream.ID), e.Stream.Type, e.Actor, e.CorrelationID, e.CausationID, e.TraceID}, "")
	switch {
	case !utf8.ValidString(text):
		return errors.New("one of its attributes is not UTF-8")
	case e.RecordedAt.Year() < 0 || e.RecordedAt.Year() > 9999:
		return fmt.Errorf("it is recorded in the year %d, which RFC 3339 cannot say", e.RecordedAt.Year())
	case e.Version > most || e.SchemaVersion > most:
		return fmt.Errorf("its version %d or schema version %d is no integer of CloudEvents", e.Version, e.SchemaVersion)
	case e.Type == End:
		return errors.New("its type is that of the end of an export")
	}
	return nil
}
