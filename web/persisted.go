package web

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/99designs/gqlgen/graphql"

	"flightdeck/graph/errorcode"
)

const (
	// extensionAutomatic is the extension in which Apollo's clients name a document by
	// its hash: {"version": 1, "sha256Hash": "<hexadecimal>"}.
	extensionAutomatic = "persistedQuery"
	// extensionDocument is where a request's documentId is kept until it is resolved:
	// gqlgen's parameters have no place of their own for it.
	extensionDocument = "documentId"
	// prefixSHA256 begins a documentId that is a hash, in the appendix on persisted
	// documents of the GraphQL-over-HTTP draft.
	prefixSHA256 = "sha256:"
)

var (
	// errNotPersisted is answered in Apollo's words: its clients compare them, and then
	// send the document with its hash.
	errNotPersisted = &refusal{errorcode.PersistedQueryNotFound, "PersistedQueryNotFound"}

	errUnknownDocument = &refusal{
		errorcode.PersistedQueryNotFound,
		"no document has this documentId: the client is of another build than the manifest of trusted documents that the server was started with",
	}
	errTrustedOnly = &refusal{
		errorcode.PersistedQueryOnly,
		"only trusted documents run here: name one of the server's manifest by its documentId",
	}
	errHash = badRequest("extensions.persistedQuery.sha256Hash is not the SHA-256 of the query, in lower-case hexadecimal")
	errBoth = badRequest("the query is not the document that documentId names: send one of the two")
)

// Documents are trusted documents. The zero value has none.
type Documents struct {
	byID map[string]string // also by the SHA-256 of the text
}

// ReadDocuments reads a manifest as graphql-codegen's client preset writes it
// (persisted-documents.json): a JSON object of documents by their hash, or by any
// other id. The error says what is wrong with it.
func ReadDocuments(r io.Reader) (Documents, error) {
	data, err := io.ReadAll(r)
	if err != nil {
		return Documents{}, err
	}
	var manifest map[string]string
	if err := json.Unmarshal(data, &manifest); err != nil {
		return Documents{}, fmt.Errorf("it is not a JSON object of documents by their hash: %w", err)
	}
	if len(manifest) == 0 {
		return Documents{}, errors.New("it has no documents")
	}
	d := Documents{make(map[string]string, 2*len(manifest))}
	for id, text := range manifest {
		if strings.TrimSpace(text) == "" {
			return Documents{}, fmt.Errorf("the document %q is empty", id)
		}
		d.byID[hashOf(text)] = text
	}
	for id, text := range manifest { // last: what the manifest says goes before what we derive
		d.byID[id] = text
	}
	return d, nil
}

// find returns the document that an id names, with or without the prefix of hashes.
func (d Documents) find(id string) (string, bool) {
	text, ok := d.byID[id]
	if !ok {
		text, ok = d.byID[strings.TrimPrefix(id, prefixSHA256)]
	}
	return text, ok
}

// trusts reports whether a document is one of these, to the letter.
func (d Documents) trusts(text string) bool { return d.byID[hashOf(text)] == text && text != "" }

func hashOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// resolve replaces the name of a persisted document in a request with its text, on
// every transport. A document that comes with its hash is remembered by it.
func (s *Server) resolve(params *graphql.RawParams) *refusal {
	if id, ok := params.Extensions[extensionDocument]; ok {
		return s.resolveTrusted(params, id)
	}
	if named, ok := params.Extensions[extensionAutomatic]; ok && named != nil {
		if err := s.resolveAutomatic(params, named); err != nil {
			return err
		}
	}
	if s.config.TrustedOnly && !s.config.Trusted.trusts(params.Query) {
		return errTrustedOnly
	}
	return nil
}

// resolveTrusted resolves a documentId.
func (s *Server) resolveTrusted(params *graphql.RawParams, id any) *refusal {
	name, ok := id.(string)
	if !ok {
		return badRequest("documentId is not a string")
	}
	text, ok := s.config.Trusted.find(name)
	switch {
	case !ok:
		return errUnknownDocument
	case params.Query != "" && params.Query != text:
		return errBoth
	}
	params.Query = text
	return nil
}

// registers reports whether a request, before it is resolved, brings a document with its
// hash. It has to be heard each time that it is sent, since the hash may be forgotten.
func registers(params *graphql.RawParams) bool {
	return params.Query != "" && params.Extensions[extensionAutomatic] != nil
}

// resolveAutomatic resolves an automatic persisted query.
func (s *Server) resolveAutomatic(params *graphql.RawParams, named any) *refusal {
	hash, err := automaticHash(named)
	if err != nil {
		return err
	}
	if params.Query != "" {
		if hashOf(params.Query) != hash {
			return errHash
		}
		if len(params.Query) <= maxCachedDocument && !s.config.TrustedOnly {
			s.persisted.add(hash, params.Query)
		}
		return nil
	}
	text, ok := s.config.Trusted.find(hash)
	if !ok {
		text, ok = s.persisted.get(hash)
	}
	if !ok {
		return errNotPersisted
	}
	params.Query = text
	return nil
}

// automaticHash reads the extension.
func automaticHash(named any) (string, *refusal) {
	object, _ := named.(map[string]any) //nolint:errcheck // what is no object has no version
	hash, ok := object["sha256Hash"].(string)
	if !ok || fmt.Sprint(object["version"]) != "1" {
		return "", badRequest(`extensions.persistedQuery is not {"version": 1, "sha256Hash": "..."}`)
	}
	return hash, nil
}
