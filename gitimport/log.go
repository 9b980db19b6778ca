package gitimport

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
)

// logFormat is what git log prints of a commit. Only the name could, in some
// odd encoding, hold the end of a line, so it comes last.
const logFormat = "%H%n%ct%n%aE%n%aN"

// logArgs are the options of git log that make its output a function of the
// commits alone: each takes back what a repository's configuration could set.
func logArgs(tip string, pathspecs []string) []string {
	args := []string{
		// The corrections of names come from the tip, never from a file outside.
		"-c", "mailmap.blob=" + tip + ":.mailmap", "-c", "mailmap.file=",
		// To call a file binary changes what it is like. (So it does in a
		// repository's info/attributes, which git cannot be kept from.)
		"-c", "core.attributesFile=",
		"log", "--reverse", "--format=" + logFormat, "--encoding=UTF-8",
		"--raw", "-z", "--no-abbrev", "--root", "--diff-merges=first-parent",
		"-M50%", "-l1000", "-O/dev/null",
		"--no-follow", "--no-ext-diff", "--no-textconv", "--no-show-signature",
	}
	return append(args, walkArgs(tip, pathspecs)...)
}

// walkArgs say which commits: every one of the first-parent line whose matching
// files differ from those of its first parent. By default git may leave out
// commits that a merge makes look superfluous; --full-history forbids that.
func walkArgs(tip string, pathspecs []string) []string {
	return append([]string{"--first-parent", "--full-history", tip, "--"}, pathspecs...)
}

// logReader reads the output of git log, which is tokens ended by NUL: of each
// commit its logFormat, then of each changed file its modes, names and status
// after a colon, and one path or two.
type logReader struct {
	r      *bufio.Reader
	ahead  string
	peeked bool
}

// logEntry is a commit without the contents of its changes.
type logEntry struct {
	commit  Commit
	changes []fileChange
}

// fileChange is a change whose content is known by name.
type fileChange struct {
	kind          Kind
	path, oldPath string
	oid           string
}

// next returns the next commit, and io.EOF after the last one. A commit that is
// returned is whole: its reader was asked for what follows.
func (l *logReader) next() (logEntry, error) {
	header, err := l.peek()
	if err != nil {
		return logEntry{}, err
	}
	l.peeked = false
	commit, err := parseHeader(header)
	if err != nil {
		return logEntry{}, err
	}
	entry := logEntry{commit: commit}
	for {
		raw, err := l.peek()
		if errors.Is(err, io.EOF) || err == nil && !strings.HasPrefix(raw, ":") {
			inOrder(entry.changes)
			return entry, nil
		}
		if err != nil {
			return logEntry{}, err
		}
		l.peeked = false
		change, err := l.readChange(raw)
		if err != nil {
			return logEntry{}, fmt.Errorf("commit %s: %w", commit.Hash, err)
		}
		if change.kind != 0 {
			entry.changes = append(entry.changes, change)
		}
	}
}

// readChange reads the paths that follow raw and returns the change they make
// up. That of a submodule has no kind.
func (l *logReader) readChange(raw string) (fileChange, error) {
	fields := strings.Fields(strings.TrimPrefix(raw, ":"))
	if len(fields) != 5 {
		return fileChange{}, fmt.Errorf("git log prints %q where a change is expected", raw)
	}
	oldMode, newMode, oid, status := fields[0], fields[1], fields[3], fields[4][0]
	change := fileChange{oid: oid}
	var err error
	if change.path, err = l.token(); err != nil {
		return fileChange{}, unexpected(err)
	}
	if status == 'R' || status == 'C' {
		change.oldPath = change.path
		if change.path, err = l.token(); err != nil {
			return fileChange{}, unexpected(err)
		}
	}
	if change.kind, err = kindOf(status, isSubmodule(oldMode), isSubmodule(newMode)); err != nil {
		return fileChange{}, err
	}
	if change.kind != Renamed {
		change.oldPath = ""
	}
	return change, nil
}

// kindOf returns what a status of git's means for the files, of which a
// submodule is none; 0 stands for nothing.
func kindOf(status byte, wasSubmodule, isSubmodule bool) (Kind, error) {
	switch status {
	case 'A', 'C':
		wasSubmodule = true
	case 'D':
		isSubmodule = true
	case 'M', 'T', 'R':
	default:
		return 0, fmt.Errorf("git log prints the status %q, which it must not", status)
	}
	switch {
	case wasSubmodule && isSubmodule:
		return 0, nil
	case wasSubmodule:
		return Added, nil
	case isSubmodule:
		return Removed, nil
	case status == 'R':
		return Renamed, nil
	}
	return Modified, nil
}

// isSubmodule reports whether a tree's entry of this mode is another repository.
func isSubmodule(mode string) bool { return mode == "160000" }

// parseHeader reads what logFormat makes of a commit.
func parseHeader(s string) (Commit, error) {
	fields := strings.SplitN(s, "\n", 4)
	if len(fields) != 4 || fields[0] == "" {
		return Commit{}, fmt.Errorf("git log prints %q where a commit is expected", s)
	}
	return Commit{
		Hash:        fields[0],
		Time:        parseTime(fields[1]),
		AuthorEmail: validText(fields[2]),
		AuthorName:  validText(fields[3]),
	}, nil
}

// lastSecond is the end of the year 9999, after which times have no text form.
const lastSecond = 253402300799

// parseTime reads seconds since 1970. What is none of them is 0, as it is to git.
func parseTime(s string) time.Time {
	seconds, err := strconv.ParseInt(s, 10, 64)
	if err != nil || seconds < 0 || seconds > lastSecond {
		seconds = 0
	}
	return time.Unix(seconds, 0).UTC()
}

// validText returns s with a replacement character for what is no UTF-8.
func validText(s string) string { return strings.ToValidUTF8(s, "\uFFFD") }

// peek returns the token that comes next where a commit or a change begins. Git
// parts some of those with the end of a line.
func (l *logReader) peek() (string, error) {
	for !l.peeked {
		token, err := l.token()
		if err != nil {
			return "", err
		}
		l.ahead = strings.TrimLeft(token, "\n")
		l.peeked = l.ahead != ""
	}
	return l.ahead, nil
}

// token reads up to the next NUL. Its error is io.EOF only where no token began.
func (l *logReader) token() (string, error) {
	token, err := l.r.ReadString(0)
	if err != nil && token != "" {
		return "", unexpected(err)
	}
	return strings.TrimSuffix(token, "\x00"), err
}
