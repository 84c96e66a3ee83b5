package zip

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/fivefifty/fivefifty/archive/internal/archivetest"
)

// oldZip holds body under each of the methods of the first PKZIPs.
func oldZip(body string) []byte {
	flags := func(f uint16) func(*head) { return func(h *head) { h.flags = f } }
	return forge([]entry{
		{name: "shrink", method: 1, body: body, raw: archivetest.ShrinkOf(body)},
		{name: "reduce-1", method: 2, body: body, raw: archivetest.ReduceOf(body, 1)},
		{name: "reduce-2", method: 3, body: body, raw: archivetest.ReduceOf(body, 2)},
		{name: "reduce-3", method: 4, body: body, raw: archivetest.ReduceOf(body, 3)},
		{name: "reduce-4", method: 5, body: body, raw: archivetest.ReduceOf(body, 4)},
		{name: "implode-4k-2", method: 6, body: body, raw: archivetest.ImplodeOf(body, 0)},
		{name: "implode-8k-2", method: 6, body: body, raw: archivetest.ImplodeOf(body, 2), local: flags(2), central: flags(2)},
		{name: "implode-4k-3", method: 6, body: body, raw: archivetest.ImplodeOf(body, 4), local: flags(4), central: flags(4)},
		{name: "implode-8k-3", method: 6, body: body, raw: archivetest.ImplodeOf(body, 6), local: flags(6), central: flags(6)},
	}, nil, "")
}

// TestOldMethodsPeers asks Info-ZIP and 7-Zip whether the generators are right;
// neither reads reduce any more.
func TestOldMethodsPeers(t *testing.T) {
	names := []string{"shrink", "implode-4k-2", "implode-8k-2", "implode-4k-3", "implode-8k-3"}
	for kind, body := range archivetest.SampleBodies() {
		for _, tool := range [][]string{{"unzip", "-p", "FILE"}, {"7z", "e", "-so", "FILE"}} {
			for _, name := range names {
				if got := peerOutput(t, oldZip(body), append(tool, name)); got != body {
					t.Errorf("%s of %s: %s reads %d bytes", kind, name, tool[0], len(got))
				}
			}
		}
	}
}

// peerOutput runs a program on a file and returns what it prints; the test is
// skipped where the program is missing.
func peerOutput(t *testing.T, data []byte, args []string) string {
	t.Helper()
	if _, err := exec.LookPath(args[0]); err != nil {
		t.Skip(err)
	}
	file := filepath.Join(t.TempDir(), "peer.zip")
	if err := os.WriteFile(file, data, 0o600); err != nil {
		t.Fatal(err)
	}
	args = slices.Clone(args)
	for i := range args {
		args[i] = strings.ReplaceAll(args[i], "FILE", file)
	}
	out, _ := exec.Command(args[0], args[1:]...).Output() // a program may complain and print all the same
	return string(out)
}
