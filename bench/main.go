package main

import (
	"cmp"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

func main() {
	if len(os.Args) > 1 && os.Args[1] == "baseline" {
		fatal(serveBaseline(os.Args[2:]))
		return
	}
	full := flag.Bool("full", false, "the sizes that the targets are about: 100,000 contents of 10 versions")
	asJSON := flag.Bool("json", false, "print the table as JSON")
	only := flag.String("only", "", "measure these alone: "+strings.Join(axisNames(), ", "))
	check := flag.Bool("check", false, "fail when a ratio is not even a third of its target")
	dir := flag.String("dir", "", "where the databases are made and, if they are there, used again; a temporary folder when empty")
	grown := flag.String("growth", "", "measure how costs grow with the log instead, and plot it into this SVG file")
	soak := flag.Duration("soak", 0, "serve a mixed load for so long instead, and print how much memory the server has from time to time")
	planned := flag.Bool("plans", false, "compare the server with itself without the plans of package graph instead, query by query")
	flag.Parse()
	s := settings{Contents: 5000, Versions: 4, Rounds: 3, Span: 500 * time.Millisecond, Crowds: []crowd{{1, 500, 20, 2}}, dir: *dir}
	if *full {
		s = settings{Contents: 100_000, Versions: 10, Rounds: 3, Span: 5 * time.Second, Crowds: []crowd{{3, 1000, 20, 5}, {3, 5000, 4, 2}}, dir: *dir}
	}
	if *grown != "" {
		s.Rounds, s.Span = 3, 3*time.Second
		fatal(s.growth(*grown))
		return
	}
	if *planned {
		fatal(s.plans())
		return
	}
	if *soak > 0 {
		fatal(s.soak(*soak))
		return
	}
	rows, err := s.run(*only)
	fatal(err)
	if *asJSON {
		fatal(json.NewEncoder(os.Stdout).Encode(rows))
	} else {
		fatal(print(rows))
	}
	if *check {
		fatal(checked(rows))
	}
}

// checked is an error that names the ratios far from their targets.
func checked(rows []row) error {
	var far []string
	for _, r := range rows {
		if r.Failed {
			far = append(far, fmt.Sprintf("%s is %s, target %s", r.Axis, cmp.Or(ratio(r), r.Figure), r.Target))
		}
	}
	if len(far) > 0 {
		return fmt.Errorf("far from the target: %s", strings.Join(far, "; "))
	}
	return nil
}

func fatal(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// axes lists the measurements in order.
var axes = []struct {
	name    string
	measure func(settings, world) ([]row, error)
}{
	{"create", create},
	{"writer", writer},
	{"read", read},
	{"remember", repeated},
	{"lists", lists},
	{"serve", serve},
	{"stream", stream},
	{"archive", archive},
	{"rebuild", rebuild},
	{"beside", beside},
	{"fanout", fanOut},
}

func axisNames() (names []string) {
	for _, a := range axes {
		names = append(names, a.name)
	}
	return names
}

// run measures the axes that only names, separated by commas, or all axes if only is empty.
func (s settings) run(only string) (rows []row, err error) {
	for _, name := range strings.Split(only, ",") {
		if only != "" && !slices.Contains(axisNames(), name) {
			return nil, fmt.Errorf("--only %s: choose from %s", name, strings.Join(axisNames(), ", "))
		}
	}
	cleanup, err := s.prepare()
	if err != nil {
		return nil, err
	}
	defer cleanup()
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
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", r.Axis, r.Figure, r.Baseline, cmp.Or(ratio(r), "–"), r.Target, mark)
	}
	return w.Flush()
}
