package gitimport

import (
	"bufio"
	"errors"
	"io"
	"strings"
	"testing"
	"time"
)

// readLog returns the commits in the output of a git log, and the error at its end.
func readLog(s string) ([]logEntry, error) {
	l := &logReader{r: bufio.NewReader(strings.NewReader(s))}
	var all []logEntry
	for {
		entry, err := l.next()
		if err != nil {
			return all, err
		}
		all = append(all, entry)
	}
}

const wholeLog = "c1\n1700000000\na@example.org\nAda\x00\n" +
	":000000 100644 0000 1111 A\x00a.md\x00" +
	":100644 100644 1111 2222 R098\x00:b.md\x00\nc.md\x00" +
	"c2\n\n\n\x00" +
	"c3\n1700000001\nb@example.org\nBob\x00\n:100644 000000 2222 0000 D\x00c.md\x00"

func TestLogReader(t *testing.T) {
	t.Parallel()
	all, err := readLog(wholeLog)
	if !errors.Is(err, io.EOF) || len(all) != 3 {
		t.Fatalf("%d commits, then %v", len(all), err)
	}
	if got, want := all[0].changes[0], (fileChange{kind: Renamed, path: "\nc.md", oldPath: ":b.md", oid: "2222"}); got != want {
		t.Errorf("got %v, want %v", got, want)
	}
	if got := all[1].commit; got.Hash != "c2" || !got.Time.Equal(time.Unix(0, 0)) {
		t.Errorf("a commit without author or time is %v", got)
	}
}

func TestLogReaderRefusesWhatGitDoesNotPrint(t *testing.T) {
	t.Parallel()
	const header = "c1\n1\na@example.org\nAda\x00"
	for name, log := range map[string]string{
		"half a header":   "c1\n1\nno name\x00",
		"no hash":         ":100644 100644 1111 2222 M\x00a.md\x00",
		"a short change":  header + ":100644 1111 2222 M\x00a.md\x00",
		"unknown status":  header + ":100644 100644 1111 2222 U\x00a.md\x00",
		"no path":         header + ":100644 100644 1111 2222 M\x00",
		"one path of two": header + ":100644 100644 1111 2222 R100\x00a.md\x00",
		"cut in a path":   header + ":100644 100644 1111 2222 M\x00a.m",
		"cut in a header": "c1\n1\na@example.org\nAd",
	} {
		if all, err := readLog(log); err == nil || errors.Is(err, io.EOF) {
			t.Errorf("%s: %d commits and no error", name, len(all))
		}
	}
}

func TestTimesThatGitCannotReadAreZero(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"", "-1", "x", "253402300800", "99999999999999999999"} {
		if got := parseTime(s); !got.Equal(time.Unix(0, 0)) {
			t.Errorf("%q is %v", s, got)
		}
	}
}

func FuzzLogReader(f *testing.F) {
	f.Add(wholeLog)
	f.Add("")
	f.Add("\x00\n\x00::\x00")
	f.Fuzz(func(t *testing.T, log string) {
		all, err := readLog(log)
		if err == nil {
			t.Error("the log has no end")
		}
		for _, entry := range all {
			if entry.commit.Hash == "" {
				t.Errorf("a commit without a name in %q", log)
			}
			for _, c := range entry.changes {
				if c.kind != Renamed && c.oldPath != "" {
					t.Errorf("%s from %q", c.kind, c.oldPath)
				}
			}
		}
	})
}
