package cli

import (
	"encoding/json"
	"io"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// progress shows how far something long has got: a bar on a terminal, a line of
// JSON every few seconds where asked, nothing elsewhere.
type progress struct {
	bar   *progressbar.ProgressBar
	lines *json.Encoder
	what  string
	total int64
	at    int64
	from  int64 // the first that was set: something may go on in its middle
	begun time.Time
	told  time.Time
}

// progressInterval is how often a line is written.
const progressInterval = 2 * time.Second

// progress begins to show how many of total things are done; total is -1 where it
// is not known.
func (env *environment) progress(total int64, what string, asJSON bool) *progress {
	p := &progress{what: what, total: total, begun: time.Now(), told: time.Now()}
	switch {
	case asJSON:
		p.lines = json.NewEncoder(env.stderr)
	case isTerminal(env.stderr):
		p.bar = progressbar.NewOptions64(total, progressbar.OptionSetWriter(env.stderr), progressbar.OptionSetDescription(what),
			progressbar.OptionShowCount(), progressbar.OptionShowIts(), progressbar.OptionClearOnFinish(),
			progressbar.OptionThrottle(100*time.Millisecond))
	}
	return p
}

// set says how many are done.
func (p *progress) set(n int64) {
	if p.at == 0 {
		p.from, p.begun = n, time.Now()
	}
	p.at = n
	if p.bar != nil {
		_ = p.bar.Set64(n) //nolint:errcheck // a bar that cannot be drawn stops nothing
	}
	if p.lines != nil && time.Since(p.told) >= progressInterval {
		p.told = time.Now()
		p.line()
	}
}

// done takes the bar away.
func (p *progress) done() {
	if p.bar != nil {
		_ = p.bar.Finish() //nolint:errcheck // as above
	}
	if p.lines != nil {
		p.line()
	}
}

func (p *progress) line() {
	seconds := time.Since(p.begun).Seconds()
	line := struct {
		What    string   `json:"progress"`
		Done    int64    `json:"done"`
		Total   int64    `json:"total,omitempty"`
		Seconds float64  `json:"seconds"`
		Rate    float64  `json:"perSecond"`
		Left    *float64 `json:"secondsLeft,omitempty"`
	}{p.what, p.at, max(p.total, 0), seconds, 0, nil}
	if p.at > p.from && seconds > 0 {
		line.Rate = float64(p.at-p.from) / seconds
		if p.total >= p.at {
			left := float64(p.total-p.at) / line.Rate
			line.Left = &left
		}
	}
	_ = p.lines.Encode(line) //nolint:errcheck // as above
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}
