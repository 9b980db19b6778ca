// Package cli is the command line of FlightDeck. It reads flags and environment variables, which no
// other package does, and turns them into calls of package app.
//
// Start with [Run] and the struct commands: a row and a file for each command.
package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"regexp"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"
)

// commands is the command line, a field for each command.
type commands struct {
	config

	Serve    serveCommand    `cmd:"" default:"withargs" help:"Serve the API and the playground. This is the default."`
	Import   importCommand   `cmd:"" help:"Import what was kept elsewhere into an empty log."`
	Export   exportCommand   `cmd:"" help:"Write the log as JSON Lines, each a CloudEvent. A server may be running on the same database."`
	Verify   verifyCommand   `cmd:"" help:"Check the log's hash chain, fold it, and compare every row."`
	Status   statusCommand   `cmd:"" help:"Say how large the log has grown."`
	Snapshot snapshotCommand `cmd:"" help:"Make the snapshots that are missing, after a new version folds events otherwise."`
	Rebuild  rebuildCommand  `cmd:"" help:"Make everything that is read anew from the log, and say what has changed."`
	Archive  archiveCommand  `cmd:"" help:"Move old events into the archive, where they take less room and answer as before."`
	Schema   schemaCommand   `cmd:"" help:"Print the API's schema, as schema.graphql."`
	User     userCommand     `cmd:"" help:"Manage users: the operator's way in."`
	Version  versionCommand  `cmd:"" help:"Print the version."`
	Help     helpCommand     `cmd:"" help:"Print this help, or that of a command."`
}

// helpCommand makes help appear in the list of commands. Run rewrites "help COMMAND" to "COMMAND
// --help".
type helpCommand struct {
	Command []string `arg:"" optional:"" help:"The command to explain."`
}

// asCommands rewrites the forms "help COMMAND" and "--version", which kong does not know.
func asCommands(args []string) []string {
	switch {
	case len(args) > 0 && args[0] == "help":
		return append(args[1:len(args):len(args)], "--help")
	case len(args) > 0 && args[0] == "--version":
		return append([]string{"version"}, args[1:]...)
	}
	return args
}

// refusals are the errors of kong about a value, with words that people use.
var refusals = []struct {
	pattern *regexp.Regexp
	words   string
}{
	{regexp.MustCompile(`expected a valid \d+ bit u?int but got (".*")`), "$1 is no whole number that it takes"},
	{regexp.MustCompile(`expected an int but got (".*") \(\w+\)`), "$1 is no whole number that it takes"},
	{regexp.MustCompile(`expected duration but got (".*?").*`), "$1 is no duration: write 10s, 2m or 1h"},
	{regexp.MustCompile(`(?:expected bool|bool value must be .*) but got (".*?").*`), "$1 is neither true nor false"},
}

// inWords returns the text of an error of kong.
func inWords(err error) string {
	text := err.Error()
	for _, r := range refusals {
		text = r.pattern.ReplaceAllString(text, r.words)
	}
	return text
}

// Run runs a command line without the program's name, and returns the exit status: 0 for success, 1
// for a failure, 2 for a command line that is not valid. An interrupt or SIGTERM ends the command
// early.
func Run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	args = asCommands(args)
	var all commands
	helped := false
	parser, err := kong.New(&all, kong.Name("flightdeck"), kong.DefaultEnvars("FLIGHTDECK"), kong.Writers(stdout, stderr), kong.Exit(func(int) { helped = true }),
		kong.Description("An event-sourced backend for content and presentations. Every flag has an environment variable beside it."))
	if err != nil {
		fmt.Fprintln(stderr, err)
		return 1
	}
	if len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		parser.Model.DefaultCmd = nil // a word is the name of a command, or should be
	}
	parsed, err := parser.Parse(args)
	if helped {
		return 0
	}
	if err != nil {
		fmt.Fprintf(stderr, "flightdeck: %s\nflightdeck: run flightdeck --help for the commands and flags\n", inWords(err))
		return 2
	}
	env := &environment{config: all.config, ctx: ctx, logger: all.logger(stderr), stdin: stdin, stdout: stdout, stderr: stderr}
	err = env.mustNotWriteOver(stdout, stderr)
	if err == nil {
		err = parsed.Run(env)
	}
	if err != nil {
		fmt.Fprintln(stderr, "flightdeck:", env.advise(err.Error()))
		return 1
	}
	return 0
}
