package web

import (
	"context"
	"net/http"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/gorilla/websocket"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"flightdeck/graph/errorcode"

	"flightdeck/web/negotiate"
)

// serveGraphQL runs one operation, or upgrades to a websocket that runs many.
func (s *Server) serveGraphQL(w http.ResponseWriter, r *http.Request) {
	if websocket.IsWebSocketUpgrade(r) {
		s.serveWebSocket(w, r)
		return
	}
	s.allowCrossOrigin(w, r)
	w.Header().Add("Vary", "Accept, Accept-Encoding, Authorization")
	accept := negotiate.ReadAccept(r.Header)
	var text []byte
	var err error
	switch {
	case r.Method == http.MethodOptions:
		w.Header().Set("Allow", "GET, OPTIONS, POST")
		w.WriteHeader(http.StatusNoContent)
		return
	case r.Method != http.MethodPost && r.Method != http.MethodGet:
		w.Header().Set("Allow", "GET, OPTIONS, POST")
		err = errMethod
	case accept.Nothing():
		err = errNotAcceptable
	case r.Method == http.MethodPost:
		text, err = s.readBody(w, r)
	default:
		text = []byte(r.URL.RawQuery)
	}
	if err != nil {
		writeRefusal(w, accept.ForErrors(), asRefusal(err))
		return
	}
	s.answer(w, r, accept, text)
}

// answer answers a request, given its text as it was sent, in the name of whoever sent
// it: from memory, or by running it.
func (s *Server) answer(w http.ResponseWriter, r *http.Request, accept negotiate.Accept, text []byte) {
	p := presentation{accept.ForErrors(), negotiate.PreferredCoding(r.Header.Get("Accept-Encoding"), negotiate.Zstd, negotiate.Gzip)}
	ctx, until, unknown := s.config.Authenticate(r.Context(), r.Header.Get("Authorization"))
	var q *question
	if unknown == nil && !accept.OnlyEvents {
		if q = s.newQuestion(ctx, r, p, text); q.recall(w, r) {
			return
		}
	}
	params, err := readRequest(r.Method, text)
	switch {
	case err != nil:
		writeRefusal(w, p.mediaType, asRefusal(err))
	case unknown != nil:
		s.writeUnauthenticated(w, r.Context(), p.mediaType, unknown)
	default:
		params.Headers = r.Header
		s.run(ctx, w, r, accept, params, q, until)
	}
}

// readRequest reads a request in the body of a POST, or in the query string of a GET.
func readRequest(method string, text []byte) (params *graphql.RawParams, err error) {
	if method == http.MethodPost {
		params, err = decodeRequest(text)
	} else {
		params, err = readURL(string(text))
	}
	if err != nil {
		return nil, err
	}
	return params, checkText(params)
}

// run runs a request and answers it.
func (s *Server) run(ctx context.Context, w http.ResponseWriter, r *http.Request, accept negotiate.Accept, params *graphql.RawParams, q *question, until time.Time) {
	mediaType := accept.ForErrors()
	if q != nil && registers(params) {
		q.asked = false
	}
	op, errs := s.prepare(ctx, params)
	if len(errs) > 0 {
		if accept.OnlyEvents {
			s.serveEventsOf(w, errs)
			return
		}
		writeErrors(w, mediaType, refusedStatus(mediaType, http.StatusBadRequest), errs)
		return
	}
	if e := checkMethod(w, r.Method, op.Operation.Operation, accept); e != nil {
		writeRefusal(w, mediaType, e)
		return
	}
	if accept.OnlyEvents || isSubscription(op) {
		s.serveEvents(ctx, w, r, until, op)
		return
	}
	resp := s.execute(q.begin(ctx, op), op)
	if resp != nil && executed(resp) && len(resp.Errors) == 0 {
		q.answered(w, r, encodeResponse(resp))
		return
	}
	writeFailure(w, q.presentation, resp)
}

// writeFailure writes the result of an operation that has errors.
func writeFailure(w http.ResponseWriter, p presentation, resp *graphql.Response) {
	if resp == nil { // the request was cancelled before it had a result
		writeRefusal(w, p.mediaType, &refusal{errorcode.Unavailable, "the request was cancelled"})
		return
	}
	status := http.StatusOK
	if !executed(resp) && len(resp.Errors) > 0 {
		status = refusedStatus(p.mediaType, errorcode.Status(codeOf(resp.Errors[0])))
	}
	body, coding := negotiate.Compress(encodeResponse(resp), p.coding)
	if coding != "" {
		w.Header().Set("Content-Encoding", coding)
	}
	writeBody(w, p.mediaType, status, body)
}

// refusedStatus is the status of a well-formed request that was refused. Clients
// that accept application/json only may take any other than 200 for an answer of
// some proxy, so the draft wants 200 for them.
func refusedStatus(mediaType string, status int) int {
	if mediaType == negotiate.JSON {
		return http.StatusOK
	}
	return status
}

// writeUnauthenticated answers a request whose sender was refused; with any media
// type by its status, as a proxy in between would.
func (s *Server) writeUnauthenticated(w http.ResponseWriter, ctx context.Context, mediaType string, err error) {
	presented := s.presentError(ctx, err)
	status := signInStatus(presented)
	if status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", "Bearer")
	}
	writeErrors(w, mediaType, status, gqlerror.List{presented})
}

// checkMethod refuses subscriptions of clients that take no events, since they have no
// single answer, and mutations by GET, which any page could make a browser send.
func checkMethod(w http.ResponseWriter, method string, kind ast.Operation, accept negotiate.Accept) *refusal {
	switch {
	case kind == ast.Subscription && !accept.Events:
		return badRequest("subscriptions run over a websocket, with the sub-protocol " + transportWS.name +
			", or as an event stream, with Accept: " + negotiate.Events)
	case kind == ast.Mutation && method == http.MethodGet:
		w.Header().Set("Allow", "POST")
		return &refusal{errorcode.MethodNotAllowed, "send mutations by POST"}
	}
	return nil
}
