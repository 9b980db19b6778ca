package web

import (
	"context"
	"sync"
)

// registry counts the work that a server's shutdown waits for: websockets, from before the upgrade
// until all of them has ended, and the broadcasts of subscriptions.
type registry struct {
	mu          sync.Mutex // protects the fields below; drained is closed under it
	closing     bool
	open        int
	connections map[*connection]struct{}
	drained     chan struct{} // closed when closing and none is open
	isDrained   bool
}

func newRegistry() *registry {
	return &registry{connections: map[*connection]struct{}{}, drained: make(chan struct{})}
}

// enter counts one more piece of work until leave. It returns false if the server is closing.
func (r *registry) enter() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closing {
		return false
	}
	r.open++
	return true
}

// leave ends the work of enter.
func (r *registry) leave() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.open--
	r.settle()
}

// start runs a function on a goroutine of its own that shutdown waits for. It returns false if the
// server is closing.
func (r *registry) start(run func()) bool {
	if !r.enter() {
		return false
	}
	go func() {
		defer r.leave()
		run()
	}()
	return true
}

// settle closes drained if no work is left. It needs mu.
func (r *registry) settle() {
	if r.closing && r.open == 0 && !r.isDrained {
		r.isDrained = true
		close(r.drained)
	}
}

// add makes a connection known to shutdown, which may have begun before.
func (r *registry) add(c *connection) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.connections[c] = struct{}{}
	if r.closing {
		c.end(errGoingAway)
	}
}

func (r *registry) remove(c *connection) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.connections, c)
}

func (r *registry) isClosing() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.closing
}

// shutdown is Server.Shutdown for websockets and broadcasts.
func (r *registry) shutdown(ctx context.Context) error {
	r.mu.Lock()
	r.closing = true
	for c := range r.connections {
		c.end(errGoingAway)
	}
	r.settle()
	r.mu.Unlock()
	select {
	case <-r.drained:
		return nil
	case <-ctx.Done():
		r.cut()
		return ctx.Err()
	}
}

// cut closes the connections that have not ended in time. An error of closing changes nothing.
func (r *registry) cut() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for c := range r.connections {
		_ = c.socket.Close() //nolint:errcheck // as the comment above says
	}
}
