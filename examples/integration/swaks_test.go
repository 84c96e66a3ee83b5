//go:build integration

package integration

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// What an operator types to try it: swaks sends the test file as an attachment.
func TestSwaks(t *testing.T) {
	t.Parallel()
	need(t, "swaks")
	f, _ := milterFront(t, "inet")
	f.start(t, "")
	f.recovers(t, "started")
	file := filepath.Join(t.TempDir(), "eicar.com")
	write(t, file, eicar)
	out, err := exec.Command("swaks", "--server", f.addr, "--from", "a@sender.test", "--to", "b@rcpt.test", "--attach", "@"+file).CombinedOutput()
	if err == nil || !strings.Contains(string(out), "<** "+virusReply) {
		t.Errorf("%v\n%s", err, out)
	}
}
