package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"time"

	"flightdeck/account"
	"flightdeck/command"
	"flightdeck/domain"
	"flightdeck/eventstore"
	"flightdeck/eventstore/sqlite"
	"flightdeck/prepared"
	"flightdeck/projection"
	"flightdeck/readmodel"

	"github.com/google/uuid"
	"github.com/uptrace/bun/dialect/sqlitedialect"
)

// world is a preloaded database.
type world struct {
	db string
	// ids are contents that existed before the middle of the log.
	ids  []string
	past eventstore.Position
}

// opened is FlightDeck without its edge.
type opened struct {
	log      *eventstore.Store
	engine   *sqlite.Engine
	index    *projection.Index
	db       *prepared.DB
	reader   *readmodel.Reader
	commands *command.Commands
}

func open(path string) (*opened, error) {
	ctx := context.Background()
	engine, err := sqlite.Open(ctx, path, sqlite.Options{Migrations: migrations()})
	if err != nil {
		return nil, err
	}
	log, err := eventstore.Open(ctx, engine, projection.Model{}, eventstore.Options{})
	if err != nil {
		return nil, errors.Join(err, engine.Close())
	}
	index, err := projection.StartIndex(ctx, log, engine.DB(), slog.Default())
	if err != nil {
		return nil, errors.Join(err, log.Close())
	}
	db := prepared.New(engine.DB(), sqlitedialect.New(), log.IsRetryable)
	reader := readmodel.NewReader(readmodel.Config{DB: db, Log: log, Index: index})
	return &opened{log, engine, index, db, reader, &command.Commands{
		Log: log, Lookup: readmodel.Lookup{}, Accounts: account.Tables{}, Passwords: account.NewReader(db), SessionLife: time.Hour,
	}}, nil
}

// migrations returns the migrations of the tables beside the log.
func migrations() []eventstore.Migrations {
	return []eventstore.Migrations{projection.Migrations(), account.Migrations()}
}

func (o *opened) close() error {
	o.index.Close()
	return o.log.Close()
}

// tags is the number of tags: each content has one.
const tags = 100

// body is a text of about 400 bytes.
func body(n int) string {
	var b strings.Builder
	for i := 0; b.Len() < 380; i++ {
		fmt.Fprintf(&b, "word%d ", (n*31+i*17)%5000)
	}
	return b.String()
}

// preload makes the database of the run unless it exists. It updates the contents in turns, in
// random order.
func (s settings) preload() (w world, err error) {
	w.db = filepath.Join(s.dir, fmt.Sprintf("world-%d-%d.db", s.Contents, s.Versions))
	w.past = eventstore.Position(s.Contents * s.Versions / 2)
	random := rand.New(rand.NewPCG(1, 2))
	all := make([]string, s.Contents)
	for i := range all {
		id := uuid.NewSHA1(uuid.NameSpaceOID, fmt.Appendf(nil, "content %d", i))
		all[i] = domain.NewID(domain.KindContent, id.String())
	}
	for range 1000 {
		w.ids = append(w.ids, all[random.IntN(len(all))])
	}
	if _, err := os.Stat(w.db); err == nil { // an older version may have made it
		o, err := open(w.db)
		if err != nil {
			return w, err
		}
		return w, o.close()
	}
	part := w.db + ".part"
	if err := s.fill(part, all, random); err != nil {
		return w, err
	}
	return w, os.Rename(part, w.db)
}

// rowless writes no rows.
type rowless struct{ projection.Model }

func (rowless) Project(context.Context, eventstore.Rows, eventstore.Event, any, any) error {
	return nil
}

// fill makes a log, and then its rows by a rebuild, in a tenth of the time of changing rows all
// over the tables.
func (s settings) fill(path string, all []string, random *rand.Rand) (err error) {
	ctx := context.Background()
	engine, err := sqlite.Open(ctx, path, sqlite.Options{Migrations: migrations()})
	if err != nil {
		return err
	}
	log, err := eventstore.Open(ctx, engine, rowless{}, eventstore.Options{})
	if err != nil {
		return errors.Join(err, engine.Close())
	}
	defer func() { err = errors.Join(err, log.Close()) }()
	if err := s.append(log, all, random); err != nil {
		return err
	}
	r := projection.NewRebuilder(log, engine.DB(), engine, slog.New(slog.DiscardHandler)) // it warns that there were no rows
	defer r.Close()
	_, err = r.Run(ctx, nil)
	return err
}

func (s settings) append(log *eventstore.Store, all []string, random *rand.Rand) error {
	const chunk = 500
	for version := 1; version <= s.Versions; version++ {
		order := random.Perm(len(all))
		for from := 0; from < len(order); from += chunk {
			_, err := log.Update(context.Background(), eventstore.Command{}, func(tx *eventstore.Tx) error {
				for _, i := range order[from:min(from+chunk, len(order))] {
					if err := write(tx, all[i], i, version); err != nil {
						return err
					}
				}
				return nil
			})
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// write appends one version of one content.
func write(tx *eventstore.Tx, id string, i, version int) error {
	var e domain.Event = domain.ContentCreated{
		ContentID: id, Title: fmt.Sprintf("Content %d", i), Slug: fmt.Sprintf("content-%d", i), Content: body(i),
		Format: domain.Markdown, Status: domain.Published, Tags: []string{fmt.Sprintf("tag%d", i%tags)},
	}
	if version > 1 {
		title, text := fmt.Sprintf("Content %d, version %d", i, version), body(i+version)
		e = domain.ContentUpdated{ContentID: id, Title: &title, Content: &text}
	}
	name, schema, data, err := domain.Encode(e)
	if err != nil {
		return err
	}
	_, err = tx.Append(eventstore.Stream{ID: eventstore.StreamID(id), Type: string(domain.KindContent)}, eventstore.Exactly(version-1),
		eventstore.NewEvent{ID: uuid.Must(uuid.NewV7()).String(), Type: name, SchemaVersion: schema, Data: data})
	return err
}
