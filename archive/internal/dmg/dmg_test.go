package dmg

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/fivefifty/fivefifty/archive/internal/archivetest"
	"github.com/fivefifty/fivefifty/archive/internal/level"
)

// chunk is a chunk of a forged disk image.
type chunk struct {
	kind    uint32
	sectors int
	data    string
}

// imageOf writes a disk image of one partition.
func imageOf(chunks ...chunk) []byte {
	be := binary.BigEndian
	var out []byte
	table := make([]byte, 204)
	copy(table, "mish")
	be.PutUint32(table[200:], uint32(len(chunks)))
	sector := 0
	for _, c := range chunks {
		e := make([]byte, entryBytes)
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
	trailer := make([]byte, trailerBytes)
	copy(trailer, dmgTrailer)
	be.PutUint64(trailer[216:], uint64(len(out)))
	be.PutUint64(trailer[224:], uint64(len(list)))
	return append(append(out, list...), trailer...)
}

func sectorsOf(s string) string { return s + strings.Repeat("\x00", -len(s)&511) }

func TestDMG(t *testing.T) {
	body := sectorsOf(archivetest.Payload)
	n := len(body) / 512
	hello := sectorsOf("hello world\n")
	adc := "\x83abcd" + "\x40\x00\x03" + "\x04\x00" + strings.Repeat("\x00", 0) // abcd, 4 bytes from 4 back, 4 from 1 back
	image := imageOf(chunk{dmgRaw, n, body}, chunk{dmgZero, 1, ""}, chunk{dmgZlib, n, archivetest.ZlibOf(body)},
		chunk{0x7ffffffe, 0, ""}, chunk{dmgADC, 1, adc + "\xff" + strings.Repeat("z", 128) + "\xff" + strings.Repeat("z", 128) + "\xff" + strings.Repeat("z", 128) + "\xf3" + strings.Repeat("z", 116)}, chunk{dmgEnd, 0, ""})
	want := body + string(make([]byte, 512)) + body + "abcdabcddddd" + strings.Repeat("z", 500)
	all, r, err := archivetest.ReadAll(t, Format, image)
	if err != nil || len(all) != 1 || all[0].Fault != nil || all[0].Data != want || all[0].Names[0] != "disk image & more.img" || len(archivetest.NoteNames(all, r)) > 0 {
		t.Errorf("%d members, %v: %+v", len(all), err, all)
	}
	image = imageOf(chunk{dmgLZFSE, 1, "bvx2"}, chunk{dmgBzip2, 1, string(archivetest.Bzip2Stream)}, chunk{dmgRaw, n, body})
	all, _, err = archivetest.ReadAll(t, Format, image)
	if err != nil || len(all) != 1 || !errors.Is(all[0].Fault, level.ErrUnsupported) || !strings.HasPrefix(all[0].Data[512:], hello[:12]) || !archivetest.Holds(all) {
		t.Errorf("%d members, %v: %+v", len(all), err, all)
	}
	if _, _, err := archivetest.ReadAll(t, Format, append([]byte("encrcdsa"), make([]byte, 2000)...)); !errors.Is(err, level.ErrEncrypted) {
		t.Error(err)
	}
}

func FuzzDMG(f *testing.F) {
	body := sectorsOf(archivetest.Payload)
	f.Add(imageOf(chunk{dmgRaw, 1, body}, chunk{dmgZlib, 1, archivetest.ZlibOf(body)}, chunk{dmgADC, 1, "\x83abcd\x40\x00\x03"}, chunk{dmgBzip2, 1, string(archivetest.Bzip2Stream)}))
	f.Fuzz(func(t *testing.T, data []byte) { archivetest.FuzzRead(t, Format, data, 64<<20) })
}

func BenchmarkDMG(b *testing.B) {
	body := archivetest.Text(1 << 20)
	archivetest.BenchFormat(b, Format, imageOf(chunk{dmgZlib, len(body) / 512, archivetest.ZlibOf(body)}), len(body))
}
