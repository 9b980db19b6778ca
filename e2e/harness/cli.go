package harness

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"flightdeck/cli"
	"flightdeck/eventstore"
	"flightdeck/siteimport"
)

// CLI runs a command line in this process, with empty standard input.
func CLI(args ...string) (status int, stdout, stderr string) {
	var out, problems bytes.Buffer
	status = cli.Run(args, strings.NewReader(""), &out, &problems)
	return status, out.String(), problems.String()
}

// WantCLI runs a command line and checks its exit status, and that its output, standard and error,
// contains each of some texts. It returns the output.
func WantCLI(t *testing.T, status int, args []string, said ...string) string {
	t.Helper()
	got, stdout, stderr := CLI(args...)
	output := stdout + stderr
	if got != status {
		t.Errorf("flightdeck %q exits with %d, want %d: %s", args, got, status, output)
	}
	for _, words := range said {
		if !strings.Contains(output, words) {
			t.Errorf("flightdeck %q does not say %q: %s", args, words, output)
		}
	}
	return output
}

// The results that commands print with --json.
type (
	// Status is the result of flightdeck status.
	Status struct {
		DB         string
		Lineage    string
		Head       eventstore.Position
		Hash       string
		RecordedAt *time.Time
		Streams    int64
		Events     int64
		Archived   int64 `json:"archivedEvents"`
		Snapshots  int64
		Bytes      int64 `json:"databaseBytes"`
		FreeBytes  int64
		WALBytes   int64
		Behind     string
		Checkpoint eventstore.Position
	}
	// Verification is the result of flightdeck verify.
	Verification struct {
		Head   eventstore.Position
		Hash   string
		Broken *struct {
			Position eventstore.Position
			Reason   string
		}
		Continues   bool
		Seen        eventstore.Position
		Faults      []struct{ Reason string }
		Differences []any
		Count       int
	}
	// Imported is the result of flightdeck import git.
	Imported struct {
		Commits int
		Pages   int
		Head    eventstore.Position
		Bytes   int64
		Seconds float64
		siteimport.Report
	}
	// Exported is the result of flightdeck export.
	Exported struct {
		Events  eventstore.Position
		Hash    string
		Lineage string
		Seconds float64
	}
	// ImportedLog is the result of flightdeck import log.
	ImportedLog struct {
		Events  eventstore.Position
		Hash    string
		From    string
		Lineage string
		Bytes   int64
		Seconds float64
	}
	// Archived is the result of flightdeck archive.
	Archived struct {
		Streams int
		Moved   int
		Before  int64 `json:"bytesBefore"`
		After   int64 `json:"bytesAfter"`
		Free    int64 `json:"bytesFree"`
	}
)
