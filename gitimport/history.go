package gitimport

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"strconv"
)

// Options say which history to read.
type Options struct {
	// Repo is a directory in a repository: its top or any directory below it, a
	// linked worktree, a bare repository or a .git directory. Empty means the
	// current directory. Whichever it is, the whole repository is read.
	Repo string
	// Branch is the branch whose history is read; a tag, or any other name that
	// git has for a commit, does too. A branch goes before a tag of the same
	// name. Empty means HEAD, which a linked worktree has for itself.
	Branch string
	// Pathspecs say which files, as git's pathspecs do, with their magic, from
	// the top of the repository: "*.md" matches in every directory,
	// ":(glob)docs/*.md" in one. Empty means *.md.
	Pathspecs []string
}

// History is the first-parent line of a branch, as it was when it was opened:
// what is committed later is not part of it. It holds no resources, and may be
// used by several goroutines.
type History struct {
	git       runner
	tip       string
	pathspecs []string
	length    int
}

// Open finds the repository and the branch and checks that their history can be
// read. An error says what is in the way and, where one is known, which command
// clears it: no git, or one older than 2.32; no repository, or one that git
// finds unsafe; a shallow or partial clone, which lacks history or contents; no
// such branch, or no commit on it; a pathspec that git does not understand. It
// is no error that no commit touches a matching path.
func Open(ctx context.Context, o Options) (*History, error) {
	if len(o.Pathspecs) == 0 {
		o.Pathspecs = []string{"*.md"}
	}
	binary, err := findGit(ctx)
	if err != nil {
		return nil, err
	}
	gitDir, err := findRepository(ctx, binary, o.Repo)
	if err != nil {
		return nil, err
	}
	h := &History{
		git:       runner{binary: binary, dir: gitDir, env: readingEnv(gitDir)},
		pathspecs: append([]string(nil), o.Pathspecs...),
	}
	if h.tip, err = h.git.resolve(ctx, o.Branch); err != nil {
		return nil, err
	}
	if h.length, err = h.count(ctx); err != nil {
		return nil, err
	}
	return h, nil
}

// count asks git for the number of commits, which also has it check the
// pathspecs.
func (h *History) count(ctx context.Context) (int, error) {
	out, err := h.git.run(ctx, append([]string{"rev-list", "--count"}, walkArgs(h.tip, h.pathspecs)...)...)
	if err != nil {
		return 0, fmt.Errorf("count the commits of %q: %w", h.pathspecs, err)
	}
	n, err := strconv.Atoi(out)
	if err != nil {
		return 0, fmt.Errorf("count the commits of %q: git rev-list answers %q", h.pathspecs, out)
	}
	return n, nil
}

// Len returns the number of commits that Commits yields when nothing fails.
func (h *History) Len() int { return h.length }

// Commits yields, oldest first, every commit of the first-parent line that
// touches a matching path: one whose matching files differ from those of its
// first parent, or all files of the first commit. Contents are read while the
// loop runs, those of one commit at a time.
//
// An error is yielded once, without a commit, and ends the loop; it is ctx's
// when ctx is done. However the loop ends, every process it started is gone then.
// Each loop over the result starts anew.
func (h *History) Commits(ctx context.Context) iter.Seq2[Commit, error] {
	return func(yield func(Commit, error) bool) {
		err := h.walk(ctx, func(c Commit) bool { return yield(c, nil) })
		if err != nil {
			yield(Commit{}, fmt.Errorf("read the history: %w", err))
		}
	}
}

// walk calls visit with every commit until it returns false.
func (h *History) walk(ctx context.Context, visit func(Commit) bool) error {
	log, err := h.git.start(ctx, logArgs(h.tip, h.pathspecs)...)
	if err != nil {
		return err
	}
	defer log.close()
	blobs, err := openBlobs(ctx, h.git)
	if err != nil {
		return err
	}
	defer blobs.git.close()

	entries := &logReader{r: bufio.NewReader(log)}
	for {
		entry, err := entries.next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		commit, err := entry.load(blobs)
		if err != nil {
			return fmt.Errorf("commit %s: %w", entry.commit.Hash, err)
		}
		if !visit(commit) {
			return nil
		}
		// Git may have printed the rest of the log before it was stopped.
		if err := ctx.Err(); err != nil {
			return err
		}
	}
}

// load returns the commit with the contents of its changes.
func (e logEntry) load(blobs *blobReader) (Commit, error) {
	commit := e.commit
	for _, change := range e.changes {
		loaded := Change{Kind: change.kind, Path: change.path, OldPath: change.oldPath}
		if change.kind != Removed {
			content, err := blobs.read(change.oid)
			if err != nil {
				return Commit{}, fmt.Errorf("%s %q: %w", change.kind, change.path, err)
			}
			loaded.Content = content
		}
		commit.Changes = append(commit.Changes, loaded)
	}
	return commit, nil
}
