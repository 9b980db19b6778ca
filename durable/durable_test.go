package durable_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"flightdeck/durable"
)

func content(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return "none"
	}
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestAFileHasItsNameOnceItIsComplete(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "file")
	for _, end := range []struct {
		of   func(*durable.File) error
		want string
	}{{(*durable.File).Abort, "old"}, {(*durable.File).Commit, "new"}} {
		if err := os.WriteFile(path, []byte("old"), 0o644); err != nil { //nolint:gosec // another mode than the new file's
			t.Fatal(err)
		}
		f, err := durable.Begin(path)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write([]byte("new")); err != nil {
			t.Fatal(err)
		}
		if got := content(t, path); got != "old" {
			t.Errorf("before it is complete, the file holds %q", got)
		}
		if err := end.of(f); err != nil {
			t.Fatal(err)
		}
		if got, part := content(t, path), content(t, path+".part"); got != end.want || part != "none" {
			t.Errorf("the file holds %q, want %q, and its part %q", got, end.want, part)
		}
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file is %v, error %v", info, err)
	}
}

func TestCreateReplacesNoFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "file")
	if err := durable.Create(path, []byte("first")); err != nil {
		t.Fatal(err)
	}
	if err := durable.Create(path, []byte("second")); !errors.Is(err, fs.ErrExist) {
		t.Errorf("the second file: %v", err)
	}
	if got := content(t, path); got != "first" {
		t.Errorf("the file holds %q", got)
	}
}

func TestReplaceTakesThePlaceOfAFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	from, to := filepath.Join(dir, "from"), filepath.Join(dir, "to")
	for path, text := range map[string]string{from: "new", to: "old"} {
		if err := durable.Create(path, []byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := durable.Replace(from, to); err != nil {
		t.Fatal(err)
	}
	if got, left := content(t, to), content(t, from); got != "new" || left != "none" {
		t.Errorf("there is %q, and %q under the old name", got, left)
	}
}
