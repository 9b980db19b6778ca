package cli

import (
	"reflect"
	"regexp"
	"testing"

	"github.com/alecthomas/kong"
)

// TestNoFlagHoldsASecret: the list of processes shows the value of a flag, and --help its default.
func TestNoFlagHoldsASecret(t *testing.T) {
	t.Parallel()
	var all commands
	parser, err := kong.New(&all, kong.DefaultEnvars("FLIGHTDECK"))
	if err != nil {
		t.Fatal(err)
	}
	secret, seen := regexp.MustCompile(`secret|password|key|token|credential`), 0
	for _, leaf := range parser.Model.Leaves(false) {
		for _, flags := range leaf.AllFlags(false) {
			for _, flag := range flags {
				if flag.Target.Kind() != reflect.String && !flag.IsBool() || !secret.MatchString(flag.Name) {
					continue
				}
				seen++
				if flag.PlaceHolder != "FILE" && !flag.IsBool() {
					t.Errorf("%s --%s may hold a secret: take it from a file or standard input", leaf.Path(), flag.Name)
				}
			}
		}
	}
	if seen < 5 {
		t.Errorf("%d flags are about secrets", seen)
	}
}
