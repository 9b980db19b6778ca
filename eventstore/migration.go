package eventstore

import "io/fs"

// Migrations are the steps that lead to the tables of one component: files named NNNN_name.sql,
// numbered from 0001 without gaps. An engine applies them in that order, each once, and records
// them under the name of the component. A file that was released does not change.
type Migrations struct {
	Component string
	Files     fs.FS
	// Adopts is a step of another component that has made the tables of the first step before there
	// was this component. The first step counts as done where the other one was applied. The zero
	// Step is none.
	Adopts Step
}

// Step is a step of a component's migrations, from 1.
type Step struct {
	Component string
	Number    int
}
