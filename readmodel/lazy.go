package readmodel

import "sync"

// lazy is a value that is loaded at its first use.
type lazy[T any] struct {
	mu    sync.Mutex // guards done and value
	done  bool
	value T
}

// get returns the value and loads it if necessary, while other callers wait. After an error the
// next caller loads again.
func (l *lazy[T]) get(load func() (T, error)) (T, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.done {
		return l.value, nil
	}
	value, err := load()
	if err == nil {
		l.value, l.done = value, true
	}
	return value, err
}
