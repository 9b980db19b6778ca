package budget

import (
	"context"
	"slices"
	"sync"
)

// Turns lets a bounded number of works run at the same time, and a smaller number of one client.
// Clients that wait take turns, however many works each has. Its methods may be called at the same
// time. Nil lets all works run.
type Turns struct {
	all, each int

	mu      sync.Mutex // protects the fields below
	running int
	clients map[string]*queue // those with works that run or wait
	waiting []*queue          // those with works that wait; the first is the next to be served
}

// queue has the works of one client.
type queue struct {
	running int
	works   []chan struct{} // those that wait; each is closed at its turn
}

// NewTurns returns Turns for all works together and for each client's.
func NewTurns(all, each int) *Turns {
	return &Turns{all: all, each: each, clients: map[string]*queue{}}
}

// Wait waits for the turn of a work of the client whose budget is in ctx. The work is over when the
// caller calls done, once. It must not wait for another turn of the same Turns meanwhile. The error
// is the cause of ctx's end.
func (t *Turns) Wait(ctx context.Context) (done func(), err error) {
	if t == nil {
		return func() {}, nil
	}
	client := From(ctx).Client()
	t.mu.Lock()
	q := t.clients[client]
	if q == nil {
		q = new(queue)
		t.clients[client] = q
	}
	turn := make(chan struct{})
	q.works = append(q.works, turn)
	if len(q.works) == 1 {
		t.waiting = append(t.waiting, q)
	}
	t.serve()
	t.mu.Unlock()
	done = func() { t.leave(client, q) }
	select {
	case <-turn:
		return done, nil
	case <-ctx.Done():
	}
	if !t.giveUp(client, q, turn) { // its turn has just come
		done()
	}
	return nil, context.Cause(ctx)
}

// Waiting returns the number of works that wait.
func (t *Turns) Waiting() (n int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, q := range t.waiting {
		n += len(q.works)
	}
	return n
}

// serve begins the works whose turn it is. It needs mu.
func (t *Turns) serve() {
	for passed := 0; passed < len(t.waiting) && t.running < t.all; {
		q := t.waiting[0]
		t.waiting = t.waiting[1:]
		if q.running < t.each {
			close(q.works[0])
			q.works = q.works[1:]
			q.running++
			t.running++
			passed = 0
		} else {
			passed++
		}
		if len(q.works) > 0 {
			t.waiting = append(t.waiting, q)
		}
	}
}

func (t *Turns) leave(client string, q *queue) {
	t.mu.Lock()
	defer t.mu.Unlock()
	q.running--
	t.running--
	if len(q.works) > 0 { // the clients that have waited come first
		t.withdraw(q)
		t.waiting = append(t.waiting, q)
	}
	t.forget(client, q)
	t.serve()
}

// giveUp removes a work that waits. It returns false for one that does not.
func (t *Turns) giveUp(client string, q *queue, turn chan struct{}) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	at := slices.Index(q.works, turn)
	if at < 0 {
		return false
	}
	q.works = slices.Delete(q.works, at, at+1)
	if len(q.works) == 0 {
		t.withdraw(q)
	}
	t.forget(client, q)
	return true
}

// withdraw removes a client from those that wait. It needs mu.
func (t *Turns) withdraw(q *queue) {
	t.waiting = slices.DeleteFunc(t.waiting, func(other *queue) bool { return other == q })
}

// forget removes a client without works. It needs mu.
func (t *Turns) forget(client string, q *queue) {
	if q.running == 0 && len(q.works) == 0 {
		delete(t.clients, client)
	}
}
