package inno

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"strings"
	"testing"

	"github.com/fivefifty/fivefifty/archive/internal/archivetest"
)

// loader is a program with the loader's table, of whatever it begins with, as a resource.
func loader(table []byte) []byte {
	var b bytes.Buffer
	archivetest.Put(&b, "MZ", make([]byte, 58), uint32(64))
	archivetest.Put(&b, "PE\x00\x00", uint16(0x14c), uint16(1), make([]byte, 12), uint16(224), uint16(0))
	opt := make([]byte, 224)
	binary.LittleEndian.PutUint16(opt, 0x10b)
	binary.LittleEndian.PutUint32(opt[96+16:], 0x1000)
	archivetest.Put(&b, opt, ".rsrc\x00\x00\x00", uint32(0x200), uint32(0x1000), uint32(0x200), uint32(0x200), make([]byte, 16))
	b.Write(make([]byte, 0x200-b.Len()))
	folder := func(id, next uint32) {
		archivetest.Put(&b, make([]byte, 14), uint16(1), id, next)
	}
	folder(rawData, 1<<31|24)
	folder(tableNumber, 1<<31|48)
	folder(0, 72)
	archivetest.Put(&b, uint32(0x1000+96), uint32(len(table)), make([]byte, 16), table)
	b.Write(make([]byte, 0x400-b.Len()))
	return b.Bytes()
}

// A setup is found by what its own loader looks for, wherever the rest is.
func TestLoader(t *testing.T) {
	v2 := make([]byte, 60)
	v2[12] = 2
	v2 = binary.LittleEndian.AppendUint32(v2, crc32.ChecksumIEEE(v2))
	v1 := append(make([]byte, 40), "\x00\x00\x00\x00"...)
	binary.LittleEndian.PutUint32(v1[40:], crc32.ChecksumIEEE(v1[:40]))
	data := solid(60700, "stored").make()[0x200:]
	far := strings.Repeat("x", 2<<20)
	for name, c := range map[string]struct {
		table []byte
		gap   string
		found bool
	}{
		"at the end of sections":    {nil, "", true},
		"new table":                 {v2, far, true},
		"old table":                 {v1, far, true},
		"table by its name":         {append([]byte("rDlPtS"), make([]byte, 50)...), far, true},
		"no table, and a gap":       {nil, "x", true}, // by the identification
		"other resource, far apart": {make([]byte, 64), far, false},
	} {
		setup := append(loader(c.table), c.gap...)
		setup = append(append(setup, data...), far...)
		if got := archivetest.Detects(setup, Format); got != c.found {
			t.Errorf("%s: %v", name, got)
		}
		all, _, err := archivetest.ReadAll(t, Format, setup)
		if err != nil || archivetest.Find(all, "{app}/a.exe") == nil {
			t.Errorf("%s: %v\n%s", name, err, archivetest.Listing(all))
		}
	}
	for cut := range 0x400 {
		archivetest.Detects(loader(v2)[:cut], Format)
	}
}
