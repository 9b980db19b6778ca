package cli

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"sync"
)

// versionCommand prints the version.
type versionCommand struct{}

// Run prints the version.
func (versionCommand) Run(env *environment) error {
	_, err := fmt.Fprintln(env.stdout, "flightdeck", version())
	return err
}

// version returns the module's version, the commit that the program was built from, or, where the
// build knows neither, the beginning of the program's SHA-256.
var version = sync.OnceValue(func() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return fingerprint()
	}
	if v := info.Main.Version; v != "" && v != "(devel)" {
		return v
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" && len(s.Value) >= 12 {
			return s.Value[:12]
		}
	}
	return fingerprint()
})

// fingerprint identifies a program without a version.
func fingerprint() string {
	path, err := os.Executable()
	if err != nil {
		return "unknown"
	}
	program, err := os.Open(path)
	if err != nil {
		return "unknown"
	}
	defer func() { _ = program.Close() }() //nolint:errcheck // it was only read
	sum := sha256.New()
	if _, err := io.Copy(sum, program); err != nil {
		return "unknown"
	}
	return "unreleased-" + hex.EncodeToString(sum.Sum(nil))[:12]
}
