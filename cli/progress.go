package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"time"

	"golang.org/x/term"
)

// progress shows how far a long command has come: a line that changes on a terminal, lines of JSON
// if a flag asks for them, nothing elsewhere.
type progress struct {
	what  string
	total int64 // -1 if it is not known
	at    int64
	from  int64 // the first value that was set: a command may resume in its middle
	begun time.Time

	show     func() // nil to show nothing
	clear    func()
	interval time.Duration // between two calls of show
	shown    time.Time
}

// The intervals between two lines.
const (
	jsonInterval     = 2 * time.Second
	terminalInterval = 100 * time.Millisecond
)

// progress begins to count to total. total is -1 if it is not known.
func (env *environment) progress(total int64, what string, asJSON bool) *progress {
	p := &progress{what: what, total: total, begun: time.Now(), shown: time.Now()}
	switch {
	case asJSON:
		lines := json.NewEncoder(env.stderr)
		p.interval = jsonInterval
		p.show = func() { _ = lines.Encode(p.line()) } //nolint:errcheck // a command does not stop because nothing reads its progress
		p.clear = p.show
	case isTerminal(env.stderr):
		p.interval = terminalInterval
		p.show = func() { fmt.Fprintf(env.stderr, "\r%s\x1b[K", p) }
		p.clear = func() { fmt.Fprint(env.stderr, "\r\x1b[K") }
	}
	return p
}

// set says how many are done.
func (p *progress) set(n int64) {
	if p.at == 0 {
		p.from, p.begun = n, time.Now()
	}
	p.at = n
	if p.show != nil && time.Since(p.shown) >= p.interval {
		p.shown = time.Now()
		p.show()
	}
}

// done ends the progress: it clears the line on a terminal, and writes a last line of JSON.
func (p *progress) done() {
	if p.clear != nil {
		p.clear()
	}
}

// progressLine is a line of JSON.
type progressLine struct {
	What    string   `json:"progress"`
	Done    int64    `json:"done"`
	Total   int64    `json:"total,omitempty"`
	Seconds float64  `json:"seconds"`
	Rate    float64  `json:"perSecond"`
	Left    *float64 `json:"secondsLeft,omitempty"`
}

func (p *progress) line() progressLine {
	line := progressLine{What: p.what, Done: p.at, Total: max(p.total, 0), Seconds: time.Since(p.begun).Seconds()}
	if p.at > p.from && line.Seconds > 0 {
		line.Rate = float64(p.at-p.from) / line.Seconds
		if p.total >= p.at {
			left := float64(p.total-p.at) / line.Rate
			line.Left = &left
		}
	}
	return line
}

// String is the line on a terminal, such as "events 1200 of 6000, 20 %, 2400 a second, 2s left".
func (p *progress) String() string {
	line := p.line()
	text := fmt.Sprintf("%s %d", p.what, p.at)
	if p.total > 0 {
		text += fmt.Sprintf(" of %d, %d %%", p.total, 100*p.at/p.total)
	}
	if line.Rate > 0 {
		text += fmt.Sprintf(", %.0f a second", line.Rate)
	}
	if line.Left != nil {
		text += fmt.Sprintf(", %s left", time.Duration(*line.Left*float64(time.Second)).Round(time.Second))
	}
	return text
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}
