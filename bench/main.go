package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// settings are the sizes of a run.
type settings struct {
	Contents int           // in the preloaded database
	Versions int           // of each
	Rounds   int           // of each measurement, interleaved with its baseline
	Span     time.Duration // of a round
	dir      string
	binary   string
}

// row is one line of the table.
type row struct {
	Axis     string  `json:"axis"`
	Figure   string  `json:"figure"`
	Baseline string  `json:"baseline"`
	Ratio    float64 `json:"ratio"`
	Target   string  `json:"target"`
	Met      bool    `json:"met"`
}

func main() {
	if len(os.Args) > 1 && os.Args[1] == "baseline" {
		fatal(serveBaseline(os.Args[2:]))
		return
	}
	full := flag.Bool("full", false, "the sizes that the targets are about: 100,000 contents of 10 versions")
	asJSON := flag.Bool("json", false, "print the table as JSON")
	only := flag.String("only", "", "measure these alone: "+strings.Join(axisNames(), ", "))
	dir := flag.String("dir", "", "where the databases are made and, if they are there, used again; a temporary folder when empty")
	flag.Parse()
	s := settings{Contents: 5000, Versions: 4, Rounds: 3, Span: 2 * time.Second, dir: *dir}
	if *full {
		s = settings{Contents: 100_000, Versions: 10, Rounds: 5, Span: 5 * time.Second, dir: *dir}
	}
	rows, err := s.run(*only)
	fatal(err)
	if *asJSON {
		fatal(json.NewEncoder(os.Stdout).Encode(rows))
		return
	}
	fatal(print(rows))
}

func fatal(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// axes are what is measured, in this order.
var axes = []struct {
	name    string
	measure func(settings, world) ([]row, error)
}{
	{"create", create},
	{"read", read},
	{"lists", lists},
	{"serve", serve},
	{"stream", stream},
	{"archive", archive},
	{"rebuild", rebuild},
	{"fanout", fanOut},
}

func axisNames() (names []string) {
	for _, a := range axes {
		names = append(names, a.name)
	}
	return names
}

// run measures the axes that only names, separated by commas; all where it is empty.
func (s settings) run(only string) (rows []row, err error) {
	for _, name := range strings.Split(only, ",") {
		if only != "" && !slices.Contains(axisNames(), name) {
			return nil, fmt.Errorf("--only %s: choose from %s", name, strings.Join(axisNames(), ", "))
		}
	}
	if s.dir == "" {
		if s.dir, err = os.MkdirTemp("", "flightdeck-bench-"); err != nil {
			return nil, err
		}
		defer func() { _ = os.RemoveAll(s.dir) }()
	}
	s.binary = filepath.Join(s.dir, "flightdeck")
	build := exec.Command("go", "build", "-o", s.binary, ".")
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		return nil, fmt.Errorf("build the server: %w: run the benchmark from the root of the repository", err)
	}
	say("preloading %d contents of %d versions", s.Contents, s.Versions)
	loaded, err := s.preload()
	if err != nil {
		return nil, err
	}
	for _, axis := range axes {
		if only != "" && !slices.Contains(strings.Split(only, ","), axis.name) {
			continue
		}
		more, err := axis.measure(s, loaded)
		if err != nil {
			return nil, err
		}
		rows = append(rows, more...)
	}
	return rows, nil
}

func print(rows []row) error {
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "%s, %d cores, %s\n\n", runtime.Version(), runtime.NumCPU(), time.Now().Format(time.DateOnly))
	fmt.Fprintln(w, "axis\tFlightDeck\tbaseline\tratio\ttarget\t")
	for _, r := range rows {
		mark := ""
		if !r.Met {
			mark = "missed"
		}
		ratio := "–"
		if r.Ratio > 0 {
			ratio = fmt.Sprintf("%.2f", r.Ratio)
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", r.Axis, r.Figure, r.Baseline, ratio, r.Target, mark)
	}
	return w.Flush()
}

func say(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) }

// median returns the middle value.
func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
}
