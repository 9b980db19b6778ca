package operator

import (
	"os"
	"testing"

	"flightdeck/e2e/harness"
)

func TestMain(m *testing.M) { os.Exit(harness.Main(m)) }
