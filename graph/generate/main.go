// Command generate runs gqlgen with a plugin that writes plan.generated.go: the types of the schema
// as gqlgen binds them, for the plans of package graph. go generate ./... runs it.
//
// The command must not import other packages of this module, so that it runs while generated code
// does not compile. Start with plugin.GenerateCode. plan.gotpl is the template.
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
