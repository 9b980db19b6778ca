package prepared

import (
	"context"
	"database/sql"
	"errors"
	"sync"

	"github.com/hashicorp/golang-lru/v2/simplelru"
)

// The statements that are kept are bounded in number and by the bytes of their texts: lists of
// arguments make many texts, and long ones. A prepared statement takes some times the room of its
// text, on each connection.
const (
	maxStatements     = 256
	maxStatementBytes = 512 << 10
)

// statements keeps prepared statements by their texts.
type statements struct {
	most, mostBytes int

	mu     sync.Mutex // guards byText, the statements in it, and bytes
	byText *simplelru.LRU[string, *statement]
	bytes  int // of the texts
}

// statement is a prepared statement. It is closed when it was evicted and its last user is done.
type statement struct {
	*sql.Stmt
	users   int
	evicted bool
}

func newStatements(most, mostBytes int) *statements {
	byText, err := simplelru.NewLRU[string, *statement](most, nil)
	if err != nil {
		panic(err) // the size is a constant
	}
	return &statements{most: most, mostBytes: mostBytes, byText: byText}
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

// add keeps a statement, for which the least recently used ones make room, and returns it for its
// first user. When another goroutine has added a statement of the same query meanwhile, add returns
// that one and closes the new one.
func (s *statements) add(query string, prepared *sql.Stmt) (*statement, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if other, ok := s.byText.Get(query); ok {
		other.users++
		return other, prepared.Close()
	}
	for s.byText.Len() > 0 && (s.byText.Len() == s.most || s.bytes+len(query) > s.mostBytes) {
		text, oldest, _ := s.byText.RemoveOldest()
		s.bytes -= len(text)
		oldest.evicted = true
		if err := oldest.close(); err != nil {
			return nil, errors.Join(err, prepared.Close())
		}
	}
	stmt := &statement{Stmt: prepared, users: 1}
	s.byText.Add(query, stmt)
	s.bytes += len(query)
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
