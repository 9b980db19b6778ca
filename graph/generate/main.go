// Command generate runs gqlgen with a plugin that writes two more files into package graph:
// plan.generated.go, which writes lists by plans, and source.generated.go, which says what each
// field is made of. go generate ./... runs it.
//
// The command must not import other packages of this module, so that it runs while generated code
// does not compile. Start with plugin.GenerateCode. The templates are plan.gotpl and source.gotpl.
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
