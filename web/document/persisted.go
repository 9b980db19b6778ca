package document

import (
	"fmt"
	"maps"

	"flightdeck/graph/errorcode"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

const (
	// extensionAutomatic is the extension in which Apollo's clients name a document by its hash:
	// {"version": 1, "sha256Hash": "<hexadecimal>"}.
	extensionAutomatic = "persistedQuery"
	// extensionID keeps a request's documentId until Resolve: gqlgen's parameters have no field for
	// it.
	extensionID = "documentId"
)

var (
	// errNotPersisted has Apollo's words: Apollo's clients compare them, and then send the document
	// with its hash.
	errNotPersisted = refusal(errorcode.PersistedQueryNotFound, "PersistedQueryNotFound")

	errUnknown = refusal(errorcode.PersistedQueryNotFound,
		"no document has this documentId: the client is of another build than the manifest of trusted documents that the server was started with")
	errTrustedOnly = refusal(errorcode.PersistedQueryOnly,
		"only trusted documents run here: name one of the server's manifest by its documentId")
	errHash = refusal(errorcode.BadRequest,
		"extensions.persistedQuery.sha256Hash is not the SHA-256 of the query, in lower-case hexadecimal")
	errBoth = refusal(errorcode.BadRequest,
		"the query is not the document that documentId names: send one of the two")
	errID        = refusal(errorcode.BadRequest, "documentId is not a string")
	errAutomatic = refusal(errorcode.BadRequest, `extensions.persistedQuery is not {"version": 1, "sha256Hash": "..."}`)
)

// refusal returns the error of a request without a document. It is shared: it must not be changed.
func refusal(code, message string) *gqlerror.Error {
	return &gqlerror.Error{Message: message, Extensions: map[string]any{"code": code}}
}

// SetID stores the documentId of a request in its parameters, for Resolve.
func SetID(params *graphql.RawParams, id string) {
	extensions := map[string]any{}
	maps.Copy(extensions, params.Extensions)
	extensions[extensionID] = id
	params.Extensions = extensions
}

// Automatic reports whether a request names a document by its hash, as Apollo's clients do.
func Automatic(params *graphql.RawParams) bool { return params.Extensions[extensionAutomatic] != nil }

// Registers reports whether a request, before Resolve, has a document together with its hash. Each
// such request must reach Resolve, since the hash may have been dropped from the cache.
func Registers(params *graphql.RawParams) bool { return params.Query != "" && Automatic(params) }

// Resolve sets the query of a request that names its document. It keeps a document that comes with
// its hash. The error is for the client.
func (r *Reader) Resolve(params *graphql.RawParams) *gqlerror.Error {
	if id, ok := params.Extensions[extensionID]; ok {
		return r.resolveID(params, id)
	}
	if named, ok := params.Extensions[extensionAutomatic]; ok && named != nil {
		if err := r.resolveAutomatic(params, named); err != nil {
			return err
		}
	}
	if r.options.TrustedOnly && !r.options.Trusted.has(params.Query) {
		return errTrustedOnly
	}
	return nil
}

func (r *Reader) resolveID(params *graphql.RawParams, id any) *gqlerror.Error {
	name, ok := id.(string)
	if !ok {
		return errID
	}
	text, ok := r.options.Trusted.find(name)
	switch {
	case !ok:
		return errUnknown
	case params.Query != "" && params.Query != text:
		return errBoth
	}
	params.Query = text
	return nil
}

func (r *Reader) resolveAutomatic(params *graphql.RawParams, named any) *gqlerror.Error {
	hash, err := automaticHash(named)
	if err != nil {
		return err
	}
	if params.Query != "" {
		if hashOf(params.Query) != hash {
			return errHash
		}
		if len(params.Query) <= maxCachedText && !r.options.TrustedOnly {
			r.automatic.Add(hash, params.Query)
		}
		return nil
	}
	text, ok := r.options.Trusted.find(hash)
	if !ok {
		text, ok = r.automatic.Get(hash)
	}
	if !ok {
		return errNotPersisted
	}
	params.Query = text
	return nil
}

// automaticHash reads the extension of Apollo's clients.
func automaticHash(named any) (string, *gqlerror.Error) {
	object, _ := named.(map[string]any) //nolint:errcheck // a value of another type has no version
	hash, ok := object["sha256Hash"].(string)
	if !ok || fmt.Sprint(object["version"]) != "1" {
		return "", errAutomatic
	}
	return hash, nil
}
