package auth

import (
	"context"
	"sync"
)

// Watch knows the long connections of sessions, so that they end when their session
// does. The zero value is ready; its methods may be called at the same time.
type Watch struct {
	mu   sync.Mutex // guards open
	open map[*watched]struct{}
}

// watched is one long connection.
type watched struct {
	token, userID string
	end           context.CancelFunc
}

// Add returns a context that ends with ctx, or when the session of the token or the
// user of ctx is ended. Whoever adds looks once more afterwards whether the session
// is still there: it may have ended just before.
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

// EndToken ends the connections that were let in by a token.
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
