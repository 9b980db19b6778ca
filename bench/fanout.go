package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// crowd holds the sizes of a measurement of fan-out: rounds, sockets, paced events a second, and a
// burst in batches of a hundred.
type crowd struct {
	rounds  int
	sockets int
	rate    int
	batches int
}

// heard holds the figures of one round of fan-out.
type heard struct {
	p99        time.Duration // paced, from the instant of the event, its COMMIT included
	cpu        time.Duration // of the server a delivery, paced
	perSecond  float64       // deliveries in the burst
	memory     float64       // bytes a socket, when idle
	goroutines float64       // a socket
	left       float64       // goroutines, after all have hung up
}

const batchSize = 100

// batched is a command of a batch.
type batched struct {
	CreateContent struct {
		Title   string `json:"title"`
		Content string `json:"content"`
		Status  string `json:"status"`
	} `json:"createContent"`
}

const batchQuery = `mutation($commands: [BatchCommand!]!) { applyBatch(input: {commands: $commands}) { position errors { message } } }`

// fanOut measures one identical subscription on many sockets beside gorilla's bare broadcast of the
// same bytes. Both run with Go's own target for the heap, so that memory is compared, and not the
// frequency of its collection. The databases lie in memory if the system offers it: the measurement
// begins at COMMIT and leaves out the disk.
func fanOut(s settings, _ world) (rows []row, err error) {
	if err := os.Setenv("GOGC", "100"); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.Unsetenv("GOGC")) }()
	if dir, err := os.MkdirTemp("/dev/shm", "flightdeck-bench-"); err == nil {
		s.dir = dir
		defer func() { _ = os.RemoveAll(dir) }()
	}
	for _, c := range s.Crowds {
		say("fan-out to %d sockets", c.sockets)
		var ours, theirs []heard
		for round := range c.rounds {
			for _, side := range []struct {
				name  string
				into  *[]heard
				start func(db string) (*process, error)
			}{
				{"ours", &ours, func(db string) (*process, error) {
					return s.flightdeck(db, "--limit-connections", "0", "--limit-subscriptions", "0")
				}},
				{"bare", &theirs, func(db string) (*process, error) { return s.baseline("fanout", db) }},
			} {
				db := filepath.Join(s.dir, fmt.Sprintf("fanout-%s-%d-%d-%d.db", side.name, c.sockets, round, time.Now().UnixNano()))
				h, err := s.listenTo(c, db, side.start)
				if err != nil {
					return nil, err
				}
				*side.into = append(*side.into, h)
			}
		}
		rows = append(rows, c.compare(ours, theirs)...)
	}
	return rows, nil
}

func (c crowd) compare(ours, theirs []heard) []row {
	middle := func(of func(heard) float64) (a, b float64) {
		var list [2][]float64
		for i := range ours {
			list[0], list[1] = append(list[0], of(ours[i])), append(list[1], of(theirs[i]))
		}
		return median(list[0]), median(list[1])
	}
	axis := func(what string) string { return fmt.Sprintf("%d sockets, %s", c.sockets, what) }
	us := func(v float64) string { return fmt.Sprintf("%.1f µs", v*1e6) }
	p99, bareP99 := middle(func(h heard) float64 { return h.p99.Seconds() })
	rate, bareRate := middle(func(h heard) float64 { return h.perSecond })
	memory, bareMemory := middle(func(h heard) float64 { return h.memory })
	goroutines, bareGoroutines := middle(func(h heard) float64 { return h.goroutines })
	cpu, bareCPU := middle(func(h heard) float64 { return h.cpu.Seconds() })
	left, bareLeft := middle(func(h heard) float64 { return h.left })
	return []row{
		atMost(axis(fmt.Sprintf("%d events/s, p99", c.rate)), ms(p99), "bare gorilla: "+ms(bareP99), p99/bareP99, 1.2),
		{axis("CPU a delivery, paced"), us(cpu), "bare gorilla: " + us(bareCPU), cpu / bareCPU, "–", true, false},
		atLeast(axis("burst"), fmt.Sprintf("%.0f/s", rate), fmt.Sprintf("bare gorilla: %.0f/s", bareRate), rate/bareRate, 5),
		atMost(axis("memory each, idle"), fmt.Sprintf("%.1f kB", memory/1e3), fmt.Sprintf("bare gorilla: %.1f kB", bareMemory/1e3), memory/bareMemory, 1.5),
		within(axis("goroutines each"), fmt.Sprintf("%.2f", goroutines), fmt.Sprintf("bare gorilla: %.2f", bareGoroutines), goroutines, 2.01, "≤ 2"),
		within(axis("goroutines left after"), fmt.Sprintf("%.0f", left), fmt.Sprintf("bare gorilla: %.0f", bareLeft), left, 0, "0"),
	}
}

// listenTo runs one round with one server: a measured process, and a second process that is ended
// to count its goroutines.
func (s settings) listenTo(c crowd, db string, start func(db string) (*process, error)) (h heard, err error) {
	token, err := s.token(db)
	if err != nil {
		return h, err
	}
	p, err := start(db)
	if err != nil {
		return h, err
	}
	write := func(n int) error { return send(http.DefaultClient, p.url+"/graphql", token, batch(n)) }
	if err := c.measure(p, write, &h); err != nil {
		return h, errors.Join(err, p.stopped())
	}
	if h.left, err = p.goroutines(); err != nil {
		return h, err
	}
	if p, err = start(db); err != nil {
		return h, err
	}
	if err := warm(write); err != nil {
		return h, errors.Join(err, p.stopped())
	}
	settle()
	before, err := p.goroutines()
	if err != nil {
		return h, err
	}
	h.left -= before
	if p, err = start(db); err != nil {
		return h, err
	}
	at, err := head(p.url)
	if err != nil {
		return h, errors.Join(err, p.stopped())
	}
	idle, err := connect(c.sockets, p.url, at)
	if err != nil {
		return h, errors.Join(err, p.stopped())
	}
	settle()
	all, err := p.goroutines()
	h.goroutines = (all - before) / float64(c.sockets)
	_, hungUp := idle.hangUp()
	return h, errors.Join(err, hungUp)
}

// settle waits for work in the background to end. It waits for a fixed time, since a request would
// disturb the measurement.
func settle() { time.Sleep(2 * time.Second) }

// warm lets a process do everything once.
func warm(write func(n int) error) error {
	for range 3 {
		if err := write(batchSize); err != nil {
			return err
		}
	}
	return nil
}

func (c crowd) measure(p *process, write func(n int) error, h *heard) error {
	if err := warm(write); err != nil {
		return err
	}
	before, err := p.resident()
	if err != nil {
		return err
	}
	at, err := head(p.url)
	if err != nil {
		return err
	}
	all, err := connect(c.sockets, p.url, at)
	if err != nil {
		return err
	}
	if err := c.drive(p, all, write, h, before); err != nil {
		_, hungUp := all.hangUp()
		return errors.Join(err, hungUp)
	}
	took, err := all.hangUp()
	if err != nil || len(took) == 0 {
		return fmt.Errorf("%d receipts: %w", len(took), err)
	}
	slices.Sort(took)
	h.p99 = took[len(took)*99/100]
	settle()
	return nil
}

func (c crowd) drive(p *process, all *sockets, write func(n int) error, h *heard, before int64) error {
	settle()
	after, err := p.resident()
	if err != nil {
		return err
	}
	h.memory = float64(after-before) / float64(c.sockets)
	// The first event warms the process and is not measured.
	if err := c.await(all, 1, func() error { return write(1) }); err != nil {
		return err
	}
	idle, err := p.cpu()
	if err != nil {
		return err
	}
	all.measuring.Store(true)
	events := max(4*c.rate, 40)
	err = c.await(all, events, func() error {
		pace := time.NewTicker(time.Second / time.Duration(c.rate))
		defer pace.Stop()
		for range events {
			<-pace.C
			if err := write(1); err != nil {
				return err
			}
		}
		return nil
	})
	all.measuring.Store(false)
	busy, failed := p.cpu()
	if err = errors.Join(err, failed); err != nil {
		return err
	}
	h.cpu = (busy - idle) / time.Duration(events*c.sockets)
	settle()
	begun := time.Now()
	err = c.await(all, c.batches*batchSize, func() error {
		for range c.batches {
			if err := write(batchSize); err != nil {
				return err
			}
		}
		return nil
	})
	elapsed := time.Unix(0, all.last.Load()).Sub(begun)
	h.perSecond = float64(c.sockets*c.batches*batchSize) / elapsed.Seconds()
	return err
}

// await writes, and waits until every socket has received the given number of events.
func (c crowd) await(all *sockets, events int, write func() error) error {
	done := all.expect(c.sockets * events)
	if err := write(); err != nil {
		return err
	}
	select {
	case <-done:
		return nil
	case <-time.After(time.Minute):
		return fmt.Errorf("%d deliveries are missing", all.wanted.Load()-all.received.Load())
	}
}

// batch returns a request that creates the given number of contents, each of about 860 bytes as it
// is delivered.
func batch(n int) []byte {
	commands := make([]batched, n)
	text := strings.Repeat(body(1), 2)[:520]
	for i := range commands {
		c := &commands[i].CreateContent
		c.Title, c.Content, c.Status = fmt.Sprintf("Title %d of %d", i, time.Now().UnixNano()), text, "PUBLISHED"
	}
	data, err := json.Marshal(commands)
	if err != nil {
		panic(err) // plain data
	}
	return request(batchQuery, map[string]any{"commands": json.RawMessage(data)})
}

// goroutines ends the process by a signal at which Go prints them all.
func (p *process) goroutines() (float64, error) {
	if err := p.cmd.Process.Signal(syscall.SIGQUIT); err != nil {
		return 0, err
	}
	_ = p.cmd.Wait() // it fails, as it should
	text, ok := p.cmd.Stderr.(interface{ String() string })
	if !ok {
		return 0, io.ErrUnexpectedEOF
	}
	n := bytes.Count([]byte(text.String()), []byte("\ngoroutine "))
	if n == 0 {
		return 0, errors.New("the process has printed no goroutines")
	}
	return float64(n), nil
}
