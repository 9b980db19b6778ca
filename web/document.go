package web

import (
	"context"
	"errors"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/errcode"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/parser"
	"github.com/vektah/gqlparser/v2/validator"
	"github.com/vektah/gqlparser/v2/validator/rules"

	"flightdeck/graph/errorcode"
)

// document is a text that was parsed, found within the limits, and validated.
type document struct {
	*ast.QueryDocument
	// introspects says that it asks for the schema.
	introspects bool
}

// document returns the document of a text, or what is wrong with it. It takes the
// place of the executor's own parsing: limits come before validation, whose time they
// bound, and whoever may not see the schema is not shown it in suggestions.
func (s *Server) document(ctx context.Context, text string) (*document, gqlerror.List) {
	may := s.config.Introspect == nil || s.config.Introspect(ctx)
	doc, known := s.documents.Get(text)
	if !known {
		var errs gqlerror.List
		if doc, errs = s.read(text, may); len(errs) > 0 {
			return nil, errs
		}
		s.documents.Add(text, doc)
	}
	if doc.introspects && !may {
		return nil, gqlerror.List{errIntrospection}
	}
	return doc, nil
}

var errIntrospection = &gqlerror.Error{
	Message:    "the schema is not shown to you: __schema and __type are for those whom the operator allows them",
	Extensions: map[string]any{"code": errorcode.IntrospectionDisabled},
}

// read parses, measures and validates a text.
func (s *Server) read(text string, suggest bool) (*document, gqlerror.List) {
	limits := s.config.Limits
	doc, err := parser.ParseQueryWithTokenLimit(&ast.Source{Input: text}, limits.Tokens)
	if err != nil {
		return nil, gqlerror.List{parseError(limits, text, err)}
	}
	if len(doc.Operations) == 0 {
		return nil, coded(gqlerror.List{gqlerror.Errorf("no operation provided")})
	}
	introspects, refused := limits.CheckDocument(doc)
	if refused != nil {
		return nil, gqlerror.List{refused}
	}
	if errs := validator.ValidateWithRules(s.config.Schema.Schema(), doc, documentRules(suggest)); len(errs) > 0 {
		return nil, coded(errs)
	}
	return &document{doc, introspects}, nil
}

func coded(errs gqlerror.List) gqlerror.List {
	for _, err := range errs {
		errcode.Set(err, errcode.ValidationFailed)
	}
	return errs
}

// parseError returns the error of a text that does not parse: the parser has the same kind of
// error for a text that is too long and for one that is wrong.
func parseError(limits Limits, text string, err error) *gqlerror.Error {
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

// documentRules are the rules of the GraphQL specification and our own. suggest says
// whether an error may name what is in the schema instead.
func documentRules(suggest bool) *rules.Rules {
	list := rules.NewDefaultRules()
	list.AddRule(noDefer.Name, noDefer.RuleFunc)
	list.AddRule(noNUL.Name, noNUL.RuleFunc)
	if suggest {
		return list
	}
	list.ReplaceRule(rules.FieldsOnCorrectTypeRule.Name, rules.FieldsOnCorrectTypeRuleWithoutSuggestions.RuleFunc)
	list.ReplaceRule(rules.KnownArgumentNamesRule.Name, rules.KnownArgumentNamesRuleWithoutSuggestions.RuleFunc)
	list.ReplaceRule(rules.KnownTypeNamesRule.Name, rules.KnownTypeNamesRuleWithoutSuggestions.RuleFunc)
	list.ReplaceRule(rules.ScalarLeafsRule.Name, rules.ScalarLeafsRuleWithoutSuggestions.RuleFunc)
	list.ReplaceRule(rules.ValuesOfCorrectTypeRule.Name, rules.ValuesOfCorrectTypeRuleWithoutSuggestions.RuleFunc)
	return list
}

type documentKey struct{}

// handedOver gives the executor the document that its context carries.
type handedOver struct{}

func (handedOver) Get(ctx context.Context, _ string) (*ast.QueryDocument, bool) {
	doc, ok := ctx.Value(documentKey{}).(*document)
	if !ok {
		return nil, false
	}
	return doc.QueryDocument, true
}

func (handedOver) Add(context.Context, string, *ast.QueryDocument) {}

var _ graphql.Cache[*ast.QueryDocument] = handedOver{}
