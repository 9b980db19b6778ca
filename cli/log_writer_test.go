package cli

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestALogIsWrittenInOrderUpToItsEnd(t *testing.T) {
	t.Parallel()
	var out, want bytes.Buffer
	w := newLogWriter(&out, func(int) { t.Error("lines were dropped") })
	for i := range 1000 {
		fmt.Fprintf(io.MultiWriter(w, &want), "line %d\n", i)
	}
	w.Close()
	w.Close()
	fmt.Fprintln(w, "too late")
	if out.String() != want.String() {
		t.Errorf("%d bytes were written, want %d", out.Len(), want.Len())
	}
}

func TestALogThatNobodyReadsBlocksNobody(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		reader, pipe := io.Pipe()
		var w *logWriter
		w = newLogWriter(pipe, func(dropped int) { fmt.Fprintf(w, "%d were dropped\n", dropped) })
		line := strings.Repeat("x", 1023) + "\n"
		for range 3000 {
			fmt.Fprint(w, line)
			synctest.Wait()
		}
		// One line is being written, and a thousand and some wait.
		lines := make(chan string)
		go func() {
			defer close(lines)
			text, _ := io.ReadAll(reader) //nolint:errcheck // the pipe is closed below
			for line := range strings.Lines(string(text)) {
				lines <- line
			}
		}()
		synctest.Wait()
		w.Close()
		if err := pipe.Close(); err != nil {
			t.Error(err)
		}
		n, last := 0, ""
		for last = range lines {
			n++
		}
		if want := fmt.Sprintf("%d were dropped\n", 3000-(n-1)); last != want || n < 1000 || n > 1100 {
			t.Errorf("%d lines, and the last one is %q, want %q", n, last, want)
		}
	})
}

func TestALogThatStaysBlockedIsGivenUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		reader, pipe := io.Pipe()
		w := newLogWriter(pipe, func(int) {})
		fmt.Fprintln(w, "line")
		before := time.Now()
		w.Close()
		if waited := time.Since(before); waited != logPatience {
			t.Errorf("waited %v", waited)
		}
		if err := reader.CloseWithError(errors.New("broken")); err != nil { // the goroutine ends
			t.Error(err)
		}
	})
}
