package document

import (
	"strconv"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/validator/core"
	"github.com/vektah/gqlparser/v2/validator/rules"
)

// validationRules returns the rules of the GraphQL specification and those of this file. suggest
// tells whether an error may suggest names of the schema.
func validationRules(scalars Scalars, suggest bool) *rules.Rules {
	list := rules.NewDefaultRules()
	list.AddRule(noDefer.Name, noDefer.RuleFunc)
	list.AddRule(noNUL.Name, noNUL.RuleFunc)
	list.ReplaceRule(rules.SingleFieldSubscriptionsRule.Name, oneSubscription)
	list.AddRule("ValuesOfScalars", scalars.rule)
	list.AddRule("VariablesOfOneOf", variablesOfOneOf)
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

// noDefer refuses @defer in a schema that has it, as gqlparser makes them: no transport of package
// web sends an answer in parts, and gqlgen would leave the deferred fields null.
var noDefer = core.Rule{
	Name: "NoDefer",
	RuleFunc: func(observers *core.Events, addError core.AddErrFunc) {
		observers.OnDirective(func(_ *core.Walker, directive *ast.Directive) {
			if directive.Name == "defer" && directive.Definition != nil {
				addError(core.Message("The directive @defer is not supported."), core.At(directive.Position))
			}
		})
	},
}

// oneSubscription refuses subscriptions with several root fields, with a field of introspection, or
// with a root field that is skipped or included by a condition. Two fields with one name in the
// answer are one. gqlparser's own rule counts the names of fields, and no conditions.
func oneSubscription(observers *core.Events, addError core.AddErrFunc) {
	observers.OnOperation(func(_ *core.Walker, operation *ast.OperationDefinition) {
		if operation.Operation != ast.Subscription {
			return
		}
		first := ""
		rootSelections(operation.SelectionSet, map[string]bool{}, func(s ast.Selection, directives ast.DirectiveList) {
			for _, name := range []string{"skip", "include"} {
				if d := directives.ForName(name); d != nil {
					addError(core.Message("A subscription must not have @%s at its root field: send another subscription, or none.", name), core.At(d.Position))
				}
			}
			f, ok := s.(*ast.Field)
			switch {
			case !ok:
			case strings.HasPrefix(f.Name, "__"):
				addError(core.Message("A subscription must not select %s at its root.", f.Name), core.At(f.Position))
			case first == "":
				first = f.Alias
			case first != f.Alias:
				addError(core.Message("A subscription must select one root field: send one subscription for each field."), core.At(f.Position))
			}
		})
	})
}

// rootSelections calls visit for each selection of a set, also for those of its fragments. seen has
// the names of the fragments that were visited.
func rootSelections(set ast.SelectionSet, seen map[string]bool, visit func(ast.Selection, ast.DirectiveList)) {
	for _, selection := range set {
		switch s := selection.(type) {
		case *ast.Field:
			visit(s, s.Directives)
		case *ast.InlineFragment:
			visit(s, s.Directives)
			rootSelections(s.SelectionSet, seen, visit)
		case *ast.FragmentSpread:
			visit(s, s.Directives)
			if s.Definition != nil && !seen[s.Name] {
				seen[s.Name] = true
				rootSelections(s.Definition.SelectionSet, seen, visit)
			}
		}
	}
}

// Scalars has, by the name of a scalar of the schema, a function that returns an error for what is
// no value of the scalar. A value is what JSON or a document has: a string, an int64, a float64, a
// json.Number, a bool, a list or an object.
type Scalars map[string]func(value any) error

// rule refuses values in documents that are not of their scalar: before anything runs, as for
// variables. gqlparser looks at no value of a scalar that the specification does not define, at no
// length of an Int, and takes an empty object for any scalar or enum.
func (s Scalars) rule(observers *core.Events, addError core.AddErrFunc) {
	observers.OnValue(func(_ *core.Walker, value *ast.Value) {
		d := value.Definition
		switch {
		case d == nil || !d.IsLeafType() || value.Kind == ast.Variable || value.Kind == ast.NullValue:
			return
		case value.Kind == ast.ObjectValue:
			addError(core.Message("An object is not a value of %s.", d.Name), core.At(value.Position))
			return
		case value.ExpectedType == nil || value.ExpectedType.Elem != nil:
			return // a list, whose elements are visited
		}
		if d.Name == "Int" && value.Kind == ast.IntValue {
			if _, err := strconv.ParseInt(value.Raw, 10, 32); err != nil {
				addError(core.Message("%.60s is not an Int, which has 32 bits.", value.Raw), core.At(value.Position))
			}
			return
		}
		check := s[d.Name]
		if check == nil {
			return
		}
		v, err := value.Value(nil)
		if err == nil {
			err = check(v)
		}
		if err != nil {
			addError(core.Message("%s", err.Error()), core.At(value.Position))
		}
	})
}

// variablesOfOneOf refuses variables that may be null as the only field of an object with @oneOf.
func variablesOfOneOf(observers *core.Events, addError core.AddErrFunc) {
	observers.OnValue(func(_ *core.Walker, value *ast.Value) {
		if value.Kind != ast.ObjectValue || value.Definition == nil || value.Definition.Directives.ForName("oneOf") == nil {
			return
		}
		for _, member := range value.Children {
			if v := member.Value.VariableDefinition; member.Value.Kind == ast.Variable && v != nil && !v.Type.NonNull {
				addError(core.Message("Variable \"$%s\" must not be nullable to be a field of %s.", v.Variable, value.Definition.Name), core.At(member.Position))
			}
		}
	})
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
