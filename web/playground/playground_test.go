package playground_test

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"strings"
	"testing"
)

func TestPlaygroundFilesHaveTheirChecksums(t *testing.T) {
	t.Parallel()
	list, err := os.ReadFile("checksums.txt")
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(list)), "\n")
	for _, line := range lines {
		want, name, _ := strings.Cut(line, "  ")
		content, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		sum := sha256.Sum256(content)
		if got := hex.EncodeToString(sum[:]); got != want {
			t.Errorf("the SHA-256 of %s is %s, want %s", name, got, want)
		}
	}
	entries, err := os.ReadDir("lib")
	if err != nil {
		t.Fatal(err)
	}
	if got, want := len(entries), len(lines)+1; got != want { // the files, and a notice
		t.Errorf("lib has %d entries, want %d", got, want)
	}
}
