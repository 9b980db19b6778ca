package gitimport

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"math"
	"strconv"
)

// Options select the history to read.
type Options struct {
	// Repo is a directory in a repository: its top, a directory below it, a linked worktree, a bare
	// repository or a .git directory. "" means the current directory. In each case Open reads the
	// whole repository.
	Repo string
	// Branch is the branch to read. A tag, or any other name of a commit, will do too; a branch
	// wins over a tag of the same name. "" means HEAD. A linked worktree has its own HEAD.
	Branch string
	// Pathspecs select the files, in the syntax of git with its magic, from the top of the
	// repository: "*.md" matches in every directory, ":(glob)docs/*.md" in one. Empty means *.md.
	Pathspecs []string
	// MaxBytes is the size of the largest file whose content is read; 0 means that all are.
	MaxBytes int
}

// History is the first-parent line of a branch at the time of Open; later commits are not part of
// it. It holds no resources, and several goroutines may use it.
type History struct {
	git       runner
	tip       string
	pathspecs []string
	maxBytes  int
	length    int
}

// Open finds the repository and the branch, and checks that the history can be read. It returns an
// error, with the command that helps if there is one, if: git is missing or older than 2.32; there
// is no repository, or git finds it unsafe; the clone is shallow or partial, and so lacks history
// or contents; the branch is missing or has no commit; git does not understand a pathspec. A
// history without a matching file is no error.
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
		maxBytes:  cmp.Or(o.MaxBytes, math.MaxInt),
	}
	if h.tip, err = h.git.resolve(ctx, o.Branch); err != nil {
		return nil, err
	}
	if h.length, err = h.count(ctx); err != nil {
		return nil, err
	}
	return h, nil
}

// count returns the number of commits. Git checks the pathspecs on the way.
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

// Len returns the number of commits that Commits yields without an error.
func (h *History) Len() int { return h.length }

// Commits yields, oldest first, every commit of the first-parent line whose matching files differ
// from those of its first parent; the first commit of all is compared with no files. It reads the
// contents of one commit at a time, while the loop runs.
//
// An error is yielded once, without a commit, and ends the loop; after the end of ctx it wraps
// ctx.Err(). No process runs any more when the loop has ended. Each loop over the result starts
// again from the first commit.
func (h *History) Commits(ctx context.Context) iter.Seq2[Commit, error] {
	return func(yield func(Commit, error) bool) {
		err := h.walk(ctx, func(c Commit) bool { return yield(c, nil) })
		if err != nil {
			yield(Commit{}, fmt.Errorf("read the history: %w", err))
		}
	}
}

// walk calls visit with every commit until visit returns false.
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
		commit, err := entry.load(blobs, h.maxBytes)
		if err != nil {
			return fmt.Errorf("commit %s: %w", entry.commit.Hash, err)
		}
		if !visit(commit) {
			return nil
		}
		// Git may have printed the rest of the log before ctx ended.
		if err := ctx.Err(); err != nil {
			return err
		}
	}
}

// load reads the contents of the commit's changes, up to most bytes each, and returns the commit.
func (e logEntry) load(blobs *blobReader, most int) (Commit, error) {
	commit := e.commit
	for _, change := range e.changes {
		loaded := Change{Kind: change.kind, Path: change.path, OldPath: change.oldPath}
		if change.kind != Removed {
			var err error
			if loaded.Content, loaded.Size, err = blobs.read(change.oid, most); err != nil {
				return Commit{}, fmt.Errorf("%s %q: %w", change.kind, change.path, err)
			}
		}
		commit.Changes = append(commit.Changes, loaded)
	}
	return commit, nil
}
