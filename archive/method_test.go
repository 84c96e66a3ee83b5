package archive

import (
	"bytes"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// sampleBodies are what the decoders are tried with.
func sampleBodies() map[string]string {
	rnd := rand.New(rand.NewPCG(3, 4))
	noise := make([]byte, 30_000)
	for i := range noise {
		noise[i] = byte(rnd.Uint32())
	}
	marks := bytes.Repeat([]byte{reduceMark, 0, reduceMark, 255, 1}, 300)
	return map[string]string{
		"one": "x", "short": "a short text", "payload": payload, "text": text(200_000),
		"zeros": string(make([]byte, 100_000)), "noise": string(noise), "marks": string(marks),
	}
}

func TestOldMethods(t *testing.T) {
	for name, body := range sampleBodies() {
		for _, c := range []struct {
			method string
			raw    []byte
			open   func(*byteInput) io.Reader
		}{
			{"shrink", shrinkOf(body), func(in *byteInput) io.Reader { return newUnshrink(in) }},
			{"reduce-1", reduceOf(body, 1), func(in *byteInput) io.Reader { return newUnreduce(in, 1) }},
			{"reduce-4", reduceOf(body, 4), func(in *byteInput) io.Reader { return newUnreduce(in, 4) }},
			{"implode-4k", implodeOf(body, 0), func(in *byteInput) io.Reader { return newExplode(in, 0) }},
			{"implode-8k", implodeOf(body, 6), func(in *byteInput) io.Reader { return newExplode(in, 6) }},
			{"deflate", pack(8, body), func(in *byteInput) io.Reader { return newInflateAny(in, inflateLax) }},
		} {
			got, err := io.ReadAll(io.LimitReader(c.open(newByteInput(bytes.NewReader(c.raw))), int64(len(body))))
			if err != nil || string(got) != body {
				t.Errorf("%s %s: %d bytes of %d, %v", c.method, name, len(got), len(body), err)
			}
		}
	}
}

// oldZip holds body under each of the methods of the first PKZIPs.
func oldZip(body string) []byte {
	flags := func(f uint16) func(*head) { return func(h *head) { h.flags = f } }
	return forge([]entry{
		{name: "shrink", method: 1, body: body, raw: shrinkOf(body)},
		{name: "reduce-1", method: 2, body: body, raw: reduceOf(body, 1)},
		{name: "reduce-2", method: 3, body: body, raw: reduceOf(body, 2)},
		{name: "reduce-3", method: 4, body: body, raw: reduceOf(body, 3)},
		{name: "reduce-4", method: 5, body: body, raw: reduceOf(body, 4)},
		{name: "implode-4k-2", method: 6, body: body, raw: implodeOf(body, 0)},
		{name: "implode-8k-2", method: 6, body: body, raw: implodeOf(body, 2), local: flags(2), central: flags(2)},
		{name: "implode-4k-3", method: 6, body: body, raw: implodeOf(body, 4), local: flags(4), central: flags(4)},
		{name: "implode-8k-3", method: 6, body: body, raw: implodeOf(body, 6), local: flags(6), central: flags(6)},
	}, nil, "")
}

// TestOldMethodsPeers asks Info-ZIP and 7-Zip whether the generators are right;
// neither reads reduce any more.
func TestOldMethodsPeers(t *testing.T) {
	names := []string{"shrink", "implode-4k-2", "implode-8k-2", "implode-4k-3", "implode-8k-3"}
	for kind, body := range sampleBodies() {
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
