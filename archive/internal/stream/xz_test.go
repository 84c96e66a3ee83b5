package stream

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fivefifty/fivefifty/archive/internal/archivetest"
)

func TestXzPeers(t *testing.T) {
	for name, body := range archivetest.Bodies() {
		for _, args := range []string{
			"-0", "-6", "-9e", "--check=none", "--check=crc32", "--check=sha256", "--block-size=30KiB -0", "--lzma2=dict=4KiB,lc=0,lp=4,pb=0",
			"--delta=dist=1 --lzma2", "--delta=dist=256 --lzma2", "--x86 --delta=dist=3 --arm --lzma2", "-T2 --block-size=100KiB",
		} {
			t.Run(name+strings.ReplaceAll(args, " ", ""), func(t *testing.T) {
				archivetest.WantBody(t, Xz, archivetest.Tool(t, body, "xz", append(strings.Fields(args), "-c")...), body)
			})
		}
	}
}

// TestXzFilters runs the filters of machine code over this test's own code,
// which holds what they look for, and over noise that holds much of it.
func TestXzFilters(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	code, err := os.ReadFile(self)
	if err != nil {
		t.Fatal(err)
	}
	code = code[:min(len(code), 500_000)]
	noise := []byte(archivetest.Bodies()["noise"])
	for i := range noise {
		// The bytes that filters look for, near each other.
		if noise[i]%3 == 0 {
			noise[i] = []byte{0xe8, 0xe9, 0, 0xff, 0xeb, 0x48, 0xf0, 0xf8, 0x94, 0x90, 0x40, 0x7f, 0x10, 0x16, 0x50, 1}[noise[i]/3%16]
		}
	}
	for _, name := range []string{"--x86", "--powerpc", "--ia64", "--arm", "--armthumb", "--arm64", "--sparc", "--x86=start=4096", "--arm64=start=65536", "--riscv", "--riscv=start=64"} {
		for _, body := range []string{string(code), string(noise), "short"} {
			t.Run(name, func(t *testing.T) {
				if exec.Command("xz", name, "--lzma2", "-c", os.DevNull).Run() != nil {
					t.Skip("xz does not know the filter")
				}
				archivetest.WantBody(t, Xz, archivetest.Tool(t, body, "xz", name, "--lzma2=preset=0", "-c"), body)
			})
		}
	}
}

// Another packer's, which knows filters that older ones do not.
func TestXzFilters7z(t *testing.T) {
	archivetest.Program(t, "7zz")
	body := string(archivetest.PackedProgram(100_000))
	for _, filter := range []string{"ARM64", "RISCV"} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "f"), []byte(body), 0o666); err != nil {
			t.Fatal(err)
		}
		data := archivetest.Shell(t, dir, "7zz a -txz -mf="+filter+" OUT.xz f && mv OUT.xz OUT")
		archivetest.WantBody(t, Xz, data, body)
	}
}

func TestXzConcatenated(t *testing.T) {
	one := archivetest.Tool(t, archivetest.Payload, "xz", "-c")
	two := archivetest.Tool(t, "second", "xz", "-c", "--check=crc32")
	archivetest.WantBody(t, Xz, bytes.Join([][]byte{one, two}, nil), archivetest.Payload+"second")
	archivetest.WantBody(t, Xz, bytes.Join([][]byte{one, make([]byte, 8), two, make([]byte, 4)}, nil), archivetest.Payload+"second")
}
