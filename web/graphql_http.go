package web

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/99designs/gqlgen/graphql"
	"github.com/gorilla/websocket"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

const (
	mediaJSON    = "application/json"
	mediaGraphQL = "application/graphql-response+json"
)

// serveGraphQL runs one operation, or upgrades to a websocket that runs many.
func (s *Server) serveGraphQL(w http.ResponseWriter, r *http.Request) {
	if websocket.IsWebSocketUpgrade(r) {
		s.serveWebSocket(w, r)
		return
	}
	s.allowCrossOrigin(w, r)
	mediaType := responseType(r.Header.Get("Accept"))
	var params *graphql.RawParams
	var err error
	switch r.Method {
	case http.MethodPost:
		params, err = s.readBody(w, r)
	case http.MethodGet:
		params, err = readURL(r.URL)
	case http.MethodOptions:
		w.Header().Set("Allow", "GET, OPTIONS, POST")
		w.WriteHeader(http.StatusNoContent)
		return
	default:
		w.Header().Set("Allow", "GET, OPTIONS, POST")
		err = errMethod
	}
	if err == nil {
		err = checkText(params)
	}
	if err != nil {
		writeRefusal(w, mediaType, asRefusal(err))
		return
	}
	s.answer(w, r, mediaType, params)
}

// answer runs a request in the name of whoever sent it.
func (s *Server) answer(w http.ResponseWriter, r *http.Request, mediaType string, params *graphql.RawParams) {
	ctx, _, err := s.config.Authenticate(r.Context(), r.Header.Get("Authorization"))
	if err != nil {
		s.writeUnauthenticated(w, r.Context(), mediaType, err)
		return
	}
	params.Headers = r.Header
	op, errs := s.prepare(ctx, params)
	if len(errs) > 0 {
		writeErrors(w, mediaType, refusedStatus(mediaType, http.StatusBadRequest), errs)
		return
	}
	if e := checkMethod(w, r.Method, op.Operation.Operation); e != nil {
		writeRefusal(w, mediaType, e)
		return
	}
	s.writeResponse(w, mediaType, s.execute(ctx, op))
}

func (s *Server) writeResponse(w http.ResponseWriter, mediaType string, resp *graphql.Response) {
	if resp == nil { // the request was cancelled before it had a result
		writeRefusal(w, mediaType, &refusal{http.StatusServiceUnavailable, codeUnavailable, "the request was cancelled"})
		return
	}
	status := http.StatusOK
	if !executed(resp) && len(resp.Errors) > 0 {
		status = refusedStatus(mediaType, statusOf(resp.Errors[0], http.StatusBadRequest))
	}
	writeBody(w, mediaType, status, encodeResponse(resp))
}

// refusedStatus is the status of a well-formed request that was refused. Clients
// that accept application/json only may take any other than 200 for an answer of
// some proxy, so the draft wants 200 for them.
func refusedStatus(mediaType string, status int) int {
	if mediaType == mediaJSON {
		return http.StatusOK
	}
	return status
}

// writeUnauthenticated answers a request whose sender was refused; with any media
// type by its status, as a proxy in between would.
func (s *Server) writeUnauthenticated(w http.ResponseWriter, ctx context.Context, mediaType string, err error) {
	presented := s.presentError(ctx, err)
	status := statusOf(presented, http.StatusInternalServerError)
	if status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", "Bearer")
	}
	writeErrors(w, mediaType, status, gqlerror.List{presented})
}

// checkMethod refuses subscriptions, which have no single answer, and mutations by
// GET, which any page could make a browser send.
func checkMethod(w http.ResponseWriter, method string, kind ast.Operation) *refusal {
	switch {
	case kind == ast.Subscription:
		return badRequest("subscriptions run over a websocket, with the sub-protocol " + transportWS.name)
	case kind == ast.Mutation && method == http.MethodGet:
		w.Header().Set("Allow", "POST")
		return &refusal{http.StatusMethodNotAllowed, codeMethod, "send mutations by POST"}
	}
	return nil
}

// readBody reads the request in the body of a POST.
func (s *Server) readBody(w http.ResponseWriter, r *http.Request) (*graphql.RawParams, error) {
	if err := checkContentType(r.Header); err != nil {
		return nil, err
	}
	data, err := io.ReadAll(http.MaxBytesReader(w, r.Body, s.config.MaxBody))
	if large, ok := errors.AsType[*http.MaxBytesError](err); ok {
		message := fmt.Sprintf("the body is larger than %d bytes", large.Limit)
		return nil, &refusal{http.StatusRequestEntityTooLarge, codeTooLarge, message}
	}
	if err != nil {
		return nil, badRequest("the body could not be read to its end")
	}
	return decodeRequest(data)
}

// checkContentType accepts JSON in UTF-8 only. What a browser sends from another
// site without asking, forms and plain text, is thereby refused.
func checkContentType(h http.Header) error {
	mediaType, params, err := mime.ParseMediaType(h.Get("Content-Type"))
	charset := params["charset"]
	plain := charset == "" || strings.EqualFold(charset, "utf-8")
	encoding := h.Get("Content-Encoding")
	if err == nil && mediaType == mediaJSON && plain && (encoding == "" || encoding == "identity") {
		return nil
	}
	message := "send the request as JSON in UTF-8, uncompressed, with Content-Type: " + mediaJSON
	return &refusal{http.StatusUnsupportedMediaType, codeMediaType, message}
}

// readURL reads the request in the query string of a GET.
func readURL(u *url.URL) (*graphql.RawParams, error) {
	const expected = "send ?query=...&operationName=...&variables={...}, percent-encoded"
	values, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return nil, badRequest("the query string is malformed: " + expected)
	}
	for _, name := range []string{"query", "operationName", "variables", "extensions"} {
		if !utf8.ValidString(values.Get(name)) {
			return nil, badRequest("the parameter " + name + " is not valid UTF-8")
		}
	}
	if !values.Has("query") {
		return nil, badRequest("the parameter query is missing: " + expected)
	}
	params := &graphql.RawParams{Query: values.Get("query"), OperationName: values.Get("operationName")}
	if params.Variables, err = objectParameter(values, "variables"); err != nil {
		return nil, err
	}
	params.Extensions, err = objectParameter(values, "extensions")
	return params, err
}

// objectParameter decodes a parameter that holds a JSON object; left out or empty
// it is nil.
func objectParameter(values url.Values, name string) (map[string]any, error) {
	text := values.Get(name)
	if text == "" {
		return nil, nil
	}
	var object map[string]any
	if decodeJSON([]byte(text), &object) != nil {
		return nil, badRequest("the parameter " + name + " must be a JSON object, percent-encoded")
	}
	return object, nil
}

// responseType chooses the media type of the answer by the Accept header: of the
// two the one that is liked better, and application/json where it does not matter.
func responseType(accept string) string {
	var plain, special float64
	for part := range strings.SplitSeq(accept, ",") {
		mediaType, params, err := mime.ParseMediaType(part)
		if err != nil {
			continue
		}
		quality := 1.0
		if q, err := strconv.ParseFloat(params["q"], 64); err == nil {
			quality = q
		}
		switch mediaType {
		case mediaGraphQL:
			special = max(special, quality)
		case mediaJSON, "application/*", "*/*":
			plain = max(plain, quality)
		}
	}
	if special > 0 && special >= plain {
		return mediaGraphQL
	}
	return mediaJSON
}
