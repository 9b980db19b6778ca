package documents

import (
	"bufio"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"

	"flightdeck/e2e/harness"
)

var consoleBlock = regexp.MustCompile("(?ms)^```console\n(.*?)^```$")

// varying are the parts of an output that differ from run to run, with a word for each.
var varying = []struct {
	pattern *regexp.Regexp
	word    string
}{
	{regexp.MustCompile(`\b[0-9a-f]{64}\b`), "HASH"},
	{regexp.MustCompile(`user-[0-9a-f-]{36}`), "USER"},
	{regexp.MustCompile(`\bfd_[\w-]+`), "TOKEN"},
	{regexp.MustCompile(`\b[A-Z2-7]{26}\b`), "LINEAGE"},
	{regexp.MustCompile(`\d{4}-\d\d-\d\dT[\d:.]+Z`), "TIME"},
	{regexp.MustCompile(`http://[\d.:]+`), "ADDRESS"},
	{regexp.MustCompile(`(?m)^flightdeck \S+$`), "VERSION"},
	{regexp.MustCompile(`\d+\.\d+`), "SIZE"},
	{regexp.MustCompile(`\d+ (events/s|a second)`), "RATE"},
	{regexp.MustCompile(` +`), " "},
	{regexp.MustCompile(`(?m) $`), ""},
}

func steady(output string) string {
	for _, v := range varying {
		output = v.pattern.ReplaceAllString(output, v.word)
	}
	return strings.TrimSpace(output)
}

// shell runs command lines in a folder of their own, with flightdeck in the path.
type shell struct {
	t   *testing.T
	dir string
	env []string
}

func newShell(t *testing.T) *shell {
	t.Helper()
	env := append(os.Environ(), "PATH="+filepath.Dir(harness.Binary(t))+string(os.PathListSeparator)+os.Getenv("PATH"), "FLIGHTDECK_ADDR=127.0.0.1:0",
		"GIT_AUTHOR_NAME=Ada", "GIT_AUTHOR_EMAIL=ada.l@example.org", "GIT_COMMITTER_NAME=Ada", "GIT_COMMITTER_EMAIL=ada.l@example.org")
	return &shell{t, t.TempDir(), env}
}

// run runs a line and returns the text of both outputs.
func (s *shell) run(line string) string {
	s.t.Helper()
	cmd := exec.CommandContext(s.t.Context(), "bash", "-euo", "pipefail", "-c", line) //nolint:gosec // a line of a document
	cmd.Dir, cmd.Env = s.dir, s.env
	out, err := cmd.CombinedOutput()
	if err != nil {
		s.t.Fatalf("%s: %v: %s", line, err, out)
	}
	return string(out)
}

// serve starts a line that serves, and returns its greeting. It stops the server after a search,
// which waits for the full-text index: otherwise the next status would show that the index is
// behind.
func (s *shell) serve(line string) string {
	s.t.Helper()
	cmd := exec.CommandContext(s.t.Context(), "bash", "-c", "exec "+line) //nolint:gosec // a line of a document
	cmd.Dir, cmd.Env = s.dir, s.env
	out, err := cmd.StdoutPipe()
	if err != nil {
		s.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	greeting := bufio.NewScanner(out)
	greeting.Scan()
	s.search(regexp.MustCompile(`http://[\d.:]+`).FindString(greeting.Text()))
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		s.t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		s.t.Errorf("%s ends with %v", line, err)
	}
	return greeting.Text()
}

// search searches on the server at an address.
func (s *shell) search(address string) {
	s.t.Helper()
	question := strings.NewReader(`{"query":"{ contents(search: \"word\") { totalCount } }"}`)
	request, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, address+"/graphql", question)
	if err != nil {
		s.t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	if answer, err := io.ReadAll(response.Body); err != nil || response.StatusCode != http.StatusOK || !strings.Contains(string(answer), "totalCount") {
		s.t.Fatalf("the search is answered by %d %s (%v)", response.StatusCode, answer, err)
	}
}

// site makes the repository that the document imports.
const site = `git init -q -b main my-site && cd my-site && mkdir docs
printf -- '---\ntitle: Home\n---\n# Home\n' >docs/home.md
printf '# About\n\nThe people of the site.\n' >docs/about.md
git add . && git commit -qm 'Begin'
echo 'More.' >>docs/home.md && git commit -qam 'Write more'
git mv docs/about.md docs/people.md && git commit -qm 'Rename a page'`

func TestTheCommandsOfTheOperationsPageRun(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	s.run(site)
	ran := 0
	for _, block := range consoleBlock.FindAllStringSubmatch(documents(t)["docs/operations.md"], -1) {
		for _, step := range strings.Split("\n"+block[1], "\n$ ")[1:] {
			line, want, _ := strings.Cut(step, "\n")
			ran++
			got := ""
			if line == "flightdeck serve" {
				got = s.serve(line)
			} else {
				got = s.run(line)
			}
			if steady(got) != steady(want) {
				t.Errorf("%s\nprints  %s\nin the document it prints  %s", line, steady(got), steady(want))
			}
		}
	}
	if ran < 15 {
		t.Errorf("only %d commands were run", ran)
	}
}

func TestEveryFlagIsOnTheOperationsPage(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	flag := regexp.MustCompile(`(?m)^ +(?:-\w, +)?--(?:\[no-\])?([a-z-]+)`)
	known := []string{"help", "no-playground"}
	for _, command := range []string{
		"serve", "import git", "import log", "export", "verify", "status", "snapshot", "rebuild", "archive", "schema",
		"user create", "user role", "user reset-password", "version",
	} {
		for _, f := range flag.FindAllStringSubmatch(s.run("flightdeck "+command+" --help"), -1) {
			known = append(known, f[1])
		}
	}
	text := documents(t)["docs/operations.md"]
	for _, name := range known[2:] {
		if name != "help" && !strings.Contains(text, "`--"+name+"`") {
			t.Errorf("docs/operations.md does not have --%s", name)
		}
	}
	for _, named := range regexp.MustCompile("`[^`\n]*--[^`\n]+`").FindAllString(text, -1) {
		for _, name := range regexp.MustCompile(`--([a-z-]+)`).FindAllStringSubmatch(named, -1) {
			if !slices.Contains(known, name[1]) {
				t.Errorf("docs/operations.md has --%s, which no command knows", name[1])
			}
		}
	}
}
