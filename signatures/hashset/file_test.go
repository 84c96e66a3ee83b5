package hashset

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/fivefifty/fivefifty/scanner"
)

// written builds a file of one list.
func written(t testing.TB, list string, b Builder) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "set"+Extension)
	if err := b.Read(strings.NewReader(list), "dir/feed.txt"); err != nil {
		t.Fatal(err)
	}
	if err := b.WriteFile(path); err != nil {
		t.Fatal(err)
	}
	return path
}

func opened(t testing.TB, path string) *Set {
	t.Helper()
	s, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func sum(i int) []byte {
	d := sha256.Sum256(binary.AppendVarint(nil, int64(i)))
	return d[:]
}

// A file has what was read, however it was sorted, each once, and nothing else.
func TestFile(t *testing.T) {
	const n = 50_000
	var list strings.Builder
	for i := range n {
		fmt.Fprintf(&list, "%x:*:name-%d\n", sum(i), i%7)
	}
	path := written(t, list.String()+list.String(), Builder{})
	s := opened(t, path)
	if err := s.Verify(); err != nil || s.Len() != n {
		t.Fatalf("%d entries, %v", s.Len(), err)
	}
	passed := 0
	for i := range 2 * n {
		want := ""
		if i < n {
			want = fmt.Sprint("name-", i%7)
		} else if passes(&s.tables[fileSHA256], sum(i)) {
			passed++
		}
		if got := named(t, s, sum(i)); got != want {
			t.Fatalf("%d: found %q, want %q", i, got, want)
		}
	}
	if passed > n/20 {
		t.Errorf("%d of %d misses pass the filter", passed, n)
	}
	if err := s.Close(); err != nil || s.Close() != nil {
		t.Error(err)
	}
	if _, err := s.Inspect(context.Background(), new(scanner.Object)); !errors.Is(err, errClosed) {
		t.Errorf("after Close: %v", err)
	}
}

// passes says whether the filter lets a digest through.
func passes(t *table, digest []byte) bool {
	q, _ := bucketOf(binary.BigEndian.Uint64(digest), t.Blocks)
	return filterHas(t.blocks[int(q)*blockSize+4:][:blockSize-4], digest)
}

// Sizes are kept, in every width of a value.
func TestFileSizes(t *testing.T) {
	list := fmt.Sprintf("%x:%d:A\n%x:7:B\n%x:*:C\n", sum(1), int64(maxSize), sum(1), sum(2))
	s := opened(t, written(t, list, Builder{}))
	for size, want := range map[int64]string{maxSize: "A", 7: "B", 8: ""} {
		l, got := lookup{set: s}, ""
		if err := l.find(fileSHA256, sum(1), size, ""); err != nil {
			t.Fatal(err)
		}
		for _, f := range l.found {
			got += f.Signature
		}
		if got != want {
			t.Errorf("size %d: %q, want %q", size, got, want)
		}
	}
}

// Runs on disk give the same file as memory, and leave nothing behind.
func TestSpill(t *testing.T) {
	var list strings.Builder
	for i := range 3000 {
		fmt.Fprintf(&list, "%x:*:name-%d\n", sum(i%2500), i%2)
	}
	temp := t.TempDir()
	b := Builder{Temp: temp}
	for _, part := range strings.SplitAfterN(list.String(), "\n", 1000) {
		if err := b.Read(strings.NewReader(part), "dir/feed.txt"); err != nil {
			t.Fatal(err)
		}
		if b.inMemory > 10_000 {
			if err := b.spill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if len(b.gathered[fileSHA256].runs) < 2 {
		t.Fatal("no runs")
	}
	path := filepath.Join(t.TempDir(), "x")
	if err := b.WriteFile(path); err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile(written(t, list.String(), Builder{}))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(path); err != nil || string(got) != string(want) {
		t.Errorf("%d bytes, want %d; %v", len(got), len(want), err)
	}
	for _, dir := range []string{temp, filepath.Dir(path)} {
		if left, _ := os.ReadDir(dir); len(left) > 1 || dir == temp && len(left) > 0 {
			t.Errorf("left in %s: %v", dir, left)
		}
	}
}

// What is not a whole file is an error, and never an empty set.
func TestOpenErrors(t *testing.T) {
	good, err := os.ReadFile(written(t, sha256Hex+"\n", Builder{}))
	if err != nil {
		t.Fatal(err)
	}
	changed := func(at int) []byte {
		b := append([]byte(nil), good...)
		b[at] ^= 1
		return b
	}
	path := filepath.Join(t.TempDir(), "x")
	for _, c := range []struct {
		name    string
		content []byte
		want    error
	}{
		{"a list", []byte(sha256Hex), ErrForeign},
		{"empty", nil, ErrForeign},
		{"cut in the header", good[:500], ErrDamaged},
		{"cut", good[:len(good)-1], ErrDamaged},
		{"longer", append(append([]byte(nil), good...), 0), ErrDamaged},
		{"another version", changed(8), ErrDamaged},
		{"a changed header", changed(20), ErrDamaged},
	} {
		if err := os.WriteFile(path, c.content, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(path); !errors.Is(err, c.want) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v", c.name, err)
		}
		if is, err := Recognize(path); err != nil || is != (c.want == ErrDamaged) {
			t.Errorf("%s: recognized: %v, %v", c.name, is, err)
		}
	}
	if err := os.WriteFile(path, changed(headerSize+20), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := opened(t, path).Verify(); !errors.Is(err, ErrDamaged) {
		t.Errorf("a changed body: %v", err)
	}
	if _, err := Open(t.TempDir()); !errors.Is(err, ErrForeign) {
		t.Errorf("a folder: %v", err)
	}
	if _, err := Open(path + "missing"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("missing: %v", err)
	}
	var b Builder
	if err := b.Load(path); err != nil || len(b.Warnings()) != 1 {
		t.Errorf("a built file as a list: %v, %v", err, b.Warnings())
	}
}

// A failed write leaves the old file and nothing else; so does a scan that has
// the old one open.
func TestReplace(t *testing.T) {
	path := written(t, sha256Hex+"\n", Builder{})
	old := opened(t, path)
	b := Builder{Temp: filepath.Join(path, "nowhere")}
	b.labels.intern(classMalicious, 0, "x")
	b.add(fileSHA256, sum(1), anySize, 0)
	if err := b.spill(); err == nil {
		t.Error("no error for a folder that is not there")
	}
	b = Builder{}
	if err := b.WriteFile(path); err != nil {
		t.Fatal(err)
	}
	digest, _ := hex.DecodeString(sha256Hex)
	if now := opened(t, path); now.Len() != 0 || old.Len() != 1 || named(t, old, digest) == "" {
		t.Errorf("%d entries now, %d before", now.Len(), old.Len())
	}
	if err := b.WriteFile(filepath.Join(path, "x")); err == nil {
		t.Error("no error for a folder that is not there")
	}
}

// A file that is cut while it is mapped costs an error, not the program.
func TestCutWhileOpen(t *testing.T) {
	var list strings.Builder
	for i := range 5000 {
		fmt.Fprintf(&list, "%x\n", sum(i))
	}
	path := written(t, list.String(), Builder{})
	s := opened(t, path)
	if runtime.GOOS != "linux" {
		t.Skip("needs a mapped file")
	}
	if err := os.Truncate(path, headerSize); err != nil {
		t.Fatal(err)
	}
	scan, err := scanner.New(scanner.Config{Engines: []scanner.Engine{s}})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 100 { // the first page stays
		report, err := scan.ScanFile(context.Background(), "x", strings.NewReader(fmt.Sprint(i)))
		if err != nil {
			t.Fatal(err)
		}
		if o := report.Objects[0]; len(o.Unchecked) == 1 && o.Unchecked[0].Reason == scanner.ReasonEngine {
			return
		}
	}
	t.Error("no error")
}

// FuzzFile changes bytes of a file, and its header under a fresh digest. Lookups
// stay within the file.
func FuzzFile(f *testing.F) {
	var list strings.Builder
	for i := range 200 {
		fmt.Fprintf(&list, "%x:%d:n%d\n", sum(i), i+1, i%3)
	}
	var b Builder
	if err := b.Read(strings.NewReader(list.String()), "feed"); err != nil {
		f.Fatal(err)
	}
	var image memory
	if err := b.write(&image); err != nil {
		f.Fatal(err)
	}
	f.Add(uint16(16), uint16(headerSize), []byte{1}, []byte{2})
	f.Add(uint16(100), uint16(headerSize+64), []byte{255, 255}, []byte{0, 255, 0})
	f.Fuzz(func(t *testing.T, at, again uint16, change, more []byte) {
		file := append([]byte(nil), image...)
		copy(file[int(at)%len(file):], change)
		copy(file[int(again)%len(file):], more)
		digest := sha256.Sum256(file[:headerSize-sha256.Size])
		copy(file[headerSize-sha256.Size:], digest[:])
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		lookAround(t, file)
		runtime.ReadMemStats(&after)
		if n := after.TotalAlloc - before.TotalAlloc; n > 16<<20 {
			t.Fatalf("%d bytes allocated for a file of %d", n, len(file))
		}
	})
}

// lookAround looks many digests up in a file. Any error is one of this package.
func lookAround(t *testing.T, file []byte) {
	l, err := decode(file[:min(len(file), headerSize)], int64(len(file)))
	if err != nil {
		if !errors.Is(err, ErrDamaged) && !errors.Is(err, ErrForeign) {
			t.Fatal(err)
		}
		return
	}
	var s Set
	s.use(file, l)
	for k := range kinds {
		for i := range 250 {
			if !s.tables[k].mayHave(int64(i + 1)) {
				continue
			}
			look := lookup{set: &s}
			if err := look.find(k, sum(i)[:widths[k]], int64(i+1), ""); err != nil && !errors.Is(err, ErrDamaged) {
				t.Fatal(err)
			}
		}
	}
}
