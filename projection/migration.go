package projection

import (
	"embed"
	"io/fs"

	"flightdeck/eventstore"
)

//go:embed migration/*.sql
var migrationFiles embed.FS

// Migrations returns the steps that lead to this package's tables. The first five also made the
// tables of package account, which has adopted them.
func Migrations() eventstore.Migrations {
	files, err := fs.Sub(migrationFiles, "migration")
	if err != nil {
		panic(err) // the folder is embedded
	}
	return eventstore.Migrations{Component: "read model", Files: files}
}
