package document

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// prefixSHA256 begins an id that is a hash, in the appendix on persisted documents of the
// GraphQL-over-HTTP draft.
const prefixSHA256 = "sha256:"

// Trusted are the documents of a manifest, which requests name by an id. The zero value has none.
type Trusted struct {
	byID map[string]string // also by the SHA-256 of the text
}

// ReadTrusted reads a manifest in the format of graphql-codegen's client preset
// (persisted-documents.json): a JSON object of documents by their hash, or by any other id. The
// error describes the fault of the manifest.
func ReadTrusted(r io.Reader) (Trusted, error) {
	data, err := io.ReadAll(r)
	if err != nil {
		return Trusted{}, err
	}
	var manifest map[string]string
	if err := json.Unmarshal(data, &manifest); err != nil {
		return Trusted{}, fmt.Errorf("it is not a JSON object of documents by their hash: %w", err)
	}
	if len(manifest) == 0 {
		return Trusted{}, errors.New("it has no documents")
	}
	t := Trusted{make(map[string]string, 2*len(manifest))}
	for id, text := range manifest {
		if strings.TrimSpace(text) == "" {
			return Trusted{}, fmt.Errorf("the document %q is empty", id)
		}
		t.byID[hashOf(text)] = text
	}
	for id, text := range manifest { // last: an id of the manifest wins over a derived one
		t.byID[id] = text
	}
	return t, nil
}

// find returns the document with an id. The id of a hash may have its prefix.
func (t Trusted) find(id string) (string, bool) {
	text, ok := t.byID[id]
	if !ok {
		text, ok = t.byID[strings.TrimPrefix(id, prefixSHA256)]
	}
	return text, ok
}

// has reports whether a text equals one of the documents, byte for byte.
func (t Trusted) has(text string) bool { return t.byID[hashOf(text)] == text && text != "" }

// hashOf returns the SHA-256 of a text in lower-case hexadecimal.
func hashOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}
