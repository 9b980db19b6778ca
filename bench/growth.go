package main

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/plotutil"
	"gonum.org/v1/plot/vg"
)

// lengths are the lengths of the measured logs, in events.
var lengths = []int{10_000, 100_000, 1_000_000}

// cost is the cost of one operation on the logs of all lengths.
type cost struct {
	name string
	unit string
	each []float64
}

// growth measures the growth of costs with the log, prints a table and plots it into an SVG file.
// Every log has ten versions of each content.
func (s settings) growth(file string) error {
	cleanup, err := s.prepare()
	if err != nil {
		return err
	}
	defer cleanup()
	costs := make(map[string]*cost)
	var order []*cost
	for _, length := range lengths {
		s.Contents, s.Versions = length/10, 10
		say("a log of %d events", length)
		found, err := s.costs()
		if err != nil {
			return err
		}
		for _, c := range found {
			known := costs[c.name]
			if known == nil {
				known = &cost{name: c.name, unit: c.unit}
				costs[c.name], order = known, append(order, known)
			}
			known.each = append(known.each, c.each...)
		}
	}
	return errors.Join(printGrowth(order), plotGrowth(file, order))
}

// costs measures all operations on one log.
func (s settings) costs() (all []cost, err error) {
	w, err := s.preload()
	if err != nil {
		return nil, err
	}
	info, err := os.Stat(w.db)
	if err != nil {
		return nil, err
	}
	all = append(all, cost{"database", "B an event", []float64{float64(info.Size()) / float64(s.Contents*s.Versions)}})
	var starts []float64
	for range s.Rounds {
		p, took, err := s.coldStart(w.db)
		if err = errors.Join(err, p.stopped()); err != nil {
			return nil, err
		}
		starts = append(starts, took.Seconds()*1e3)
	}
	all = append(all, cost{"cold start", "ms", []float64{median(starts)}})
	asked, err := s.requests(w)
	if err != nil {
		return nil, err
	}
	written, err := s.creates(w)
	return append(append(all, asked...), written), err
}

const searchQuery = `query($words: String) { contents(first: 20, search: $words) { nodes { id title } } }`

// words are two words that some contents hold.
func words(i int) string { return strings.Join(strings.Fields(body(i % 1000))[:2], " ") }

// requests measures the reads.
func (s settings) requests(w world) (all []cost, err error) {
	p, err := s.computing(w.db)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, p.stopped()) }()
	past, tagged := w.past.String(), map[string]any{"tagsAny": []string{"tag7"}}
	for _, q := range []struct {
		name string
		ask  func(i int) []byte
	}{
		{"content by id", func(i int) []byte { return request(readQuery, map[string]any{"id": w.ids[i%len(w.ids)]}) }},
		{"list of 20", func(int) []byte { return request(listQuery, nil) }},
		{"list of 20, as of the middle", func(int) []byte { return request(listQuery, map[string]any{"asOf": past}) }},
		{"list with a tag, as of the middle", func(int) []byte {
			return request(listQuery, map[string]any{"asOf": past, "filter": tagged})
		}},
		{"search for two words", func(i int) []byte {
			return request(searchQuery, map[string]any{"words": words(i)})
		}},
	} {
		say("%s", q.name)
		var list []float64
		for range s.Rounds {
			o, err := load(connections, s.Span, p.url+"/graphql", "", q.ask)
			if err != nil {
				return nil, err
			}
			list = append(list, 1e6/o.perSecond)
		}
		all = append(all, cost{q.name, "µs", []float64{median(list)}})
	}
	return all, nil
}

// creates measures durable creates on a copy.
func (s settings) creates(w world) (c cost, err error) {
	say("durable creates")
	c = cost{name: "durable create", unit: "µs"}
	db := filepath.Join(s.dir, fmt.Sprintf("growth-%d.db", time.Now().UnixNano()))
	if err := copyDatabase(db, w.db); err != nil {
		return c, err
	}
	defer func() { err = errors.Join(err, removeDatabase(db)) }()
	token, err := s.token(db)
	if err != nil {
		return c, err
	}
	p, err := s.flightdeck(db)
	if err != nil {
		return c, err
	}
	defer func() { err = errors.Join(err, p.stopped()) }()
	var list []float64
	for range s.Rounds {
		o, err := load(connections, s.Span, p.url+"/graphql", token, func(i int) []byte {
			return request(createQuery, map[string]any{"title": fmt.Sprintf("Title %d of %d", i, time.Now().UnixNano()), "content": body(i)})
		})
		if err != nil {
			return c, err
		}
		list = append(list, 1e6/o.perSecond)
	}
	c.each = []float64{median(list)}
	return c, nil
}

func printGrowth(costs []*cost) error {
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprint(w, "at … events\t")
	for _, length := range lengths {
		fmt.Fprintf(w, "%d\t", length)
	}
	fmt.Fprintln(w)
	for _, c := range costs {
		fmt.Fprintf(w, "%s, %s\t", c.name, c.unit)
		for _, v := range c.each {
			fmt.Fprintf(w, "%.0f\t", v)
		}
		fmt.Fprintln(w)
	}
	return w.Flush()
}

// plotGrowth draws each cost beside that of the shortest log.
func plotGrowth(file string, costs []*cost) error {
	p := plot.New()
	p.Title.Text = "What an operation costs, beside the same on 10,000 events"
	p.X.Label.Text, p.Y.Label.Text = "events in the log", "times the cost"
	p.X.Scale, p.X.Tick.Marker = plot.LogScale{}, plot.LogTicks{Prec: -1}
	p.Y.Min = 0
	p.Legend.Top, p.Legend.Left = true, true
	var lines []any
	for _, c := range costs {
		points := make(plotter.XYs, len(c.each))
		for i, v := range c.each {
			points[i].X, points[i].Y = float64(lengths[i]), v/cmp.Or(c.each[0], 1)
			p.Y.Max = max(p.Y.Max, 1.6*points[i].Y)
		}
		lines = append(lines, c.name, points)
	}
	if err := plotutil.AddLinePoints(p, lines...); err != nil {
		return err
	}
	return p.Save(18*vg.Centimeter, 12*vg.Centimeter, file)
}
