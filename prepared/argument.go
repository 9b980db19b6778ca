package prepared

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"github.com/uptrace/bun"
	"github.com/uptrace/bun/schema"
)

// Argument is an argument of a query that is not written into the text of its statement.
type Argument struct{ value any }

// Bind returns value as an argument of a query: an integer, a string, or a value of a type that is
// made of one. Building a query fails for any other value.
func Bind(value any) Argument { return Argument{value} }

// BindAll returns values as the arguments of a list; a query names the list as (?).
func BindAll[T any](values []T) schema.QueryAppender {
	list := make([]Argument, len(values))
	for i, v := range values {
		list[i] = Argument{v}
	}
	return bun.List(list)
}

// mark begins a marked argument in the text of a query. It occurs nowhere else: bun refuses it in
// texts.
const mark = '\x00'

// The kinds of arguments, which follow the mark.
const (
	integer = 'i'
	text    = 's'
)

// AppendQuery writes the argument in the form that split reads: the mark, the kind, the length of
// the value, a colon, and the value. bun calls it.
func (a Argument) AppendQuery(_ schema.QueryGen, b []byte) ([]byte, error) {
	kind, value := byte(integer), ""
	switch v := reflect.ValueOf(a.value); v.Kind() { //nolint:exhaustive // all others are refused
	case reflect.Int, reflect.Int64:
		value = strconv.FormatInt(v.Int(), 10)
	case reflect.String:
		kind, value = text, v.String()
	default:
		return nil, fmt.Errorf("a %T cannot be an argument of a query", a.value)
	}
	b = append(b, mark, kind)
	b = strconv.AppendInt(b, int64(len(value)), 10)
	b = append(b, ':')
	return append(b, value...), nil
}

// split returns the text of a query with a placeholder for each marked argument, and the values of
// the arguments: int64 or string.
func split(marked string) (query string, args []any, err error) {
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(marked, string(mark))
		b.WriteString(before)
		if !found {
			return b.String(), args, nil
		}
		length, rest, _ := strings.Cut(rest, ":")
		n, err := strconv.Atoi(length[1:])
		if err != nil {
			return "", nil, fmt.Errorf("read a marked argument: %w", err)
		}
		var value any = rest[:n]
		if length[0] == integer {
			if value, err = strconv.ParseInt(rest[:n], 10, 64); err != nil {
				return "", nil, fmt.Errorf("read a marked argument: %w", err)
			}
		}
		args = append(args, value)
		b.WriteByte('?')
		marked = rest[n:]
	}
}
