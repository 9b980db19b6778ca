package auth

import (
	"context"
	"sync"
)

// Watch registers the long connections of sessions, so that they end with their session. The zero
// value is ready; its methods may be called concurrently.
type Watch struct {
	mu   sync.Mutex // guards open
	open map[*watched]struct{}
}

// watched is one long connection.
type watched struct {
	token, userID string
	end           context.CancelFunc
}

// Add registers a connection and returns a context that ends with ctx, or as soon as the session of
// its token or the sessions of its user are ended. After Add the caller checks once more that the
// session still exists, since it may have ended just before.
func (w *Watch) Add(ctx context.Context) context.Context {
	ctx, cancel := context.WithCancel(ctx)
	c := &watched{TokenFrom(ctx), ActorFrom(ctx).UserID, cancel}
	w.mu.Lock()
	if w.open == nil {
		w.open = make(map[*watched]struct{})
	}
	w.open[c] = struct{}{}
	w.mu.Unlock()
	context.AfterFunc(ctx, func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		delete(w.open, c)
	})
	return ctx
}

// EndToken ends the connections that a token opened.
func (w *Watch) EndToken(token string) {
	w.each(func(c *watched) bool { return token != "" && c.token == token })
}

// EndUser ends the connections of a user.
func (w *Watch) EndUser(userID string) {
	w.each(func(c *watched) bool { return userID != "" && c.userID == userID })
}

func (w *Watch) each(ends func(*watched) bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for c := range w.open {
		if ends(c) {
			c.end()
		}
	}
}
