package scanner

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"testing"

	"github.com/ulikunitz/xz/lzma"

	"github.com/fivefifty/fivefifty/archive"
)

// xzOf makes an xz file of one stored block.
func xzOf(body string) []byte {
	sum := func(b []byte, from int) []byte {
		return binary.LittleEndian.AppendUint32(b, crc32.ChecksumIEEE(b[from:]))
	}
	b := sum([]byte("\xfd7zXZ\x00\x00\x00"), 6)
	block := len(b)
	b = sum(append(b, 2, 0, 0x21, 1, 16, 0, 0, 0), block)
	b = append(b, 1, byte((len(body)-1)>>8), byte(len(body)-1))
	b = append(append(b, body...), 0)
	unpadded := len(b) - block
	b = append(b, make([]byte, -len(b)&3)...)
	index := len(b)
	b = append(b, 0, 1)
	b = binary.AppendUvarint(b, uint64(unpadded))
	b = binary.AppendUvarint(b, uint64(len(body)))
	b = append(b, make([]byte, -(len(b)-index)&3)...)
	b = sum(b, index)
	footer := binary.LittleEndian.AppendUint32(nil, uint32(len(b)-index)/4-1)
	footer = append(footer, 0, 0)
	b = binary.LittleEndian.AppendUint32(b, crc32.ChecksumIEEE(footer))
	return append(append(b, footer...), "YZ"...)
}

// farBack is an attachment whose second half is n bytes that are those of the first.
func farBack(n int) func(*testing.T) string {
	return func(t *testing.T) string {
		var out bytes.Buffer
		w, err := lzma.WriterConfig{DictCap: 4 << 20}.NewWriter(&out)
		if err != nil {
			t.Fatal(err)
		}
		half := random(n)
		for range 2 {
			if _, err := w.Write(half); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		return mail(part{name: "a.lzma", body: out.Bytes()})
	}
}

func TestCompressedNames(t *testing.T) {
	for name, want := range map[string]string{
		"a.tar.xz": "a.tar", "a.TXZ": "a.tar", "a.tzst": "a.tar", "a.tlz": "a.tar", "a.tbz2": "a.tar", "a.taz": "a.tar",
		"a.js.lz4": "a.js", "b.svgz": "b.svg", "noext": "", ".xz": "",
	} {
		if got := stripCompression(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	r := scanString(t, newScanner(t, Config{}), mail(part{name: "invoice.js.xz", body: xzOf(marker)}))
	if r.Verdict != VerdictMalicious {
		t.Errorf("verdict %v, %+v", r.Verdict, uncheckedOf(r))
	}
	for _, o := range r.Objects {
		for _, n := range o.Names {
			if n == "invoice.js" {
				return
			}
		}
	}
	t.Error("the member is not called by its container's name")
}

// TestContainersAreOpened: each true type whose format archive knows is one that
// archive detects, else it would be neither opened nor reported.
func TestContainersAreOpened(t *testing.T) {
	for f := range singleStream {
		if !archive.Known(f) || formatOf(string(f)) != f {
			t.Errorf("%s is not opened", f)
		}
	}
}
