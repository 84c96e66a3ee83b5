package archivetest

import (
	"bytes"
	"context"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/fivefifty/fivefifty/archive/internal/level"
)

// JudgeRounds is how many mutated images of each kind 7-Zip judges; more by the
// environment's FIVEFIFTY_ROUNDS.
func JudgeRounds() int {
	if n, err := strconv.Atoi(os.Getenv("FIVEFIFTY_ROUNDS")); err == nil {
		return n
	}
	return 10
}

// judgedBytes bounds the bodies that are compared.
const judgedBytes = 4 << 20

// Extracted are the bodies that 7-Zip takes out of a file, whatever it says of the
// file's state, but those of which it says that they are broken.
func Extracted(t *testing.T, data []byte, ext string) map[string]string {
	t.Helper()
	program, err := exec.LookPath("7zz")
	if err != nil {
		program = Program(t, "7z")
	}
	dir := t.TempDir()
	path := filepath.Join(t.TempDir(), "image"+ext)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, "x", "-y", "-o"+dir, path)
	cmd.WaitDelay = time.Second
	said, _ := cmd.CombinedOutput() // an error is an opinion
	broken := map[string]bool{}
	for line := range strings.Lines(string(said)) {
		if what, name, ok := strings.Cut(strings.TrimSpace(line), " : "); ok && strings.HasPrefix(what, "ERROR: ") {
			broken[name] = true
		}
	}
	found := map[string]string{}
	filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return nil
		}
		if info, err := d.Info(); err != nil || info.Size() == 0 || info.Size() >= judgedBytes {
			return nil
		}
		if b, err := os.ReadFile(p); err == nil {
			if rel, _ := filepath.Rel(dir, p); !broken[rel] {
				found[rel] = string(b)
			}
		}
		return nil
	})
	return found
}

// Mutated changes a few bytes where an image is not empty, mostly from its start on,
// where the structures are.
func Mutated(rnd *rand.Rand, image []byte, from int) []byte {
	bad := bytes.Clone(image)
	for range 1 + rnd.IntN(6) {
		for range 1000 {
			at := from + rnd.IntN(min(len(bad)-from, 16<<10<<rnd.IntN(8)))
			if bad[at] != 0 || rnd.IntN(50) == 0 {
				switch rnd.IntN(3) {
				case 0:
					bad[at] ^= 1 << rnd.IntN(8)
				case 1:
					bad[at] = byte(rnd.Uint32())
				default:
					bad[at]++
				}
				break
			}
		}
	}
	return bad
}

// Judge fails if 7-Zip takes something out of an image that no reading of the formats
// has. A disk that it takes out whole is read in turn; of one that is nothing to us there
// must be an error. It returns how many bodies 7-Zip took out.
func Judge(t *testing.T, image []byte, ext string, formats ...*level.Format) (n int) {
	t.Helper()
	bodies, faults := map[string]bool{}, 0
	for _, f := range Detected(image, formats...) {
		faults += readBodies(bodies, f, image)
	}
	for name, body := range Extracted(t, image, ext) {
		n++
		if bodies[body] || begun(bodies, body) || strings.HasPrefix(name, "[") || strings.HasPrefix(name, "image") && heldIn(bodies, faults, body, formats) {
			continue
		}
		kept := filepath.Join(os.TempDir(), "judge"+ext)
		os.WriteFile(kept, image, 0o600)
		t.Errorf("7-Zip extracts %q, %d bytes, and we do not: see %s", name, len(body), kept)
		return n
	}
	return n
}

// begun says whether a body is the start of one of ours: 7-Zip gave up within it.
func begun(bodies map[string]bool, body string) bool {
	for whole := range bodies {
		if strings.HasPrefix(whole, body) {
			return true
		}
	}
	return false
}

// heldIn says whether all that a disk holds is among bodies.
func heldIn(bodies map[string]bool, faults int, disk string, formats []*level.Format) bool {
	if len(strings.Trim(disk, "\x00")) == 0 {
		return true // it holds nothing
	}
	all := map[string]bool{}
	for _, f := range Detected([]byte(disk), formats...) {
		faults += readBodies(all, f, []byte(disk))
	}
	for body := range all {
		if !bodies[body] {
			return false
		}
	}
	return len(all) > 0 || faults > 0
}

// readBodies adds the bodies of a container, of the longer ones the start, and returns
// the number of errors.
func readBodies(bodies map[string]bool, f *level.Format, data []byte) (faults int) {
	r, err := level.Open(f, bytes.NewReader(data), int64(len(data)), level.Limits{})
	if err != nil {
		return 1
	}
	defer r.Close()
	for {
		m, err := r.Next()
		if err != nil {
			if err != io.EOF {
				faults++
			}
			return faults
		}
		b, err := io.ReadAll(io.LimitReader(r, judgedBytes))
		bodies[string(b)] = true
		if err != nil || m.Err != nil {
			faults++
		}
	}
}
