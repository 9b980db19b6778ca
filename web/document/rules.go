package document

import (
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/validator/core"
	"github.com/vektah/gqlparser/v2/validator/rules"
)

// validationRules returns the rules of the GraphQL specification and those of this file. suggest
// tells whether an error may suggest names of the schema.
func validationRules(suggest bool) *rules.Rules {
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

// noDefer refuses @defer: gqlparser adds it to every schema, but no transport of package web sends
// an answer in parts, and gqlgen would leave the deferred fields null.
var noDefer = core.Rule{
	Name: "NoDefer",
	RuleFunc: func(observers *core.Events, addError core.AddErrFunc) {
		observers.OnDirective(func(_ *core.Walker, directive *ast.Directive) {
			if directive.Name == "defer" {
				addError(core.Message("The directive @defer is not supported."), core.At(directive.Position))
			}
		})
	},
}

// noNUL refuses strings with U+0000, which a document can write as an escape: databases do not keep
// it unchanged.
var noNUL = core.Rule{
	Name: "NoNUL",
	RuleFunc: func(observers *core.Events, addError core.AddErrFunc) {
		observers.OnValue(func(_ *core.Walker, value *ast.Value) {
			text := value.Kind == ast.StringValue || value.Kind == ast.BlockValue
			if text && strings.ContainsRune(value.Raw, 0) {
				addError(core.Message("A string must not contain the character U+0000."), core.At(value.Position))
			}
		})
	},
}
