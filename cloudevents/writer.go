package cloudevents

import (
	"fmt"
	"io"

	"flightdeck/eventstore"
)

// Writer writes a log event by event. It stores and buffers nothing.
type Writer struct {
	to     io.Writer
	source string
	head   eventstore.Head
	line   []byte
}

// NewWriter returns a writer for the log with the given lineage, from its first event on.
func NewWriter(to io.Writer, lineage string) *Writer {
	return &Writer{to: to, source: source(lineage)}
}

// Write writes the next event of the log. The error is a *eventstore.BrokenError if the event does
// not follow the one before, so that a Reader can read the whole output.
func (w *Writer) Write(e eventstore.Event) error {
	head, err := w.head.Next(e)
	if err != nil {
		return err
	}
	if err := fits(e); err != nil {
		return fmt.Errorf("position %s cannot be exported: %w", e.Position, err)
	}
	w.line = appendEvent(w.line[:0], w.source, e)
	if len(w.line) >= MaxLine {
		return fmt.Errorf("position %s cannot be exported: it has %d bytes of data", e.Position, len(e.Data))
	}
	w.head = head
	return w.flush()
}

// End writes the last line and returns the head of the written log.
func (w *Writer) End() (eventstore.Head, error) {
	w.line = appendEnd(w.line[:0], w.source, w.head)
	return w.head, w.flush()
}

func (w *Writer) flush() error {
	w.line = append(w.line, '\n')
	_, err := w.to.Write(w.line)
	return err
}
