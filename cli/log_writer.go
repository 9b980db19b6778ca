package cli

import (
	"io"
	"sync"
	"time"
)

const (
	// maxPendingLog bounds the lines that wait to be written, in bytes.
	maxPendingLog = 1 << 20
	// logPatience is the time for which Close waits for a reader of the log.
	logPatience = time.Second
)

// logWriter is the log of a server. A goroutine writes the lines, so that the server goes on when
// the log is a pipe without a reader, or a broken one. It drops lines when too many wait, and tells
// their number when it can write again.
type logWriter struct {
	to   io.Writer
	tell func(dropped int)

	mu      sync.Mutex // protects the fields below
	pending []byte
	dropped int // lines
	closed  bool

	woken chan struct{} // holds one when there is something to write; closed by Close
	done  chan struct{} // closed when everything is written after Close
}

// newLogWriter returns a log that writes to another writer. It calls tell, which may log, with the
// number of lines that were dropped. The caller must call Close.
func newLogWriter(to io.Writer, tell func(dropped int)) *logWriter {
	w := &logWriter{to: to, tell: tell, woken: make(chan struct{}, 1), done: make(chan struct{})}
	go w.run()
	return w
}

// Write logs a line. It never blocks, and never fails.
func (w *logWriter) Write(line []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case w.closed:
	case len(w.pending)+len(line) > maxPendingLog:
		w.dropped++
	default:
		w.pending = append(w.pending, line...)
		w.wake()
	}
	return len(line), nil
}

// wake wakes the goroutine. It needs mu.
func (w *logWriter) wake() {
	select {
	case w.woken <- struct{}{}:
	default: // it is awake
	}
}

// run writes the pending lines until Close.
func (w *logWriter) run() {
	defer close(w.done)
	var spare []byte
	for range w.woken {
		w.mu.Lock()
		lines, dropped := w.pending, w.dropped
		w.pending, w.dropped = spare[:0], 0
		w.mu.Unlock()
		if dropped > 0 { // since the last of these lines; there is room for one that says so
			w.tell(dropped)
		}
		_, _ = w.to.Write(lines) //nolint:errcheck // there is nowhere to report it
		spare = lines
	}
}

// Close writes the pending lines, and ends the log. It gives up a log without a reader after
// logPatience; its goroutine then ends with the process, since a write to a pipe cannot be
// interrupted. Close may be called twice.
func (w *logWriter) Close() {
	w.mu.Lock()
	if !w.closed {
		w.closed = true
		w.wake()
		close(w.woken)
	}
	w.mu.Unlock()
	select {
	case <-w.done:
	case <-time.After(logPatience):
	}
}
