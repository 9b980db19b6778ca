// Command generate is gqlgen with a plugin of ours: it writes what gqlgen knows of the
// schema's types as plan.generated.go, for the plans of package graph. Run it with
// go generate ./...; a file that it does not understand makes it fail.
//
// It imports gqlgen and nothing of this module, so that it runs when the generated
// code is in pieces. Start with plugin.GenerateCode; plan.gotpl is what it writes.
package main

import (
	"fmt"
	"os"

	"github.com/99designs/gqlgen/api"
	"github.com/99designs/gqlgen/codegen/config"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}

func run() error {
	cfg, err := config.LoadConfigFromDefaultLocations()
	if err != nil {
		return err
	}
	return api.Generate(cfg, api.AddPlugin(plugin{}))
}
