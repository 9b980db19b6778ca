package web

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// originAllowed reports whether the page that sent a request may use the API: a
// page of this server, one of an allowed origin, or no page at all, for only
// browsers send an Origin.
func (s *Server) originAllowed(r *http.Request) bool {
	origin := r.Header.Get("Origin")
	if origin == "" || s.crossOriginAllowed(origin) {
		return true
	}
	u, err := url.Parse(origin)
	return err == nil && strings.EqualFold(u.Host, r.Host)
}

func (s *Server) crossOriginAllowed(origin string) bool {
	return slices.ContainsFunc(s.config.AllowedOrigins, func(allowed string) bool {
		return allowed == "*" || strings.EqualFold(allowed, origin)
	})
}

// allowCrossOrigin answers a browser's question whether a page of an allowed origin
// may read what follows. Credentials are not allowed for: there are no cookies.
func (s *Server) allowCrossOrigin(w http.ResponseWriter, r *http.Request) {
	if len(s.config.AllowedOrigins) == 0 {
		return
	}
	h := w.Header()
	h.Add("Vary", "Origin")
	origin := r.Header.Get("Origin")
	if origin == "" || !s.crossOriginAllowed(origin) {
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
