package archivetest

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fivefifty/fivefifty/archive/internal/level"
)

// Pipe sends data through a program.
func Pipe(data, name string, args ...string) ([]byte, error) {
	cmd := exec.Command(name, args...)
	cmd.Stdin = strings.NewReader(data)
	var complaint bytes.Buffer
	cmd.Stderr = &complaint
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("%s %q: %w: %s", name, args, err, complaint.Bytes())
	}
	return out, nil
}

// Tool pipes data through a program, and skips the test if it is not installed.
func Tool(t testing.TB, data, name string, args ...string) []byte {
	t.Helper()
	if _, err := exec.LookPath(name); err != nil {
		t.Skip(err)
	}
	out, err := Pipe(data, name, args...)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// Bodies are inputs for compressors: empty, short, long runs, text and noise.
func Bodies() map[string]string {
	noise := make([]byte, 80_000)
	rnd := rand.New(rand.NewPCG(3, 4))
	for i := range noise {
		noise[i] = byte(rnd.Uint32())
	}
	return map[string]string{
		"empty": "",
		"one":   "x",
		"short": Payload,
		"run":   strings.Repeat("a", 300_000),
		"text":  Text(200_000),
		"noise": string(noise),
		"mixed": Text(100_000) + string(noise[:70_000]) + Text(100_000),
	}
}

// WantBody fails unless a container is one honest member with this body.
func WantBody(t *testing.T, f *level.Format, data []byte, want string) {
	t.Helper()
	if !Detects(data, f) {
		t.Error("not detected")
	}
	all, r, err := ReadAll(t, f, data)
	if err != nil || len(all) != 1 {
		t.Fatalf("%d members, %v", len(all), err)
	}
	if all[0].Data != want || all[0].Fault != nil {
		t.Fatalf("%d bytes of %d, %v", len(all[0].Data), len(want), all[0].Fault)
	}
	if n := NoteNames(all, r); len(n) > 0 {
		t.Errorf("anomalies %v", n)
	}
}

// Shell runs a command in a folder and returns the file "out" that it makes.
func Shell(t testing.TB, dir, command string) []byte {
	t.Helper()
	for _, word := range strings.Fields(command)[:1] {
		if _, err := exec.LookPath(word); err != nil {
			t.Skip(err)
		}
	}
	out := filepath.Join(t.TempDir(), "out")
	cmd := exec.Command("sh", "-c", strings.ReplaceAll(command, "OUT", out))
	cmd.Dir = dir
	if b, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v: %s", command, err, b)
	}
	data, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	return data
}
