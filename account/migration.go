package account

import (
	"embed"
	"io/fs"

	"flightdeck/eventstore"
)

//go:embed migration/*.sql
var migrationFiles embed.FS

// Migrations returns the steps that lead to this package's tables. They come after those of the
// read model, whose first five made the tables before this component existed, and still do: a file
// that was released does not change. The first step here adopts the tables as they are.
func Migrations() eventstore.Migrations {
	files, err := fs.Sub(migrationFiles, "migration")
	if err != nil {
		panic(err) // the folder is embedded
	}
	return eventstore.Migrations{Component: "account", Files: files, Adopts: eventstore.Step{Component: "read model", Number: 5}}
}
