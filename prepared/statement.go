package prepared

import (
	"context"
	"database/sql"
	"errors"
	"sync"

	"github.com/hashicorp/golang-lru/v2/simplelru"
)

// maxStatements bounds the statements that are kept: lists of arguments make many texts.
const maxStatements = 256

// statements keeps prepared statements by their texts.
type statements struct {
	most int

	mu     sync.Mutex // guards byText and the statements in it
	byText *simplelru.LRU[string, *statement]
}

// statement is a prepared statement. It is closed when it was evicted and its last user is done.
type statement struct {
	*sql.Stmt
	users   int
	evicted bool
}

func newStatements(most int) *statements {
	byText, err := simplelru.NewLRU[string, *statement](most, nil)
	if err != nil {
		panic(err) // the size is a constant
	}
	return &statements{most: most, byText: byText}
}

// get returns the statement of a query, which the caller gives back with done.
func (s *statements) get(ctx context.Context, db *sql.DB, query string) (*statement, error) {
	if stmt := s.use(query); stmt != nil {
		return stmt, nil
	}
	stmt, err := db.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	return s.add(query, stmt)
}

// use returns the statement of a query that is kept, nil for none.
func (s *statements) use(query string) *statement {
	s.mu.Lock()
	defer s.mu.Unlock()
	stmt, ok := s.byText.Get(query)
	if ok {
		stmt.users++
	}
	return stmt
}

// add keeps a statement, for which the least recently used one makes room, and returns it for its
// first user. When another goroutine has added a statement of the same query meanwhile, add returns
// that one and closes the new one.
func (s *statements) add(query string, prepared *sql.Stmt) (*statement, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if other, ok := s.byText.Get(query); ok {
		other.users++
		return other, prepared.Close()
	}
	if s.byText.Len() == s.most {
		_, oldest, _ := s.byText.RemoveOldest()
		oldest.evicted = true
		if err := oldest.close(); err != nil {
			return nil, errors.Join(err, prepared.Close())
		}
	}
	stmt := &statement{Stmt: prepared, users: 1}
	s.byText.Add(query, stmt)
	return stmt, nil
}

// done gives back a statement of get's. Rows of it may still be read.
func (s *statements) done(stmt *statement) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	stmt.users--
	return stmt.close()
}

// close closes the statement if nothing uses it or will use it.
func (s *statement) close() error {
	if !s.evicted || s.users > 0 {
		return nil
	}
	return s.Close()
}
