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

// serveBaseline serves a baseline until the process is ended: name, database,
// address.
func serveBaseline(args []string) error {
	if len(args) != 3 {
		return errors.New("usage: baseline create|read|list|fanout|gqlgen|bytes DB ADDR")
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
		stmt, arguments, err := o.listStatement()
		if err != nil {
			return err
		}
		mux.HandleFunc("/graphql", func(w http.ResponseWriter, r *http.Request) { listRows(w, r, stmt, arguments, o.log) })
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

// gqlgen is the API behind gqlgen's own transport, with a cache of documents as its
// manual advises, and the heap as the server has it.
func (o *opened) gqlgen() http.Handler {
	debug.SetGCPercent(400)
	nothing := func(context.Context) string { return "" }
	root := &resolvers.Resolver{
		Log: o.log, Reader: o.reader, Commands: o.commands, Logger: slog.Default(),
		RequestID: nothing, LastEventID: nothing, Volatile: func(context.Context) {}, SetEventID: func(context.Context, string) {},
	}
	h := handler.New(graph.NewExecutableSchema(graph.Config{Resolvers: root}))
	h.AddTransport(transport.POST{})
	h.SetQueryCache(lru.New[*ast.QueryDocument](1000))
	h.SetErrorPresenter(root.Present)
	h.SetRecoverFunc(root.Recover)
	h.AroundOperations(root.AroundOperation)
	return h
}

// create is what a plain handler does for a durable content: decode, call the
// writer, encode. It answers with the same members as the API.
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

// readRow is what a plain handler does for a content by id: decode, one statement,
// encode the same members.
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

// listStatement prepares the very statement that the API runs for a list of 20, as of
// now. All of its arguments are the position.
func (o *opened) listStatement() (stmt *sql.Stmt, arguments int, err error) {
	var text string
	o.reader.Observe(func(query string) { text = query })
	page := readmodel.Page{Fields: []string{"ID", "Title", "Slug", "Status", "UpdatedAt"}} // those of listQuery
	if _, err := o.reader.Contents(context.Background(), o.reader.Head(domain.Actor{}), page, readmodel.ContentFilter{}, nil, nil); err != nil {
		return nil, 0, err
	}
	stmt, err = o.engine.DB().Prepare(text)
	return stmt, strings.Count(text, "?"), err
}

// listRows is what a plain handler does for a list of 20: decode, one statement, encode
// the same members.
func listRows(w http.ResponseWriter, r *http.Request, stmt *sql.Stmt, arguments int, log *eventstore.Store) {
	var in struct{ Query string }
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	nodes, err := readList(r.Context(), stmt, slices.Repeat([]any{log.Head().Position}, arguments))
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	writeJSON(w, map[string]any{"data": map[string]any{"contents": map[string]any{"nodes": nodes}}})
}

// listed is a content of a list.
type listed struct {
	ID        string `json:"id"`
	Title     string `json:"title"`
	Slug      string `json:"slug"`
	Status    string `json:"status"`
	UpdatedAt string `json:"updatedAt"`
}

func readList(ctx context.Context, stmt *sql.Stmt, arguments []any) (nodes []listed, err error) {
	rows, err := stmt.QueryContext(context.WithoutCancel(ctx), arguments...)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var c listed
		var created, updated domain.Instant
		var size int64
		if err := rows.Scan(&c.ID, &c.Title, &c.Slug, &c.Status, &created, &updated, &size); err != nil {
			return nil, err
		}
		c.UpdatedAt = updated.String()
		if nodes = append(nodes, c); len(nodes) == readmodel.DefaultPage {
			break
		}
	}
	return nodes, rows.Err()
}

func writeJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(v); err != nil {
		panic(err) // the connection is gone
	}
}
