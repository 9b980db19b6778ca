package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"slices"
	"strings"

	"flightdeck/auth"
	"flightdeck/command"
	"flightdeck/domain"
	"flightdeck/eventstore"
	"flightdeck/graph"
	"flightdeck/readmodel"
	"flightdeck/resolvers"

	"github.com/99designs/gqlgen/graphql/handler"
	"github.com/99designs/gqlgen/graphql/handler/lru"
	"github.com/99designs/gqlgen/graphql/handler/transport"
	"github.com/vektah/gqlparser/v2/ast"
)

// serveBaseline serves a baseline until the process ends. Its arguments are name, database and
// address.
func serveBaseline(args []string) error {
	if len(args) != 3 {
		return errors.New("usage: baseline create|read|list|texts|fanout|gqlgen|bytes DB ADDR")
	}
	o, err := open(args[1])
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/healthz", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) })
	switch args[0] {
	case "create":
		mux.HandleFunc("/graphql", o.create)
	case "read":
		stmt, err := o.engine.DB().Prepare(readSQL)
		if err != nil {
			return err
		}
		mux.HandleFunc("/graphql", func(w http.ResponseWriter, r *http.Request) { readRow(w, r, stmt, o.log) })
	case "list":
		list, err := listing(o, []string{"ID", "Title", "Slug", "Status", "UpdatedAt"}, readListed)
		if err != nil {
			return err
		}
		mux.HandleFunc("/graphql", list)
	case "texts":
		list, err := listing(o, []string{
			"ID", "Version", "Title", "Slug", "Description", "Content", "Format", "Status", "Tags", "CreatedAt", "UpdatedAt", "PublishedAt",
		}, readWhole)
		if err != nil {
			return err
		}
		mux.HandleFunc("/graphql", list)
	case "fanout":
		mux.HandleFunc("/graphql", newBare(o).serve)
	case "gqlgen":
		mux.Handle("/graphql", o.gqlgen())
	case "bytes":
		mux.Handle("/graphql", readyMade(o.gqlgen()))
	default:
		return fmt.Errorf("no baseline is called %q", args[0])
	}
	return http.ListenAndServe(args[2], mux) //nolint:gosec // a benchmark on this machine
}

// gqlgen is the API behind gqlgen's own transport, with a cache of documents, as its manual
// advises, and the server's target for the heap.
func (o *opened) gqlgen() http.Handler {
	debug.SetGCPercent(400)
	nothing := func(context.Context) string { return "" }
	root := &resolvers.Resolver{
		Log: o.log, Reader: o.reader, Commands: o.commands, Logger: slog.Default(),
		RequestID: nothing, Remote: nothing, LastEventID: nothing, NoStore: func(context.Context) {}, SetEventID: func(context.Context, string) {},
	}
	h := handler.New(graph.NewExecutableSchema(graph.Config{Resolvers: root}))
	h.AddTransport(transport.POST{})
	h.SetQueryCache(lru.New[*ast.QueryDocument](1000))
	h.SetErrorPresenter(root.Present)
	h.SetRecoverFunc(root.Recover)
	h.AroundOperations(root.AroundOperation)
	return h
}

// create is a plain handler for a durable content: it decodes, calls the writer and encodes. It
// answers with the same members as the API.
func (o *opened) create(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Variables struct{ Title, Content string }
	}
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	ctx := auth.WithActor(r.Context(), domain.System)
	done, err := o.commands.Do(ctx, command.CreateContent{
		Title: in.Variables.Title, Content: in.Variables.Content, Format: domain.Markdown, Status: domain.Draft,
	})
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	type payload struct {
		Content struct {
			ID string `json:"id"`
		} `json:"content"`
		Position string `json:"position"`
		Errors   []any  `json:"errors"`
	}
	var out struct {
		Data struct {
			CreateContent payload `json:"createContent"`
		} `json:"data"`
	}
	out.Data.CreateContent = payload{Position: done.Position.String(), Errors: []any{}}
	out.Data.CreateContent.Content.ID = done.ID
	writeJSON(w, out)
}

// readSQL is the statement that the API runs for a content by id, as of now.
const readSQL = `SELECT id, version, title, slug, description, format, status, author_id, tags, created_at, updated_at, published_at, content
	FROM contents AS c WHERE c.id = ? AND c.valid_from <= ? AND c.valid_to > ? AND c.deleted = 0 AND (c.public = 1 AND c.valid_to = 9223372036854775807)
	ORDER BY c.valid_from DESC LIMIT 1`

// readRow is a plain handler for a content by id: it decodes, runs one statement and encodes the
// same members.
func readRow(w http.ResponseWriter, r *http.Request, stmt *sql.Stmt, log *eventstore.Store) {
	var in struct{ Variables struct{ ID string } }
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	var c struct {
		ID        string   `json:"id"`
		Version   int      `json:"version"`
		Title     string   `json:"title"`
		Slug      string   `json:"slug"`
		Content   string   `json:"content"`
		Status    string   `json:"status"`
		Tags      []string `json:"tags"`
		UpdatedAt string   `json:"updatedAt"`
	}
	var description sql.NullString
	var format, author, tags string
	var created, updated domain.Instant
	var published sql.NullInt64
	at := log.Head().Position
	err := stmt.QueryRowContext(context.WithoutCancel(r.Context()), in.Variables.ID, at, at).Scan(&c.ID, &c.Version, &c.Title, &c.Slug, &description,
		&format, &c.Status, &author, &tags, &created, &updated, &published, &c.Content)
	if err == nil {
		err = json.Unmarshal([]byte(tags), &c.Tags)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	c.UpdatedAt = updated.String()
	writeJSON(w, map[string]any{"data": map[string]any{"content": c}})
}

// listing is a plain handler for a list of 20 as of now: it decodes, runs the statement of the API
// for these fields, whose arguments are all the position, and encodes the same members.
func listing[T any](o *opened, fields []string, read func(*sql.Rows) (T, error)) (http.HandlerFunc, error) {
	var text string
	o.db.Observe(func(query string) { text = query })
	page := readmodel.Page{Fields: fields}
	if _, err := o.reader.Contents(context.Background(), o.reader.Head(domain.Actor{}), page, readmodel.ContentFilter{}, nil, nil); err != nil {
		return nil, err
	}
	stmt, err := o.engine.DB().Prepare(text)
	arguments := strings.Count(text, "?")
	return func(w http.ResponseWriter, r *http.Request) {
		var in struct{ Query string }
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		nodes, err := readList(r.Context(), stmt, slices.Repeat([]any{o.log.Head().Position}, arguments), read)
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		writeJSON(w, map[string]any{"data": map[string]any{"contents": map[string]any{"nodes": nodes}}})
	}, err
}

func readList[T any](ctx context.Context, stmt *sql.Stmt, arguments []any, read func(*sql.Rows) (T, error)) (nodes []T, err error) {
	rows, err := stmt.QueryContext(context.WithoutCancel(ctx), arguments...)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for len(nodes) < readmodel.DefaultPage && rows.Next() {
		node, err := read(rows)
		if err != nil {
			return nil, err
		}
		nodes = append(nodes, node)
	}
	return nodes, rows.Err()
}

// listed is a content of a list, as in listQuery.
type listed struct {
	ID        string `json:"id"`
	Title     string `json:"title"`
	Slug      string `json:"slug"`
	Status    string `json:"status"`
	UpdatedAt string `json:"updatedAt"`
}

func readListed(rows *sql.Rows) (c listed, err error) {
	var created, updated domain.Instant
	var size int64
	err = rows.Scan(&c.ID, &c.Title, &c.Slug, &c.Status, &created, &updated, &size)
	c.UpdatedAt = updated.String()
	return c, err
}

// whole is a content of a list, as in textsQuery.
type whole struct {
	ID          string   `json:"id"`
	Version     int      `json:"version"`
	Title       string   `json:"title"`
	Slug        string   `json:"slug"`
	Description *string  `json:"description"`
	Content     string   `json:"content"`
	Format      string   `json:"format"`
	Status      string   `json:"status"`
	Tags        []string `json:"tags"`
	CreatedAt   string   `json:"createdAt"`
	UpdatedAt   string   `json:"updatedAt"`
	PublishedAt *string  `json:"publishedAt"`
}

func readWhole(rows *sql.Rows) (c whole, err error) {
	var tags string
	var created, updated domain.Instant
	var published sql.NullInt64
	if err := rows.Scan(&c.ID, &c.Version, &c.Title, &c.Slug, &c.Description, &c.Format, &c.Status, &tags, &created, &updated, &published, &c.Content); err != nil {
		return c, err
	}
	c.CreatedAt, c.UpdatedAt = created.String(), updated.String()
	if published.Valid {
		at := domain.Instant(published.Int64).String()
		c.PublishedAt = &at
	}
	return c, json.Unmarshal([]byte(tags), &c.Tags)
}

func writeJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(v); err != nil {
		panic(err) // the connection is gone
	}
}
