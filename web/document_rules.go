package web

import (
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/validator/core"
)

// noDefer refuses @defer: gqlparser puts it into every schema, but no transport
// here sends an answer in parts, and gqlgen would leave the deferred fields null.
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

// noNUL refuses strings that hold U+0000, which a document can write as an escape:
// no database here keeps it unchanged.
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
