package archive

import (
	"bytes"
	"compress/zlib"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"testing"
)

// dmgChunk is a chunk of a forged disk image.
type dmgChunk struct {
	kind    uint32
	sectors int
	data    string
}

// dmgOf writes a disk image of one partition.
func dmgOf(chunks ...dmgChunk) []byte {
	be := binary.BigEndian
	var out []byte
	table := make([]byte, 204)
	copy(table, "mish")
	be.PutUint32(table[200:], uint32(len(chunks)))
	sector := 0
	for _, c := range chunks {
		e := make([]byte, dmgEntryBytes)
		be.PutUint32(e, c.kind)
		be.PutUint64(e[8:], uint64(sector))
		be.PutUint64(e[16:], uint64(c.sectors))
		be.PutUint64(e[24:], uint64(len(out)))
		be.PutUint64(e[32:], uint64(len(c.data)))
		table = append(table, e...)
		out = append(out, c.data...)
		sector += c.sectors
	}
	be.PutUint64(table[16:], uint64(sector))
	list := fmt.Sprintf("<plist><dict><key>blkx</key><array><dict><key>Data</key><data>\n%s\n</data><key>Name</key><string>disk image &amp; more</string></dict></array></dict></plist>",
		base64.StdEncoding.EncodeToString(table))
	trailer := make([]byte, dmgTrailerBytes)
	copy(trailer, dmgTrailer)
	be.PutUint64(trailer[216:], uint64(len(out)))
	be.PutUint64(trailer[224:], uint64(len(list)))
	return append(append(out, list...), trailer...)
}

func zlibOf(s string) string {
	var b bytes.Buffer
	w := zlib.NewWriter(&b)
	w.Write([]byte(s))
	w.Close()
	return b.String()
}

func sectorsOf(s string) string { return s + strings.Repeat("\x00", -len(s)&511) }

func TestDMG(t *testing.T) {
	body := sectorsOf(payload)
	n := len(body) / 512
	hello := sectorsOf("hello world\n")
	adc := "\x83abcd" + "\x40\x00\x03" + "\x04\x00" + strings.Repeat("\x00", 0) // abcd, 4 bytes from 4 back, 4 from 1 back
	image := dmgOf(dmgChunk{dmgRaw, n, body}, dmgChunk{dmgZero, 1, ""}, dmgChunk{dmgZlib, n, zlibOf(body)},
		dmgChunk{0x7ffffffe, 0, ""}, dmgChunk{dmgADC, 1, adc + "\xff" + strings.Repeat("z", 128) + "\xff" + strings.Repeat("z", 128) + "\xff" + strings.Repeat("z", 128) + "\xf3" + strings.Repeat("z", 116)}, dmgChunk{dmgEnd, 0, ""})
	want := body + string(make([]byte, 512)) + body + "abcdabcddddd" + strings.Repeat("z", 500)
	all, r, err := readAll(t, DMG, image)
	if err != nil || len(all) != 1 || all[0].err != nil || all[0].data != want || all[0].Names[0] != "disk image & more.img" || len(noteNames(all, r)) > 0 {
		t.Errorf("%d members, %v: %+v", len(all), err, all)
	}
	image = dmgOf(dmgChunk{dmgLZFSE, 1, "bvx2"}, dmgChunk{dmgBzip2, 1, string(bzip2Stream)}, dmgChunk{dmgRaw, n, body})
	all, _, err = readAll(t, DMG, image)
	if err != nil || len(all) != 1 || !errors.Is(all[0].err, ErrUnsupported) || !strings.HasPrefix(all[0].data[512:], hello[:12]) || !holds(all) {
		t.Errorf("%d members, %v: %+v", len(all), err, all)
	}
	if _, _, err := readAll(t, DMG, append([]byte("encrcdsa"), make([]byte, 2000)...)); !errors.Is(err, ErrEncrypted) {
		t.Error(err)
	}
}

func FuzzDMG(f *testing.F) {
	body := sectorsOf(payload)
	f.Add(dmgOf(dmgChunk{dmgRaw, 1, body}, dmgChunk{dmgZlib, 1, zlibOf(body)}, dmgChunk{dmgADC, 1, "\x83abcd\x40\x00\x03"}, dmgChunk{dmgBzip2, 1, string(bzip2Stream)}))
	f.Fuzz(func(t *testing.T, data []byte) { fuzzRead(t, DMG, data, 64<<20) })
}
