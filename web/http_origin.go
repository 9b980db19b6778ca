package web

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// origins are the origins whose pages may use the API, beside the server's own. "*" stands for all.
type origins []string

// allow reports whether the page that sent a request may use the API: a page of this server, or of
// one of the origins. It allows a request without an Origin, which no browser sends for a page.
func (o origins) allow(r *http.Request) bool {
	origin := r.Header.Get("Origin")
	if origin == "" || o.has(origin) {
		return true
	}
	u, err := url.Parse(origin)
	return err == nil && strings.EqualFold(u.Host, r.Host)
}

func (o origins) has(origin string) bool {
	return slices.ContainsFunc(o, func(allowed string) bool {
		return allowed == "*" || strings.EqualFold(allowed, origin)
	})
}

// setHeaders tells a browser that a page of one of the origins may read the answer. It does not
// allow credentials: the API has no cookies.
func (o origins) setHeaders(w http.ResponseWriter, r *http.Request) {
	if len(o) == 0 {
		return
	}
	h := w.Header()
	h.Add("Vary", "Origin")
	origin := r.Header.Get("Origin")
	if origin == "" || !o.has(origin) {
		return
	}
	h.Set("Access-Control-Allow-Origin", origin)
	h.Set("Access-Control-Expose-Headers", "ETag, "+headerRequestID)
	if r.Method == http.MethodOptions {
		h.Set("Access-Control-Allow-Methods", "GET, POST")
		h.Set("Access-Control-Allow-Headers", "Authorization, Content-Type, If-None-Match, Last-Event-ID, "+headerRequestID)
		h.Set("Access-Control-Max-Age", "600")
	}
}
