package graph

import (
	"context"
	"slices"
)

// reads lists, by the name of an object type, the fields of its Go struct that a plan reads. The
// list is nil for a type whose plan calls methods, too.
type reads map[string][]string

type readsKey struct{}

// Reads returns the fields of a type's Go struct that are read below the field of Query that ctx
// belongs to. A resolver may leave all other fields empty. The result is nil when any field may be
// read, and not nil but empty when none is.
func Reads(ctx context.Context, typ string) []string {
	all, ok := ctx.Value(readsKey{}).(reads)
	if !ok {
		return nil // the field has no plan
	}
	if fields, reached := all[typ]; reached {
		return fields
	}
	return []string{}
}

// readsOf returns the fields that are read below a step.
func readsOf(s *planStep) reads {
	found := reads{}
	found.walk(s, map[*plan]bool{})
	for typ, fields := range found {
		if slices.Contains(fields, "") {
			found[typ] = nil
		}
	}
	return found
}

// walk adds the fields that are read below a step, and "" for a value that is no field of a struct.
func (r reads) walk(s *planStep, seen map[*plan]bool) {
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
			r.walk(step, seen)
		}
	}
}
