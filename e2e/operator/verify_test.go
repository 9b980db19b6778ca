package operator

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"

	"flightdeck/cli"
	"flightdeck/domain"
	"flightdeck/e2e/harness"
)

func TestVerifyProvesThatALogContinuesOneSeenBefore(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "flightdeck.db")
	h := harness.StartOn(t, path)
	_, token := h.User(domain.Author)
	seen := h.Log.Head().Hash.String()
	h.Must(token, `mutation { createContent(input: {title: "More", content: "x"}) { errors { message } } }`, nil)
	verify := func(head string) (out string, status int) {
		var stdout, stderr bytes.Buffer
		status = cli.Run([]string{"verify", "--db", path, "--head", head}, strings.NewReader(""), &stdout, &stderr)
		return stdout.String() + stderr.String(), status
	}
	if out, status := verify(seen); status != 0 || !strings.Contains(out, "continues the given head, which was that of position 1") {
		t.Errorf("a head of this log: status %d, %s", status, out)
	}
	if out, status := verify(strings.Repeat("0f", 32)); status != 1 || !strings.Contains(out, "has never had the given head") {
		t.Errorf("a head of another log: status %d, %s", status, out)
	}
	if out, status := verify("beef"); status != 1 || !strings.Contains(out, "64 hexadecimal digits") {
		t.Errorf("no hash: status %d, %s", status, out)
	}
}
