package vault

import (
	"fmt"
	"os"
)

// ReadSecret reads a file that holds a secret. Its owner and the owner's group may be able to read
// it; for any other mode the error names the command that mends it. The error is
// [io/fs.ErrNotExist] if there is no file.
func ReadSecret(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("read a secret: %w", err)
	}
	if mode := info.Mode().Perm(); mode&0o027 != 0 {
		return nil, fmt.Errorf("the secret in %s is open to others (%#o): run chmod 600 %s", path, mode, path)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read a secret: %w", err)
	}
	return text, nil
}
