package readmodel

import "sync"

// once holds what is loaded when it is first asked for.
type lazy[T any] struct {
	mu    sync.Mutex // guards the rest
	done  bool
	value T
}

// get returns the value, loading it if need be. Others wait meanwhile. After an
// error the next caller tries again.
func (o *lazy[T]) get(load func() (T, error)) (T, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.done {
		return o.value, nil
	}
	value, err := load()
	if err == nil {
		o.value, o.done = value, true
	}
	return value, err
}
