package hashset

import (
	"crypto/md5"
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// ClamAV's sigtool sees the same sections, with the same digests.
func TestSigtool(t *testing.T) {
	sigtool, err := exec.LookPath("sigtool")
	if err != nil {
		t.Skip("no sigtool")
	}
	files, _ := filepath.Glob("/usr/share/clamav-testfiles/*.exe")
	odd := []byte(program("code", "data"))
	binary.LittleEndian.PutUint32(odd[0x98+0xe0+16:], 0x1f3) // a length between two multiples
	for i, content := range []string{program("code", "data"), string(odd), program("code")[:0x500]} {
		path := filepath.Join(t.TempDir(), fmt.Sprint(i, ".exe"))
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		files = append(files, path)
	}
	for _, path := range files {
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var ours []string
		for _, s := range peSections(content) {
			if len(s) > 0 {
				ours = append(ours, fmt.Sprintf("%d:%x", len(s), md5.Sum(s)))
			}
		}
		out, err := exec.Command(sigtool, "--mdb", path).CombinedOutput()
		if err != nil {
			t.Fatalf("%s: %v: %s", path, err, out)
		}
		var theirs []string
		for line := range strings.Lines(string(out)) {
			if _, section, ok := strings.Cut(strings.TrimSpace(line), "}: "); ok && strings.Contains(section, ":") {
				theirs = append(theirs, section)
			}
		}
		slices.Sort(ours) // sigtool has them by address
		slices.Sort(theirs)
		if !slices.Equal(ours, theirs) {
			t.Errorf("%s: sections %q, sigtool has %q; it says %s", path, ours, theirs, out)
		}
	}
}
