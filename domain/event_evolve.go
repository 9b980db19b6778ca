//go:build evolution

package domain

import "slices"

// Evolve prepends schema versions to an event, so that a test can have a log with older versions
// than this program ever wrote. Call it before any other function of the package.
func Evolve(name string, upcasters ...Upcaster) {
	t, ok := byName[name]
	if !ok {
		panic("there is no event " + name)
	}
	t.upcasters = append(slices.Clone(upcasters), t.upcasters...)
	byName[name], byGoType[t.goType] = t, t
}
