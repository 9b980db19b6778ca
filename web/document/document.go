// Package document turns the text of a GraphQL document, or a name of a persisted one, into a
// document that is within the limits and valid for a schema. It keeps valid documents in memory.
//
// Start with Reader.Resolve, Reader.Read and Reader.Coerce.
package document

import (
	"context"
	"errors"

	"flightdeck/bounded"
	"flightdeck/graph/errorcode"
	"flightdeck/web/limit"

	"github.com/99designs/gqlgen/graphql/errcode"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/lexer"
	"github.com/vektah/gqlparser/v2/parser"
	"github.com/vektah/gqlparser/v2/validator"
)

const (
	// parsedBytes and automaticBytes bound the memory of parsed documents, and of the texts that
	// came with their hash.
	parsedBytes, automaticBytes = 16 << 20, 4 << 20
	// maxCachedText is the longest text that is kept, in bytes, so that a client cannot fill the
	// memory with documents of one use.
	maxCachedText = 16 << 10
	// textOverhead is the memory of a text in a cache beside its bytes, about, and tokenBytes that
	// of a token of a parsed document, at most: an element of a list is a value, a child, and two
	// positions.
	textOverhead, tokenBytes = 256, 256
)

// Options configure a Reader. Only Schema is required.
type Options struct {
	Schema *ast.Schema
	Limits limit.Limits

	// Scalars check the values of the scalars that the specification does not define.
	Scalars Scalars

	// Introspect reports whether the sender in ctx may see the schema, in introspection and in the
	// suggestions of errors. Nil: every sender may.
	Introspect func(ctx context.Context) bool

	// Trusted are the documents that requests name by their ids.
	Trusted Trusted
	// TrustedOnly refuses every other document.
	TrustedOnly bool
}

// Reader reads documents for one schema. Its methods may be called at the same time.
type Reader struct {
	options   Options
	parsed    *bounded.Cache[string, *parsed] // by their text
	automatic *bounded.Cache[string, string]  // texts by their SHA-256
}

// parsed is a valid document.
type parsed struct {
	document    *ast.QueryDocument
	introspects bool // it asks for the schema
	size        int  // of the document and its text in memory, in bytes, about
}

// NewReader returns a Reader with empty caches.
func NewReader(options Options) *Reader {
	return &Reader{
		options:   options,
		parsed:    bounded.New[string](parsedBytes, func(p *parsed) int { return p.size }),
		automatic: bounded.New[string](automaticBytes, func(text string) int { return textOverhead + len(text) }),
	}
}

// CachedBytes returns the memory of the kept documents, in bytes, about.
func (r *Reader) CachedBytes() int { return r.parsed.Size() + r.automatic.Size() }

var errIntrospection = &gqlerror.Error{
	Message:    "the schema is not shown to you: __schema and __type are for those whom the operator allows them",
	Extensions: map[string]any{"code": errorcode.IntrospectionDisabled},
}

// Read returns the document of a text, or the errors of the text. Limits are checked before
// validation, whose time they bound. Errors suggest names of the schema only to a sender that may
// see the schema.
//
// The document is shared: it must not be changed.
func (r *Reader) Read(ctx context.Context, text string) (*ast.QueryDocument, gqlerror.List) {
	mayIntrospect := r.options.Introspect == nil || r.options.Introspect(ctx)
	doc, known := r.parsed.Get(text)
	if !known {
		var errs gqlerror.List
		if doc, errs = r.parse(text, mayIntrospect); len(errs) > 0 {
			return nil, errs
		}
		if len(text) <= maxCachedText {
			doc.size = textOverhead + len(text) + tokenBytes*lexemes(text)
			r.parsed.Add(text, doc)
		}
	}
	if doc.introspects && !mayIntrospect {
		return nil, gqlerror.List{errIntrospection}
	}
	return doc.document, nil
}

// parse parses, counts and validates a text.
func (r *Reader) parse(text string, suggest bool) (*parsed, gqlerror.List) {
	limits := r.options.Limits
	doc, err := parser.ParseQueryWithTokenLimit(&ast.Source{Input: text}, limits.Tokens)
	if err != nil {
		return nil, gqlerror.List{parseError(limits, text, err)}
	}
	if err := checkSurrogates(text); err != nil {
		return nil, gqlerror.List{parseError(limits, text, err)}
	}
	if len(doc.Operations) == 0 {
		return nil, invalid(gqlerror.List{gqlerror.Errorf("no operation provided")})
	}
	introspects, refused := limits.CheckDocument(doc)
	if refused != nil {
		return nil, gqlerror.List{refused}
	}
	if errs := validator.ValidateWithRules(r.options.Schema, doc, validationRules(r.options.Scalars, suggest)); len(errs) > 0 {
		return nil, invalid(errs)
	}
	return &parsed{document: doc, introspects: introspects}, nil
}

// lexemes counts the tokens and the comments of a text that parses.
func lexemes(text string) (n int) {
	for l := lexer.New(&ast.Source{Input: text}); ; n++ {
		if token, err := l.ReadToken(); err != nil || token.Kind == lexer.EOF {
			return n
		}
	}
}

// invalid gives errors the code of validation.
func invalid(errs gqlerror.List) gqlerror.List {
	for _, err := range errs {
		errcode.Set(err, errcode.ValidationFailed)
	}
	return errs
}

// parseError returns the error of a text that does not parse, or has too many tokens.
func parseError(limits limit.Limits, text string, err error) *gqlerror.Error {
	if refused := limits.CheckTokens(text); refused != nil {
		return refused
	}
	wrong, ok := errors.AsType[*gqlerror.Error](err)
	if !ok {
		wrong = gqlerror.Wrap(err)
	}
	errcode.Set(wrong, errcode.ParseFailed)
	return wrong
}
