package cli

import (
	"context"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"regexp"
	"strings"
	"syscall"

	"flightdeck/app"
)

// config is the flags that all commands share.
type config struct {
	DB            string `name:"db" default:"flightdeck.db" placeholder:"FILE" help:"The database file; made when there is none."`
	MasterKeyFile string `placeholder:"FILE" help:"The key that wraps the keys of people's names and addresses; the database file with .key behind its name when left out, made when there is none. FLIGHTDECK_MASTER_KEY may hold the key itself instead."`
	LogLevel      string `env:"FLIGHTDECK_LOG_LEVEL" default:"info" enum:"debug,info,warn,error" help:"Least level of what is logged: debug, info, warn or error."`
	LogFormat     string `env:"FLIGHTDECK_LOG_FORMAT" default:"text" enum:"text,json" help:"How it is logged: text or json."`
}

// defaultDB is the default of --db.
const defaultDB = "flightdeck.db"

// environment is the surroundings of a command.
type environment struct {
	config
	ctx            context.Context
	logger         *slog.Logger
	stdin          io.Reader
	stdout, stderr io.Writer
}

// logger returns a logger with the level and the format of the flags.
func (c config) logger(w io.Writer) *slog.Logger {
	var level slog.Level
	if err := level.UnmarshalText([]byte(c.LogLevel)); err != nil {
		level = slog.LevelInfo
	}
	options := &slog.HandlerOptions{Level: level}
	if c.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(w, options))
	}
	return slog.New(slog.NewTextHandler(w, options))
}

// logAside makes the logger write on a goroutine of its own until restore is called: a log
// without a reader, or with a broken pipe, must not stop a server.
func (env *environment) logAside() (restore func()) {
	signal.Ignore(syscall.SIGPIPE) // otherwise a broken pipe of standard error ends the process
	var logger *slog.Logger
	log := newLogWriter(env.stderr, func(dropped int) {
		logger.Warn("lines of the log were dropped, because the log was not read", "lines", dropped)
	})
	logger = env.config.logger(log)
	before := env.logger
	env.logger = logger
	return func() {
		log.Close()
		env.logger = before
		signal.Reset(syscall.SIGPIPE)
	}
}

// options returns the options of the App that the flags and the environment describe.
func (env *environment) options() app.Options {
	return app.Options{
		DB:            env.DB,
		MasterKeyFile: env.MasterKeyFile,
		MasterKey:     os.Getenv(app.MasterKeyVariable),
		Logger:        env.logger,
	}
}

// open opens the App. The caller must close it.
func (env *environment) open(options app.Options) (*app.App, error) {
	env.warnOfOpenFile(options.DB)
	return app.Open(env.ctx, options)
}

// openExisting opens the App on a database that exists already. The caller must close it.
func (env *environment) openExisting() (*app.App, error) {
	options := env.options()
	options.Existing = true
	return env.open(options)
}

// command returns a command line that runs a command on the same database, with its master key, for
// messages that say what to do next.
func (env *environment) command(words ...string) string {
	line := []string{"flightdeck"}
	flags := false // they follow the name of the command
	for _, word := range append(words, "--") {
		if !flags && strings.HasPrefix(word, "--") {
			flags = true
			if env.DB != defaultDB {
				line = append(line, "--db", quoted(env.DB))
			}
			if env.MasterKeyFile != "" {
				line = append(line, "--master-key-file", quoted(env.MasterKeyFile))
			}
		}
		line = append(line, word)
	}
	return strings.Join(line[:len(line)-1], " ")
}

// advice matches a command that a message tells the operator to run on the database.
var advice = regexp.MustCompile(`\brun flightdeck (archive|rebuild|serve|snapshot|verify)\b`)

// advise gives the commands in a message of any package the flags of this command.
func (env *environment) advise(message string) string {
	return advice.ReplaceAllStringFunc(message, func(run string) string {
		return "run " + env.command(strings.TrimPrefix(run, "run flightdeck "))
	})
}

// plainWord matches a word that a shell takes as it is.
var plainWord = regexp.MustCompile(`^[\w@%+=:,./-]+$`)

// quoted returns a word in the form that a shell reads.
func quoted(word string) string {
	if plainWord.MatchString(word) {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

// warnOfOpenFile logs a warning if other users of the machine may read the database. Only the owner
// may read a new one; the mode of an older one may be the operator's intention.
func (env *environment) warnOfOpenFile(db string) {
	if info, err := os.Stat(db); err == nil && info.Mode().Perm()&0o077 != 0 {
		env.logger.Warn("the database is open to others: run chmod 600", "db", db, "mode", info.Mode().Perm())
	}
}
