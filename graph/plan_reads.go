package graph

import (
	"context"
	"slices"
)

// reads are, by the name of a type, the fields of its Go struct that are read below a
// field of Query; nil for a type of which anything else is asked.
type reads map[string][]string

type readsKey struct{}

// Reads returns which fields of a type's Go struct are read below the field of Query
// that ctx belongs to: no others need to be filled. It returns nil, and not an empty list,
// when anything may be asked of them, as it may of what gqlgen executes.
func Reads(ctx context.Context, typ string) []string {
	all, ok := ctx.Value(readsKey{}).(reads)
	if !ok {
		return nil // there is no plan
	}
	if fields, reached := all[typ]; reached {
		return fields
	}
	return []string{}
}

// readsOf finds out what is read below a step.
func readsOf(s *planStep) reads {
	found := reads{}
	if s.below == nil || !found.walk(s, map[*plan]bool{}) {
		return nil
	}
	for typ, fields := range found {
		if slices.Contains(fields, "") {
			found[typ] = nil
		}
	}
	return found
}

// walk notes what is read below a step, as "" what is no field of a struct. It returns
// false where gqlgen executes what nobody has looked at.
func (r reads) walk(s *planStep, seen map[*plan]bool) bool {
	for _, p := range s.below {
		if seen[p] {
			continue
		}
		seen[p] = true
		t := &planTypes[p.typ]
		if r[t.name] == nil {
			r[t.name] = []string{}
		}
		for i := range p.steps {
			step := &p.steps[i]
			if step.number == typeName {
				continue
			}
			if v := t.fields[step.number].variable; !slices.Contains(r[t.name], v) {
				r[t.name] = append(r[t.name], v)
			}
			if step.below == nil && len(step.field.Selections) > 0 || !r.walk(step, seen) {
				return false
			}
		}
	}
	return true
}
