package cloudevents

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"
	"unicode/utf8"

	"flightdeck/eventstore"
)

// LineError describes a line that is wrong, and the remedy.
type LineError struct {
	Line int // from 1
	Err  error
}

func (e *LineError) Error() string { return fmt.Sprintf("line %d: %v", e.Line, e.Err) }

// Unwrap returns the cause.
func (e *LineError) Unwrap() error { return e.Err }

// CutError describes an export that ends before its last line.
type CutError struct {
	After int // the number of whole lines
}

func (e *CutError) Error() string {
	if e.After == 0 {
		return "the export is empty, or was cut short in its first line: export again"
	}
	return fmt.Sprintf("the export was cut short after line %d: export again", e.After)
}

// Reader reads the output of a Writer, one line at a time. It checks the form of each line;
// eventstore.Tx.Import checks that each event follows from the one before.
type Reader struct {
	from    *bufio.Reader
	maxLine int
	line    int
	lineage string
	source  string // of all lines
	last    eventstore.Head
	text    []byte // the current line
	again   []byte // the line as a Writer writes it
}

// NewReader returns a reader of an export whose lines have up to maxLine bytes.
func NewReader(from io.Reader, maxLine int) *Reader {
	return &Reader{from: bufio.NewReaderSize(from, 64<<10), maxLine: maxLine}
}

// Line returns the number of the line that Next read last, from 1.
func (r *Reader) Line() int { return r.line }

// Lineage returns the lineage of the exported log. It is "" before the first line is read.
func (r *Reader) Lineage() string { return r.lineage }

// Next returns the next event. The error is io.EOF after the last event if the last line confirms
// the number of events, a *CutError if the export ends before, or a *LineError.
func (r *Reader) Next() (eventstore.Event, error) {
	if err := r.read(); err != nil {
		return eventstore.Event{}, err
	}
	e, err := r.parse()
	if err != nil && !errors.Is(err, io.EOF) {
		err = &LineError{r.line, err}
	}
	return e, err
}

// read reads a line without its line end.
func (r *Reader) read() error {
	r.text = r.text[:0]
	for {
		part, err := r.from.ReadSlice('\n')
		r.text = append(r.text, part...)
		switch {
		case len(r.text) > r.maxLine+1:
			return &LineError{r.line + 1, fmt.Errorf("it is longer than %d bytes: no line of an export is", r.maxLine)}
		case len(r.text) > 0 && r.text[0] != '{':
			return &LineError{r.line + 1, errors.New("it does not begin with { as a line of an export does: choose a file that flightdeck export wrote")}
		case err == nil:
			r.line++
			r.text = r.text[:len(r.text)-1]
			return nil
		case errors.Is(err, io.EOF):
			return &CutError{r.line}
		case !errors.Is(err, bufio.ErrBufferFull):
			return fmt.Errorf("read line %d: %w", r.line+1, err)
		}
	}
}

var errForm = errors.New("it is not as flightdeck export writes it: it was changed, or a later version wrote it: export again, or import with the version that did")

func (r *Reader) parse() (e eventstore.Event, err error) {
	var l line
	if !utf8.Valid(r.text) {
		return e, errors.New("it is not UTF-8: the export was changed, or its encoding was: export again")
	}
	err = json.Unmarshal(r.text, &l)
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok && wrong.Field != "" {
		return e, fmt.Errorf("its %s cannot be a %s: export again", wrong.Field, wrong.Value)
	}
	if err != nil {
		return e, fmt.Errorf("it is not the JSON of an event: %w: export again", err)
	}
	lineage, err := url.PathUnescape(strings.TrimPrefix(l.Source, sources))
	if err != nil || l.SpecVersion != specVersion || source(lineage) != l.Source {
		return e, fmt.Errorf("its specversion %q and source %q are not those of an export: choose a file that flightdeck export wrote", l.SpecVersion, l.Source)
	}
	if r.line == 1 {
		r.lineage, r.source = lineage, l.Source
	}
	if l.Source != r.source {
		return e, fmt.Errorf("it is of the log %s, and the lines before are of %s: export again", l.Source, r.source)
	}
	if l.Type == End {
		return e, r.end()
	}
	if e, err = l.event(); err != nil {
		return e, fmt.Errorf("%w: export again", err)
	}
	if r.again = appendEvent(r.again[:0], r.source, e); !bytes.Equal(r.again, r.text) {
		return e, errForm
	}
	r.last = eventstore.Head{Position: e.Position, RecordedAt: e.RecordedAt, Hash: e.Hash}
	return e, nil
}

// end checks the last line and the end of the file after it.
func (r *Reader) end() error {
	if !bytes.Equal(appendEnd(nil, r.source, r.last), r.text) {
		return fmt.Errorf("it does not say that the log ends at position %s with the hash %s, as the lines before do: lines are missing, or were changed: export again", r.last.Position, r.last.Hash)
	}
	switch _, err := r.from.ReadByte(); {
	case err == nil:
		r.line++
		return errors.New("something follows the end of the export: export again")
	case !errors.Is(err, io.EOF):
		return err
	}
	return io.EOF
}
