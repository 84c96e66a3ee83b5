package archivetest

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/fivefifty/fivefifty/archive/internal/level"
)

// Program skips the test if a program is not installed.
func Program(t testing.TB, name string) string {
	t.Helper()
	for _, dir := range []string{"", "/usr/sbin/", "/sbin/"} {
		if path, err := exec.LookPath(dir + name); err == nil {
			return path
		}
	}
	t.Skipf("%s is not installed", name)
	return ""
}

// Run runs a program that must succeed.
func Run(t testing.TB, name string, args ...string) {
	t.Helper()
	cmd := exec.Command(Program(t, name), args...)
	cmd.Env = append(os.Environ(), "MTOOLS_SKIP_CHECK=1", "LC_ALL=C.UTF-8")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s %q: %v\n%s", name, args, err, out)
	}
}

// TreeFiles are what the images in these tests hold.
func TreeFiles() map[string]string {
	big := strings.Repeat("0123456789abcdef", 20_000)
	return map[string]string{
		"readme.txt":                             "read me\n",
		"invoice from a very long name 2024.js":  Payload,
		"folder/deeper/größe.txt":                "umlaut",
		"folder/big.bin":                         big,
		"folder/deeper/and deeper/one more/a.js": Marker,
	}
}

// Plant writes files under a fresh folder.
func Plant(t testing.TB, files map[string]string) string {
	t.Helper()
	root := filepath.Join(t.TempDir(), "tree")
	for name, body := range files {
		path := filepath.Join(root, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(body), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

// Slurp reads a file whole.
func Slurp(t testing.TB, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// CheckTree reads an honest image, which must hold just the files, under their
// names, without any complaint.
func CheckTree(t *testing.T, f *level.Format, image []byte, files map[string]string, how ...Leniency) {
	t.Helper()
	if !Detects(image, f) {
		t.Fatal("not detected")
	}
	all, r, err := ReadAll(t, f, image)
	if err != nil {
		t.Fatalf("after %d members: %v", len(all), err)
	}
	if notes := NoteNames(all, r); len(notes) > 0 {
		t.Errorf("anomalies of an honest image: %v", notes)
	}
	CheckFiles(t, all, files, how...)
}

// Leniency says what a comparison does not ask for.
type Leniency int

const (
	Optional Leniency = iota // files may be missing
	AnyFiles                 // there may be others
)

// CheckFiles compares members with the files that there must be.
func CheckFiles(t *testing.T, all []Got, files map[string]string, how ...Leniency) {
	t.Helper()
	for name, body := range files {
		found := false
		for _, g := range all {
			found = found || slices.Contains(g.Names, name) && g.Data == body && g.Fault == nil
		}
		if !found && !slices.Contains(how, Optional) {
			t.Errorf("%q is missing", name)
		}
	}
	for _, g := range all {
		known := false
		for _, body := range files {
			known = known || g.Data == body
		}
		if !known && !slices.Contains(how, AnyFiles) || g.Fault != nil {
			t.Errorf("unexpected member %q: %d bytes, %v", g.Names, len(g.Data), g.Fault)
		}
	}
}

// Tree writes files for an archiver to pack, and returns their contents by name.
func Tree(t testing.TB, dir string) map[string]string {
	t.Helper()
	files := map[string]string{
		"a.txt": "first", "empty": "", "d/p.js": Payload, "d/ünï 漢.txt": "name",
		"text.txt": Text(300_000), "prog.bin": string(PackedProgram(200_000)),
	}
	for name, data := range files {
		p := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(p), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, []byte(data), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return files
}

// PackedProgram looks like machine code of several processors to the filters.
func PackedProgram(n int) []byte {
	b := []byte(Text(n))
	for i := 0; i+16 < len(b); i += 16 {
		switch i / 16 % 9 {
		case 0:
			b[i], b[i+4] = 0xe8, 0
		case 1:
			b[i], b[i+1], b[i+5] = 0x0f, 0x85, 0xff
		case 2:
			b[i+3] = 0xeb
		case 3:
			b[i], b[i+3] = 0x48, b[i+3]&^3|1
		case 4:
			b[i+1], b[i+3] = 0xf0, 0xf8
		case 5:
			b[i], b[i+1] = 0xef, b[i+1]&^0x0d
		case 6: // a pair of RISC-V
			b[i], b[i+1], b[i+4], b[i+5], b[i+6] = 0x97, b[i+1]&0xf0|2, 0x93, b[i+5]&0x7f|0x80, b[i+6]&0xf0|2
		case 7: // and what its filter makes of one
			b[i], b[i+1], b[i+3] = 0x17, b[i+1]&0xc0|0x31, 0x28|b[i+3]&7
		}
	}
	return b
}

// CompareTree says what is missing or wrong in a container made of files.
func CompareTree(t *testing.T, f *level.Format, data []byte, files map[string]string, keys *level.Keys) {
	t.Helper()
	r, err := level.Open(f, bytes.NewReader(data), int64(len(data)), level.Limits{Keys: keys})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	left := map[string]string{}
	for n, d := range files {
		left[n] = d
	}
	for {
		m, err := r.Next()
		if err != nil {
			if err.Error() != "EOF" {
				t.Error(err)
			}
			break
		}
		var body bytes.Buffer
		_, err = body.ReadFrom(r)
		if err != nil || len(m.Anomalies) > 0 {
			t.Errorf("%q: %v, anomalies %v", m.Names, err, m.Anomalies)
		}
		if m.Dir {
			continue
		}
		if want, ok := left[m.Names[0]]; !ok || want != body.String() {
			t.Errorf("%q: %d bytes, want %d", m.Names, body.Len(), len(want))
		}
		delete(left, m.Names[0])
	}
	for n := range left {
		t.Errorf("%q was not yielded", n)
	}
	if n := r.Anomalies(); len(n) > 0 {
		t.Errorf("anomalies %v", n)
	}
}

// WIMTree has what exercises the decoders: text, noise, long runs, calls.
func WIMTree(t testing.TB) map[string]string {
	files := TreeFiles()
	rnd := rand.New(rand.NewPCG(3, 4))
	noise := make([]byte, 100_000)
	for i := range noise {
		noise[i] = byte(rnd.Uint32())
	}
	calls := make([]byte, 70_000)
	for i := range calls {
		if calls[i] = byte(rnd.IntN(4)); calls[i] == 3 {
			calls[i] = 0xe8
		}
	}
	table := make([]byte, 0, 40_000) // numbers that go up by steps
	for i := range 10_000 {
		table = binary.LittleEndian.AppendUint32(table, uint32(i*i+rnd.IntN(2)))
	}
	files["noise.bin"] = string(noise)
	files["table.bin"] = string(table)
	files["calls.bin"] = string(calls)
	files["text.txt"] = Text(500_000)
	files["zeros.bin"] = string(make([]byte, 300_000))
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	program, err := os.ReadFile(self)
	if err != nil {
		t.Fatal(err)
	}
	files["program"] = string(program[:min(len(program), 512<<10)])
	files["empty.js"] = ""
	return files
}
