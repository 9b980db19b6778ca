package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// settings are the sizes of a run.
type settings struct {
	Contents int           // in the preloaded database
	Versions int           // of each
	Rounds   int           // of each measurement, interleaved with its baseline
	Span     time.Duration // of a round
	Crowds   []crowd
	dir      string
	binary   string
}

// prepare makes the folder of the run, unless it was named, and builds the server into it. cleanup
// removes the files of the run.
func (s *settings) prepare() (cleanup func(), err error) {
	cleanup = func() {}
	if s.dir == "" {
		if s.dir, err = os.MkdirTemp("", "flightdeck-bench-"); err != nil {
			return nil, err
		}
		dir := s.dir
		cleanup = func() { _ = os.RemoveAll(dir) }
	}
	if s.binary, err = filepath.Abs(filepath.Join(s.dir, "flightdeck")); err == nil {
		err = buildServer(s.binary)
	}
	if err != nil {
		cleanup()
		return nil, fmt.Errorf("build the server: %w: run the benchmark from inside the repository", err)
	}
	return cleanup, nil
}

// buildServer builds FlightDeck's program into the file. The benchmark may have been started in the
// root of the repository or in its own folder.
func buildServer(file string, flags ...string) error {
	root, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "flightdeck").Output()
	if err != nil {
		return fmt.Errorf("find the module flightdeck: %w", err)
	}
	build := exec.Command("go", append(append([]string{"build", "-o", file}, flags...), ".")...)
	build.Dir, build.Stderr = strings.TrimSpace(string(root)), os.Stderr
	return build.Run()
}

func say(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) }

// median returns the middle value.
func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
}

// ratio prints a ratio, "" if there is none.
func ratio(r row) string {
	if r.Ratio == 0 {
		return ""
	}
	return fmt.Sprintf("%.2f", r.Ratio)
}
