package cli

import (
	"bytes"
	"encoding/json"
	"testing"
	"time"
)

func TestProgressTellsTheRateSinceItsFirstValue(t *testing.T) {
	t.Parallel()
	p := &progress{what: "events", total: 6000, from: 1000, at: 2200, begun: time.Now().Add(-time.Minute)}
	if got, want := p.String(), "events 2200 of 6000, 36 %, 20 a second, 3m10s left"; got != want {
		t.Errorf("on a terminal: %q, want %q", got, want)
	}
	p = &progress{what: "streams", total: -1, at: 7, from: 7}
	if got, want := p.String(), "streams 7"; got != want {
		t.Errorf("without a total: %q, want %q", got, want)
	}
}

func TestProgressEndsWithALineOfJSON(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	env := &environment{stderr: &out}
	p := env.progress(10, "events", true)
	p.set(4)
	p.set(10)
	p.done()
	var line progressLine
	if err := json.Unmarshal(out.Bytes(), &line); err != nil || line.What != "events" || line.Done != 10 || line.Total != 10 {
		t.Errorf("the last line is %s (%v)", out.String(), err)
	}
	out.Reset()
	p = env.progress(10, "events", false)
	p.set(10)
	if p.done(); out.Len() > 0 {
		t.Errorf("where no terminal reads it, there is %q", out.String())
	}
}
