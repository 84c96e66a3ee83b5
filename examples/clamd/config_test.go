package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/fivefifty/fivefifty/scanner"
)

// A policy of one reason leaves the defaults of the others: nothing is deferred,
// which clients would take for a pass.
func TestDefaults(t *testing.T) {
	file := filepath.Join(t.TempDir(), "f")
	if err := os.WriteFile(file, []byte("[policy.unchecked]\nencrypted = \"accept\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"", file} {
		cfg, err := readConfig(name)
		if err != nil {
			t.Fatal(err)
		}
		s, set, err := cfg.NewScanner(cfg.ScannerLimits())
		if err != nil {
			t.Fatal(err)
		}
		defer set.Close()
		for r := scanner.ReasonUnknown; r < scanner.ReasonIncomplete; r++ {
			want := scanner.Reject
			if name != "" && r == scanner.ReasonEncrypted {
				want = scanner.Accept
			}
			if got := s.ReasonDisposition(r); got != want {
				t.Errorf("%q: %v: %v, want %v", name, r, got, want)
			}
		}
	}
}
