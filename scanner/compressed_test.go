package scanner

import (
	"encoding/binary"
	"hash/crc32"
	"testing"

	"github.com/fivefifty/fivefifty/archive"
)

// xzOf makes an xz file of one stored block, with the property of its dictionary:
// 16 is 1 MiB, 17 is one and a half.
func xzOf(body string, property byte) []byte {
	sum := func(b []byte, from int) []byte {
		return binary.LittleEndian.AppendUint32(b, crc32.ChecksumIEEE(b[from:]))
	}
	b := sum([]byte("\xfd7zXZ\x00\x00\x00"), 6)
	block := len(b)
	b = sum(append(b, 2, 0, 0x21, 1, property, 0, 0, 0), block)
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

func xzDictionary(property byte) func(*testing.T) string {
	return func(*testing.T) string { return mail(part{name: "a.xz", body: xzOf("body", property)}) }
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
	r := scanString(t, newScanner(t, Config{}), mail(part{name: "invoice.js.xz", body: xzOf(marker, 16)}))
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
