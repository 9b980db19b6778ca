package document

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/99designs/gqlgen/graphql/errcode"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// Coerce returns the values of the variables of an operation, as the specification's
// CoerceVariableValues says: https://spec.graphql.org/September2025/#CoerceVariableValues(). The
// given values are decoded JSON whose numbers are [json.Number]. An error means that the operation
// must not run: no field has run before all variables have their types.
//
// Default values of the fields of input objects are left to the executor.
func (r *Reader) Coerce(op *ast.OperationDefinition, given map[string]any) (map[string]any, *gqlerror.Error) {
	values := make(map[string]any, len(op.VariableDefinitions))
	for _, v := range op.VariableDefinitions {
		value, ok := given[v.Variable]
		if !ok && v.DefaultValue != nil {
			var err error
			if value, err = v.DefaultValue.Value(nil); err != nil {
				return nil, wrongVariable(v, nil, fmt.Errorf("%s is too large a number", v.DefaultValue.Raw))
			}
			ok = true
		}
		if !ok && !v.Type.NonNull {
			continue
		}
		c := coercer{reader: r}
		coerced, err := c.value(v.Type, value)
		if err != nil {
			return nil, wrongVariable(v, c.path, err)
		}
		values[v.Variable] = coerced
	}
	return values, nil
}

// wrongVariable returns the error of a variable. path leads to the wrong part of its value.
func wrongVariable(v *ast.VariableDefinition, path []string, cause error) *gqlerror.Error {
	err := gqlerror.ErrorPosf(v.Position, "Variable \"$%s\" got an invalid value", v.Variable)
	if len(path) > 0 {
		err.Message += " at \"" + v.Variable + strings.Join(path, "") + "\""
	}
	err.Message += ": " + cause.Error()
	errcode.Set(err, errcode.ValidationFailed)
	return err
}

// coercer coerces the value of one variable. path leads to the part that it is at.
type coercer struct {
	reader *Reader
	path   []string
}

// value returns a value of a type. nil is the value null.
func (c *coercer) value(t *ast.Type, value any) (any, error) {
	switch {
	case value == nil && t.NonNull:
		return nil, fmt.Errorf("a value of %s is missing", t)
	case value == nil:
		return nil, nil
	case t.Elem != nil:
		return c.list(t, value)
	}
	switch d := c.reader.options.Schema.Types[t.NamedType]; d.Kind {
	case ast.InputObject:
		return c.object(d, value)
	case ast.Enum:
		if text, ok := value.(string); ok && d.EnumValues.ForName(text) != nil {
			return text, nil
		}
		return nil, fmt.Errorf("%s is not a value of the enum %s", shown(value), d.Name)
	default:
		return c.scalar(d.Name, value)
	}
}

// list returns a list. A value that is no list is a list of one.
func (c *coercer) list(t *ast.Type, value any) (any, error) {
	elements, ok := value.([]any)
	if !ok {
		one, err := c.value(t.Elem, value)
		return []any{one}, err
	}
	coerced := make([]any, len(elements))
	for i, element := range elements {
		var err error
		if coerced[i], err = c.below("["+strconv.Itoa(i)+"]", t.Elem, element); err != nil {
			return nil, err
		}
	}
	return coerced, nil
}

// below returns a part of a value. After an error the path stays at the part.
func (c *coercer) below(step string, t *ast.Type, value any) (any, error) {
	c.path = append(c.path, step)
	coerced, err := c.value(t, value)
	if err == nil {
		c.path = c.path[:len(c.path)-1]
	}
	return coerced, err
}

func (c *coercer) object(d *ast.Definition, value any) (any, error) {
	members, ok := value.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("%s is not an object of %s", shown(value), d.Name)
	}
	for name := range members {
		if d.Fields.ForName(name) == nil {
			return nil, fmt.Errorf("%.60q is not a field of %s", name, d.Name)
		}
	}
	coerced := make(map[string]any, len(members))
	for _, f := range d.Fields {
		member, ok := members[f.Name]
		if !ok && (!f.Type.NonNull || f.DefaultValue != nil) {
			continue
		}
		var err error
		if coerced[f.Name], err = c.below("."+f.Name, f.Type, member); err != nil {
			return nil, err
		}
	}
	if d.Directives.ForName("oneOf") != nil {
		if len(coerced) != 1 {
			return nil, fmt.Errorf("%s takes exactly one field, and got %d", d.Name, len(coerced))
		}
		for name, member := range coerced {
			if member == nil {
				return nil, fmt.Errorf("the field %q of %s must not be null", name, d.Name)
			}
		}
	}
	return coerced, nil
}

// scalar returns a value of a scalar. A scalar without a check takes any value.
func (c *coercer) scalar(name string, value any) (coerced any, err error) {
	ok := false
	switch name {
	case "Int":
		if _, text := value.(string); text {
			return nil, fmt.Errorf("%s is a text, not an Int: leave out the quotes", shown(value))
		}
		n, whole := integer(value)
		if whole && (n < math.MinInt32 || n > math.MaxInt32) {
			return nil, fmt.Errorf("%s is not an Int, which has 32 bits", shown(value))
		}
		coerced, ok = n, whole
	case "Float":
		coerced, ok = float(value)
	case "String":
		if coerced, ok = value.(string); !ok {
			return nil, fmt.Errorf("%s is not a value of String", kind(value)) // it may be a secret
		}
	case "Boolean":
		coerced, ok = value.(bool)
	case "ID":
		coerced, ok = identifier(value)
	default:
		if check := c.reader.options.Scalars[name]; check != nil {
			err = check(value)
		}
		return value, err
	}
	if !ok {
		return nil, fmt.Errorf("%s is not a value of %s", shown(value), name)
	}
	return coerced, nil
}

// integer returns a number without a fraction, however it is written: 1, 1.0 and 1e0 are equal.
func integer(value any) (n int64, ok bool) {
	switch value := value.(type) {
	case int64:
		return value, true
	case json.Number:
		if n, err := value.Int64(); err == nil {
			return n, true
		}
	}
	f, ok := float(value)
	return int64(f), ok && f == math.Trunc(f) && math.Abs(f) < 1<<53
}

// float returns a finite number.
func float(value any) (f float64, ok bool) {
	switch value := value.(type) {
	case int64:
		return float64(value), true
	case float64:
		return value, !math.IsInf(value, 0)
	case json.Number:
		f, err := value.Float64()
		return f, err == nil
	}
	return 0, false
}

// identifier returns a value of ID: a text, or a number without a fraction, of any length.
func identifier(value any) (id string, ok bool) {
	if text, ok := value.(string); ok {
		return text, true
	}
	if number, ok := value.(json.Number); ok && strings.Trim(number.String(), "-0123456789") == "" {
		return number.String(), true
	}
	n, ok := integer(value)
	return strconv.FormatInt(n, 10), ok
}

// shown returns the beginning of a value in JSON. Of an object and a list it returns the kind: they
// can contain a secret.
func shown(value any) string {
	switch value.(type) {
	case map[string]any, []any:
		return kind(value)
	}
	text, err := json.Marshal(value)
	if err != nil {
		return "the value"
	}
	return fmt.Sprintf("%.60s", text)
}

// kind returns the kind of a value in words.
func kind(value any) string {
	switch value.(type) {
	case map[string]any:
		return "an object"
	case []any:
		return "a list"
	case bool:
		return "a boolean"
	case string:
		return "a text"
	}
	return "a number"
}
