package web

import (
	"context"
	"sync"
)

// sockets are the websockets of a server, counted from before the upgrade until
// everything of them has ended.
type sockets struct {
	mu          sync.Mutex // protects all below; drained is closed under it
	closing     bool
	open        int
	connections map[*connection]struct{}
	drained     chan struct{} // closed when closing and none is open
	isDrained   bool
}

func newSockets() sockets {
	return sockets{connections: map[*connection]struct{}{}, drained: make(chan struct{})}
}

// enter counts a websocket about to be opened, unless the server is closing.
func (s *sockets) enter() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing {
		return false
	}
	s.open++
	return true
}

// leave ends what enter began.
func (s *sockets) leave() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open--
	s.settle()
}

// settle announces that nothing is left. It needs mu.
func (s *sockets) settle() {
	if s.closing && s.open == 0 && !s.isDrained {
		s.isDrained = true
		close(s.drained)
	}
}

// add makes a connection known to shutdown, which may have come before it.
func (s *sockets) add(c *connection) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.connections[c] = struct{}{}
	if s.closing {
		c.end(errGoingAway)
	}
}

func (s *sockets) remove(c *connection) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.connections, c)
}

func (s *sockets) isClosing() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.closing
}

// shutdown is Server.Shutdown.
func (s *sockets) shutdown(ctx context.Context) error {
	s.mu.Lock()
	s.closing = true
	for c := range s.connections {
		c.end(errGoingAway)
	}
	s.settle()
	s.mu.Unlock()
	select {
	case <-s.drained:
		return nil
	case <-ctx.Done():
		s.cut()
		return ctx.Err()
	}
}

// cut closes what has not ended in time. The failure to close is of no use to anyone.
func (s *sockets) cut() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.connections {
		_ = c.socket.Close() //nolint:errcheck // as the comment above says
	}
}
