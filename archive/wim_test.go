package archive

import (
	"bytes"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
)

// wimTree has what exercises the decoders: text, noise, long runs, calls.
func wimTree(t testing.TB) map[string]string {
	files := treeFiles()
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
	files["noise.bin"] = string(noise)
	files["calls.bin"] = string(calls)
	files["text.txt"] = text(500_000)
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

func TestWIMTools(t *testing.T) {
	files := wimTree(t)
	root := plant(t, files)
	for name, args := range map[string][]string{
		"none":       {"--compress=none"},
		"xpress":     {"--compress=XPRESS"},
		"xpress-64k": {"--compress=XPRESS", "--chunk-size=64K"},
		"lzx":        {"--compress=LZX"},
		"lzx-max":    {"--compress=maximum:100"},
		"lzx-2m":     {"--compress=LZX", "--chunk-size=2M"},
	} {
		t.Run(name, func(t *testing.T) {
			image := filepath.Join(t.TempDir(), "image.wim")
			run(t, "wimlib-imagex", append([]string{"capture", root, image, "--no-acls"}, args...)...)
			checkTree(t, WIM, slurp(t, image), files)
		})
	}
}

func TestWIMSolid(t *testing.T) {
	image := filepath.Join(t.TempDir(), "image.esd")
	run(t, "wimlib-imagex", "capture", plant(t, treeFiles()), image, "--solid", "--no-acls")
	all, _, err := readAll(t, WIM, slurp(t, image))
	unread := 0
	for _, g := range all {
		if g.Err != nil {
			unread++
		}
	}
	if err != nil || unread == 0 {
		t.Errorf("%d members, %d unread, %v", len(all), unread, err)
	}
}

// FuzzWIMDecoders feeds both decoders with arbitrary bits.
func FuzzWIMDecoders(f *testing.F) {
	f.Add([]byte("\x01\x02"), false)
	f.Add(bytes.Repeat([]byte{0x99}, 600), true)
	var xpress xpressDecoder
	lzx, err := newWIMLZX(32 << 10)
	if err != nil {
		f.Fatal(err)
	}
	out := make([]byte, 32<<10)
	f.Fuzz(func(t *testing.T, in []byte, which bool) {
		var d chunkDecoder = &xpress
		if which {
			d = lzx
		}
		if n, err := d.decode(out, in); n < 0 || n > len(out) || err == nil && n < len(out) {
			t.Errorf("%d bytes, %v", n, err)
		}
	})
}

// BenchmarkWIM decodes what wimlib compressed.
func BenchmarkWIM(b *testing.B) {
	body := text(2 << 20)
	root := plant(b, map[string]string{"a.txt": body})
	for _, method := range []string{"none", "XPRESS", "LZX"} {
		image := filepath.Join(b.TempDir(), "image.wim")
		run(b, "wimlib-imagex", "capture", root, image, "--no-acls", "--compress="+method)
		data := slurp(b, image)
		b.Run("method="+method, func(b *testing.B) {
			b.SetBytes(int64(len(body)))
			b.ReportAllocs()
			for b.Loop() {
				drain(b, WIM, data)
			}
		})
	}
}
