package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"flightdeck/app"
	"flightdeck/eventstore"
	"flightdeck/gitimport"
	"flightdeck/siteimport"
)

// importCommand groups the commands that import.
type importCommand struct {
	Git importGitCommand `cmd:"" help:"Import the history of Markdown files kept in git: every commit becomes events, recorded at its time."`
	Log importLogCommand `cmd:"" help:"Import a log that flightdeck export wrote: all of it, or nothing. The server must not be running on the same database."`
}

// importGitCommand imports the first-parent history of files in a git repository.
type importGitCommand struct {
	Repo   string   `required:"" placeholder:"DIR" help:"The repository, bare or not."`
	Branch string   `placeholder:"NAME" help:"The branch; HEAD when left out."`
	Path   []string `sep:"none" placeholder:"PATHSPEC" help:"Which files, as git pathspecs; *.md when left out. May be repeated."`
	Strict bool     `help:"Stop at the first file that is not text in UTF-8 or is too large, instead of repairing it or leaving it out."`
	JSON   bool     `name:"json" help:"Print progress and the result as JSON lines."`
}

// imported is the result of an import from git.
type imported struct {
	Commits int                 `json:"commits"`
	Pages   int                 `json:"pages"`
	Head    eventstore.Position `json:"head"`
	Bytes   int64               `json:"bytes"`
	Seconds float64             `json:"seconds"`
	siteimport.Report
}

// Run imports every commit. It stops at the first commit that cannot be read or recorded.
func (c *importGitCommand) Run(env *environment) (err error) {
	history, err := gitimport.Open(env.ctx, gitimport.Options{Repo: c.Repo, Branch: c.Branch, Pathspecs: c.Path, MaxBytes: siteimport.MaxFileBytes})
	if err != nil {
		return err
	}
	if i := slices.IndexFunc(c.Path, func(path string) bool { return strings.Contains(path, ",") }); i >= 0 && history.Len() == 0 {
		return fmt.Errorf("no commit touches a file that matches --path %q: a comma is a part of a pathspec, so give --path once for each pathspec", c.Path[i])
	}
	a, err := env.open(env.options())
	if err != nil {
		return err
	}
	begun := time.Now()
	result, err := c.all(env, history, a)
	if err = errors.Join(err, a.Close()); err != nil {
		return err
	}
	result.Seconds = time.Since(begun).Seconds()
	if info, err := os.Stat(env.DB); err == nil {
		result.Bytes = info.Size()
	}
	return c.print(env, result)
}

func (c *importGitCommand) all(env *environment, history *gitimport.History, a *app.App) (r imported, err error) {
	site, err := siteimport.New(a.Commands, siteimport.Options{Now: time.Now(), Strict: c.Strict})
	if err != nil {
		return r, err
	}
	bar := env.progress(int64(history.Len()), "commits", c.JSON)
	defer bar.done()
	for commit, err := range history.Commits(env.ctx) {
		if err == nil {
			err = site.Commit(env.ctx, commit)
		}
		if err != nil {
			return r, c.stopped(env, a, r.Commits, err)
		}
		r.Commits++
		bar.set(int64(r.Commits))
	}
	if err := site.Finish(env.ctx); err != nil {
		return r, c.stopped(env, a, r.Commits, err)
	}
	r.Pages, r.Head, r.Report = site.Pages(), a.Log.Head().Position, site.Report()
	return r, nil
}

// stopped adds to the error of an import that stopped what the database holds now.
func (c *importGitCommand) stopped(env *environment, a *app.App, commits int, err error) error {
	if a.Log.Head().Position == 0 {
		return err
	}
	return fmt.Errorf("after %d commits: %w\nwhat was imported so far is in %s: delete that file before you try again", commits, err, env.DB)
}

func (c *importGitCommand) print(env *environment, r imported) error {
	if c.JSON {
		return json.NewEncoder(env.stdout).Encode(r)
	}
	var out strings.Builder
	fmt.Fprintf(&out, "imported %d commits: %d pages, %s events in %.1f s (%.0f events/s), %.1f MB\n",
		r.Commits, r.Pages, r.Head, r.Seconds, float64(r.Head)/r.Seconds, float64(r.Bytes)/1e6)
	if r.Drafts > 0 {
		fmt.Fprintf(&out, "drafts, which visitors do not see: %d, for their front matter, date or folder\n", r.Drafts)
	}
	remarks(&out, "left out, because the text cannot be kept", r.LeftOut)
	remarks(&out, "converted to UTF-8", r.Repaired)
	remarks(&out, "symbolic links and submodules, which are no pages", r.Others)
	named(&out, "commits dated after now, recorded at the time of the next one or of now", r.Redated, func(d siteimport.Redated) string {
		return d.Commit + " of " + d.Time.Format(time.RFC3339)
	})
	_, err := io.WriteString(env.stdout, out.String())
	return err
}

// remarks writes remarks on files, one a line.
func remarks(out *strings.Builder, title string, all []siteimport.Remark) {
	named(out, title, all, func(r siteimport.Remark) string {
		path := r.Path
		if strings.ContainsFunc(path, func(r rune) bool { return !unicode.IsPrint(r) }) {
			path = strconv.Quote(path)
		}
		versions := "commit"
		if r.Versions > 1 {
			versions = fmt.Sprintf("%d versions, the first in commit", r.Versions)
		}
		return fmt.Sprintf("%s: %s (%s %.12s)", path, r.Reason, versions, r.Commit)
	})
}

// maxNamed is the number of things of a kind that the report names; --json names all.
const maxNamed = 20

// named writes a title with the number of the things, and the first of them below it.
func named[T any](out *strings.Builder, title string, all []T, line func(T) string) {
	if len(all) == 0 {
		return
	}
	fmt.Fprintf(out, "%s: %d\n", title, len(all))
	for _, one := range all[:min(len(all), maxNamed)] {
		fmt.Fprintf(out, "  %s\n", line(one))
	}
	if more := len(all) - maxNamed; more > 0 {
		fmt.Fprintf(out, "  and %d more, which --json names\n", more)
	}
}
