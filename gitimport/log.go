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

// logFormat is the format of a commit in git log. The name comes last, because it could contain a
// line end in some encodings.
const logFormat = "%H%n%ct%n%aE%n%aN"

// logArgs returns the arguments of git log. They override every setting in the configuration of the
// repository, so that the output depends on the commits alone.
func logArgs(tip string, pathspecs []string) []string {
	args := []string{
		// The corrections of names come from the tip and from no file outside.
		"-c", "mailmap.blob=" + tip + ":.mailmap", "-c", "mailmap.file=",
		// The attribute "binary" changes which files git finds similar. (Git reads it also from the
		// repository's info/attributes, and no option prevents that.)
		"-c", "core.attributesFile=",
		"log", "--reverse", "--format=" + logFormat, "--encoding=UTF-8",
		"--raw", "-z", "--no-abbrev", "--root", "--diff-merges=first-parent",
		"-M50%", "-l1000", "-O/dev/null",
		"--no-follow", "--no-ext-diff", "--no-textconv", "--no-show-signature",
	}
	return append(args, walkArgs(tip, pathspecs)...)
}

// walkArgs returns the arguments that select the commits: all of the first-parent line whose
// matching files differ from those of the first parent. Without --full-history, git would leave out
// commits that a merge makes superfluous.
func walkArgs(tip string, pathspecs []string) []string {
	return append([]string{"--first-parent", "--full-history", tip, "--"}, pathspecs...)
}

// logReader reads the output of git log, a sequence of tokens that end with NUL. Each commit has a
// token in logFormat. Each of its changed files has a token with a colon, the modes, the object
// names and the status, and then one token or two with paths.
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

// fileChange is a change with the object name of its content.
type fileChange struct {
	kind          Kind
	path, oldPath string
	oid           string
	other         Other // what the path has become instead of a file
}

// next returns the next commit, and io.EOF after the last one. It returns a commit only after it
// has seen the token that follows, so the commit is complete.
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
			sortChanges(entry.changes)
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
		if change.other != "" {
			entry.commit.Others = append(entry.commit.Others, OtherEntry{change.path, change.other})
		}
	}
}

// readChange reads the paths that follow the token raw and returns the change. The change of a
// symbolic link or a submodule has the kind 0.
func (l *logReader) readChange(raw string) (fileChange, error) {
	fields := strings.Fields(strings.TrimPrefix(raw, ":"))
	if len(fields) != 5 {
		return fileChange{}, fmt.Errorf("git log prints %q where a change is expected", raw)
	}
	oldMode, newMode, oid, status := fields[0], fields[1], fields[3], fields[4][0]
	change := fileChange{oid: oid, other: otherModes[newMode]}
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
	if change.kind, err = kindOf(status, otherModes[oldMode] != "", change.other != ""); err != nil {
		return fileChange{}, err
	}
	if change.kind != Renamed {
		change.oldPath = ""
	}
	return change, nil
}

// kindOf returns the kind of a change with this status of git, or 0 if it concerns no file: a
// symbolic link or a submodule counts as none.
func kindOf(status byte, wasOther, isOther bool) (Kind, error) {
	switch status {
	case 'A', 'C':
		wasOther = true
	case 'D':
		isOther = true
	case 'M', 'T', 'R':
	default:
		return 0, fmt.Errorf("git log prints the status %q, which it must not", status)
	}
	switch {
	case wasOther && isOther:
		return 0, nil
	case wasOther:
		return Added, nil
	case isOther:
		return Removed, nil
	case status == 'R':
		return Renamed, nil
	}
	return Modified, nil
}

// otherModes are the modes of entries that are no files.
var otherModes = map[string]Other{"120000": Link, "160000": Submodule}

// parseHeader reads a commit in logFormat.
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

// lastSecond is the end of the year 9999, the last year with a text form.
const lastSecond = 253402300799

// parseTime reads seconds since 1970. Text that is no such number is the start of 1970, as in git.
func parseTime(s string) time.Time {
	seconds, err := strconv.ParseInt(s, 10, 64)
	if err != nil || seconds < 0 || seconds > lastSecond {
		seconds = 0
	}
	return time.Unix(seconds, 0).UTC()
}

// validText returns s with a replacement character for each run of bytes that are not UTF-8.
func validText(s string) string { return strings.ToValidUTF8(s, "\uFFFD") }

// peek returns the next token without consuming it, at the beginning of a commit or a change. Git
// puts a line end before some of them.
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

// token reads up to the next NUL. Its error is io.EOF only at the very end of the output.
func (l *logReader) token() (string, error) {
	token, err := l.r.ReadString(0)
	if err != nil && token != "" {
		return "", unexpected(err)
	}
	return strings.TrimSuffix(token, "\x00"), err
}
