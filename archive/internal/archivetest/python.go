package archivetest

import (
	"encoding/hex"
	"math/rand/v2"
	"os/exec"
	"strings"
	"testing"

	"github.com/fivefifty/fivefifty/archive/internal/level"
)

// Python asks a function of a script, judge(data), about each input: it returns a list
// of bytes, and raises an error for what it cannot read. The test is skipped where Python
// is not installed, or lacks a module that the script imports.
func Python(t testing.TB, script string, inputs [][]byte) [][]string {
	t.Helper()
	if _, err := exec.LookPath("python3"); err != nil {
		t.Skip(err)
	}
	var in strings.Builder
	for _, data := range inputs {
		in.WriteString(hex.EncodeToString(data) + "\n")
	}
	out, err := Pipe(in.String(), "python3", "-c", script+`
import sys
for line in sys.stdin:
    try:
        print(",".join(b.hex() for b in judge(bytes.fromhex(line.strip()))))
    except Exception:
        print("-")
`)
	if err != nil {
		if strings.Contains(err.Error(), "ModuleNotFoundError") {
			t.Skip(err)
		}
		t.Fatal(err)
	}
	all := make([][]string, 0, len(inputs))
	for line := range strings.SplitSeq(strings.TrimSuffix(string(out), "\n"), "\n") {
		var bodies []string
		if line != "-" && line != "" {
			for field := range strings.SplitSeq(line, ",") {
				b, err := hex.DecodeString(field)
				if err != nil {
					t.Fatal(err)
				}
				bodies = append(bodies, string(b))
			}
		}
		all = append(all, bodies)
	}
	if len(all) != len(inputs) {
		t.Fatalf("%d answers to %d inputs", len(all), len(inputs))
	}
	return all
}

// Judged mutates honest files and fails if a script gets out of one what neither is a
// member's begin nor comes with an error.
func Judged(t *testing.T, f *level.Format, script string, honest [][]byte, rounds int) {
	t.Helper()
	rnd := rand.New(rand.NewPCG(7, 8))
	inputs := append([][]byte(nil), honest...)
	for range rounds {
		inputs = append(inputs, MutatePDF(rnd, honest[rnd.IntN(len(honest))]))
	}
	found := 0
	for i, bodies := range Python(t, script, inputs) {
		if len(bodies) == 0 {
			continue
		}
		all, _, err := ReadAll(t, f, inputs[i])
		for _, want := range bodies {
			if found++; want != "" && !yields(all, want) {
				t.Fatalf("%q: a judge reads %d bytes, %.60q\n%s%v", inputs[i], len(want), want, Listing(all), err)
			}
		}
	}
	t.Logf("%d bodies out of %d files", found, len(inputs))
}

// yields says whether a member begins with a body.
func yields(all []Got, body string) bool {
	for _, g := range all {
		if strings.HasPrefix(g.Data, body) {
			return true
		}
	}
	return false
}
