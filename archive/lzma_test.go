package archive

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// pipe sends data through a program.
func pipe(data, name string, args ...string) ([]byte, error) {
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

// tool pipes data through a program, and skips the test if it is not installed.
func tool(t testing.TB, data, name string, args ...string) []byte {
	t.Helper()
	if _, err := exec.LookPath(name); err != nil {
		t.Skip(err)
	}
	out, err := pipe(data, name, args...)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// bodies are inputs for compressors: empty, short, long runs, text and noise.
func bodies() map[string]string {
	noise := make([]byte, 80_000)
	rnd := rand.New(rand.NewPCG(3, 4))
	for i := range noise {
		noise[i] = byte(rnd.Uint32())
	}
	return map[string]string{
		"empty": "",
		"one":   "x",
		"short": payload,
		"run":   strings.Repeat("a", 300_000),
		"text":  text(200_000),
		"noise": string(noise),
		"mixed": text(100_000) + string(noise[:70_000]) + text(100_000),
	}
}

// wantBody fails unless a container is one honest member with this body.
func wantBody(t *testing.T, f Format, data []byte, want string) {
	t.Helper()
	if !slices.Contains(Detect(bytes.NewReader(data), int64(len(data))), f) {
		t.Error("not detected")
	}
	all, r, err := readAll(t, f, data)
	if err != nil || len(all) != 1 {
		t.Fatalf("%d members, %v", len(all), err)
	}
	if all[0].data != want || all[0].err != nil {
		t.Fatalf("%d bytes of %d, %v", len(all[0].data), len(want), all[0].err)
	}
	if n := noteNames(all, r); len(n) > 0 {
		t.Errorf("anomalies %v", n)
	}
}

func TestLzmaPeers(t *testing.T) {
	for name, body := range bodies() {
		for _, args := range [][]string{
			{"--format=lzma", "-0"}, {"--format=lzma", "-6"}, {"--format=lzma", "-9e"},
			{"--format=lzma", "--lzma1=lc=0,lp=4,pb=0,dict=4KiB"}, {"--format=lzma", "--lzma1=lc=4,lp=0,pb=4,dict=96KiB"},
		} {
			t.Run(name+strings.Join(args, ""), func(t *testing.T) {
				wantBody(t, Lzma, tool(t, body, "xz", append(args, "-c")...), body)
			})
		}
	}
}

func TestLzipPeers(t *testing.T) {
	for name, body := range bodies() {
		for _, args := range [][]string{{"-0"}, {"-6"}, {"-9"}, {"-s4KiB"}, {"-b100KiB"}} {
			t.Run(name+args[0], func(t *testing.T) {
				wantBody(t, Lzip, tool(t, body, "lzip", append(args, "-c")...), body)
			})
		}
	}
	t.Run("plzip", func(t *testing.T) {
		body := text(1 << 20)
		wantBody(t, Lzip, tool(t, body, "plzip", "-B64KiB", "-c"), body)
	})
}
