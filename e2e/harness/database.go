package harness

import (
	"database/sql"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"flightdeck/domain"
)

// Written returns a closed database with eight events of every kind of stream.
func Written(t *testing.T) string {
	t.Helper()
	db := filepath.Join(t.TempDir(), "flightdeck.db")
	h := StartOn(t, db)
	_, token := h.User(domain.Admin)
	id := h.CreateContent(token, Object{"tags": []string{"a"}})
	h.Mutate(token, "updateContent", Object{"id": id, "title": "New", "tags": []string{"b"}})
	deck, _ := h.CreatePresentation(token, Object{"markdown": ThreeSlides})
	h.Mutate(token, "deletePresentation", Object{"id": deck})
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	return db
}

// Tamper changes a closed database by SQL, without FlightDeck.
func Tamper(t *testing.T, db string, statements ...string) {
	t.Helper()
	raw, err := sql.Open("sqlite", "file:"+db)
	if err != nil {
		t.Fatal(err)
	}
	for _, statement := range statements {
		result, err := raw.ExecContext(t.Context(), statement)
		if err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
		if n, err := result.RowsAffected(); n == 0 && strings.Contains("UPDATE DELETE INSERT", statement[:6]) || err != nil {
			t.Fatalf("%s changes %d rows: %v", statement, n, err)
		}
	}
	if err := raw.Close(); err != nil {
		t.Fatal(err)
	}
}

// Copied returns a copy of a closed database and its master key.
func Copied(t *testing.T, db string) string {
	t.Helper()
	data, err := os.ReadFile(db)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "copy.db")
	key, err := os.ReadFile(db + ".key")
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string][]byte{path: data, path + ".key": key} {
		if err := os.WriteFile(name, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return path
}

// ReadFile returns the content of a file.
func ReadFile(t *testing.T, file string) []byte {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return data
}
