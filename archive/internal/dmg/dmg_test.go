package dmg

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fivefifty/fivefifty/archive/internal/archivetest"
	"github.com/fivefifty/fivefifty/archive/internal/device"
	"github.com/fivefifty/fivefifty/archive/internal/level"
	"github.com/fivefifty/fivefifty/internal/lzfse/lzfsetest"
)

// chunk is a chunk of a forged disk image.
type chunk struct {
	kind    uint32
	sectors int
	data    string
}

// imageOf writes a disk image of one partition.
func imageOf(chunks ...chunk) []byte { return partitionsOf(chunks) }

// partitionsOf writes a disk image of partitions.
func partitionsOf(partitions ...[]chunk) []byte {
	be := binary.BigEndian
	var out []byte
	var tables strings.Builder
	for i, chunks := range partitions {
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
		be.PutUint32(table[4:], 1)
		fmt.Fprintf(&tables, "<dict><key>Attributes</key><string>0x0050</string><key>Data</key><data>\n%s\n</data><key>ID</key><string>%d</string><key>Name</key><string>disk image &amp; more</string></dict>",
			base64.StdEncoding.EncodeToString(table), i)
	}
	list := "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<plist version=\"1.0\"><dict><key>resource-fork</key><dict><key>blkx</key><array>" + tables.String() + "</array></dict></dict></plist>"
	trailer := make([]byte, trailerBytes)
	copy(trailer, dmgTrailer)
	be.PutUint32(trailer[8:], trailerBytes)
	be.PutUint64(trailer[32:], uint64(len(out)))
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
	image = imageOf(chunk{0x80000009, 1, "unknown"}, chunk{dmgLZFSE, 1, "bvx2"}, chunk{dmgBzip2, 1, string(archivetest.Bzip2Stream)}, chunk{dmgRaw, n, body})
	all, _, err = archivetest.ReadAll(t, Format, image)
	if err != nil || len(all) != 1 || !errors.Is(all[0].Fault, level.ErrMalformed) || !strings.HasPrefix(all[0].Data[512:], hello[:12]) || !archivetest.Holds(all) {
		t.Errorf("%d members, %v: %+v", len(all), err, all)
	}
	if _, _, err := archivetest.ReadAll(t, Format, append([]byte("encrcdsa"), make([]byte, 2000)...)); !errors.Is(err, level.ErrEncrypted) {
		t.Error(err)
	}
}

// lzfseChunks are one body packed in all the ways.
func lzfseChunks(body string) []chunk {
	half := len(body) / 1024 * 512
	n := len(body) / 512
	lzvn := append(lzfsetest.LZVNBlock([]byte(body)), lzfsetest.End...)
	mixed := append(append(lzfsetest.StoredBlock([]byte(body[:half])), lzfsetest.LZVNBlock([]byte(body[half:]))...), lzfsetest.Pack([]byte(body), false)...)
	return []chunk{
		{dmgLZFSE, n, string(lzfsetest.Pack([]byte(body), false))}, {dmgLZFSE, n, string(lzfsetest.Pack([]byte(body), true))},
		{dmgLZFSE, n, string(lzvn)}, {dmgLZFSE, 2 * n, string(mixed)},
	}
}

func TestDMGLZFSE(t *testing.T) {
	for _, body := range []string{sectorsOf(archivetest.Payload), archivetest.Text(400 << 10), sectorsOf(archivetest.Bodies()["mixed"])} {
		chunks := lzfseChunks(body)
		image := imageOf(append(chunks, chunk{dmgEnd, 0, ""})...)
		want := strings.Repeat(body, 5)
		all, r, err := archivetest.ReadAll(t, Format, image)
		if err != nil || len(all) != 1 || all[0].Fault != nil || all[0].Data != want || len(archivetest.NoteNames(all, r)) > 0 {
			t.Fatalf("%d members, %v: %d bytes of %d, %v", len(all), err, len(all[0].Data), len(want), all[0].Fault)
		}
		t.Run("7-Zip", func(t *testing.T) { // takes the packer of this test for one
			dir := t.TempDir()
			for i, c := range chunks {
				if strings.HasPrefix(c.data, "bvx1") || strings.HasPrefix(c.data, "bvx-") {
					continue // it does not read the one, and does not find the end of the other
				}
				image := imageOf(c, chunk{dmgEnd, 0, ""})
				if err := os.WriteFile(filepath.Join(dir, "image.dmg"), image, 0o666); err != nil {
					t.Fatal(err)
				}
				if got := archivetest.Shell(t, dir, "7zz e -so image.dmg > OUT"); string(got) != strings.Repeat(body, c.sectors/chunks[0].sectors) {
					t.Errorf("chunk %d: %d bytes", i, len(got))
				}
			}
		})
	}
}

// Chunks that share their bytes are decoded only so often.
func TestDMGShared(t *testing.T) {
	idle := string(lzfsetest.End) + strings.Repeat("x", 1<<20)
	shared := []chunk{{dmgLZFSE, 1, idle}}
	for range 200 {
		shared = append(shared, chunk{dmgLZFSE, 1, ""})
	}
	image := imageOf(shared...)
	table := bytes.Index(image, []byte("<data>\n")) + len("<data>\n")
	end := bytes.Index(image, []byte("\n</data>"))
	raw, err := base64.StdEncoding.DecodeString(string(image[table:end]))
	if err != nil {
		t.Fatal(err)
	}
	for at := 204; at < len(raw); at += entryBytes {
		copy(raw[at+24:at+40], raw[204+24:204+40])
	}
	copy(image[table:end], base64.StdEncoding.EncodeToString(raw))
	all, _, err := archivetest.ReadAll(t, Format, image)
	if err != nil || len(all) != 1 || all[0].Fault == nil || len(all[0].Data) != 201*512 {
		t.Fatalf("%d members, %v", len(all), err)
	}
	dev := device.New(bytes.NewReader(image), int64(len(image)))
	for dev.Spend(1 << 20) {
	}
	c := &chunks{dev: dev}
	c.next(raw[204 : 204+entryBytes])
	if !errors.Is(c.fail, level.ErrLimit) {
		t.Errorf("without work left: %v", c.fail)
	}
}

// A chunk of the kind that Apple calls LZMA is a stream of xz.
func TestDMGXz(t *testing.T) {
	one, two := archivetest.Text(200<<10), sectorsOf(archivetest.Payload)
	image := imageOf(chunk{dmgLZMA, len(one) / 512, string(archivetest.Tool(t, one, "xz", "-c"))}, chunk{dmgLZMA, 1, "no xz"},
		chunk{dmgLZMA, len(two) / 512, string(archivetest.Tool(t, two, "xz", "-c"))}, chunk{dmgEnd, 0, ""})
	all, _, err := archivetest.ReadAll(t, Format, image)
	if err != nil || len(all) != 1 || all[0].Data != one+string(make([]byte, 512))+two || !errors.Is(all[0].Fault, level.ErrMalformed) {
		t.Errorf("%d members, %v: %d bytes, %v", len(all), err, len(all[0].Data), all[0].Fault)
	}
}

func FuzzDMG(f *testing.F) {
	body := sectorsOf(archivetest.Payload)
	f.Add(imageOf(chunk{dmgRaw, 1, body}, chunk{dmgZlib, 1, archivetest.ZlibOf(body)}, chunk{dmgADC, 1, "\x83abcd\x40\x00\x03"}, chunk{dmgBzip2, 1, string(archivetest.Bzip2Stream)}))
	f.Add(imageOf(lzfseChunks(sectorsOf("a short text, a short text"))...))
	f.Add(imageOf(chunk{dmgLZMA, 1, "\xfd7zXZ\x00\x00\x01\x69\x22\xde\x36\x02\x00\x21\x01\x16\x00\x00\x00\x74\x2f\xe5\xa3\x01\x00\x02abc\x00"}))
	f.Fuzz(func(t *testing.T, data []byte) { archivetest.FuzzRead(t, Format, data, 64<<20) })
}
