package web

import (
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"

	"flightdeck/graph/errorcode"
	"flightdeck/web/negotiate"
	"flightdeck/web/origin"
)

// pages decides which web pages may use the server. It logs each refused origin once.
type pages struct {
	origins origin.Set
	refused *onceLog
}

// allow reports whether the page that sent a request may use the API: a page of this server, or of
// an allowed origin. It allows a request without an Origin, which no browser sends for a page.
func (p *pages) allow(r *http.Request) bool {
	from := r.Header.Get("Origin")
	if from == "" || p.origins.Has(from) || isOwn(from, r.Host) {
		return true
	}
	p.refused.info(r, originForLog(from), "pages of an origin were refused: serve with --allow-origin to allow them", "origin")
	return false
}

// isOwn reports whether an origin has the host of the request.
func isOwn(from, host string) bool {
	u, err := url.Parse(from)
	return err == nil && strings.EqualFold(u.Host, host)
}

// originForLog returns an origin without the parts that a browser never sends, since they may hold
// anything.
func originForLog(from string) string {
	u, err := url.Parse(from)
	if err != nil || u.Host == "" || len(u.Scheme) > 32 {
		return noKnownForm
	}
	return u.Scheme + "://" + hostForLog(u.Host)
}

// hostForLog returns a host, with or without a port, if it has the bytes and the length of one.
func hostForLog(host string) string {
	const letters = "abcdefghijklmnopqrstuvwxyz"
	if host == "" || len(host) > 255 || strings.Trim(strings.ToLower(host), letters+"0123456789-_.:[]") != "" {
		return noKnownForm
	}
	return host
}

const noKnownForm = "of no known form"

// setHeaders tells a browser that a page of an allowed origin may send the request, and read the
// answer. It does not allow credentials: the API has no cookies.
func (p *pages) setHeaders(w http.ResponseWriter, r *http.Request) {
	from, h := r.Header.Get("Origin"), w.Header()
	allowed := p.allow(r) && from != "" && p.origins.Has(from)
	switch {
	case p.origins.All():
		// The answer is the same for every origin, and without one.
		h.Set("Access-Control-Allow-Origin", "*")
		h.Set("Access-Control-Expose-Headers", "ETag, "+headerRequestID)
	case !p.origins.Empty():
		h.Add("Vary", "Origin")
		if allowed {
			h.Set("Access-Control-Allow-Origin", from)
		}
	}
	if !allowed {
		return
	}
	h.Set("Access-Control-Expose-Headers", "ETag, "+headerRequestID)
	if r.Method == http.MethodOptions {
		h.Add("Vary", "Access-Control-Request-Headers")
		h.Set("Access-Control-Allow-Methods", "GET, POST")
		h.Set("Access-Control-Max-Age", "600")
		if asked := r.Header.Values("Access-Control-Request-Headers"); len(asked) > 0 {
			h.Set("Access-Control-Allow-Headers", strings.Join(asked, ", "))
		}
	}
}

// withHost refuses requests for a name under which the server may not be reached.
func withHost(hosts origin.Hosts, refused *onceLog, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if hosts.Allow(r.Host) {
			next.ServeHTTP(w, r)
			return
		}
		refused.info(r, hostForLog(r.Host), "requests for a name were refused: serve with --allow-host to allow it", "host")
		writeRefusal(w, negotiate.JSON, &refusal{
			errorcode.Forbidden, "the server may not be reached under this name: use its address or localhost, or serve with --allow-host and the name",
		})
	})
}

// mostOnce bounds the texts that a onceLog remembers.
const mostOnce = 100

// onceLog logs what clients may repeat without end: each text once, and mostOnce texts at most.
type onceLog struct {
	logger *slog.Logger

	mu   sync.Mutex // protects seen
	seen map[string]bool
}

func newOnceLog(logger *slog.Logger) *onceLog {
	return &onceLog{logger: logger, seen: map[string]bool{}}
}

// info logs a text that a request holds, as the attribute name of a message.
func (l *onceLog) info(r *http.Request, text, message, name string) {
	l.mu.Lock()
	known := l.seen[text] || len(l.seen) > mostOnce
	full := !known && len(l.seen) == mostOnce
	if !known {
		l.seen[text] = true
	}
	l.mu.Unlock()
	switch {
	case known:
	case full:
		l.logger.LogAttrs(r.Context(), slog.LevelInfo, "more were refused: no further one is logged", slog.Int("logged", mostOnce))
	default:
		l.logger.LogAttrs(r.Context(), slog.LevelInfo, message, slog.String(name, text),
			slog.String("remote", Remote(r.Context())), slog.String("request_id", RequestID(r.Context())))
	}
}
