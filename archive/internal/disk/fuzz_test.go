package disk

import (
	"bytes"
	"testing"

	"github.com/fivefifty/fivefifty/archive/internal/archivetest"
	"github.com/fivefifty/fivefifty/archive/internal/level"
)

// shortISO is an image of a few sectors with one directory and one file.
func shortISO() []byte { return isoOf(isoEntry{name: "P.JS;1", body: archivetest.Payload}).image() }

func FuzzISO(f *testing.F) {
	f.Add(packSectors(shortISO()))
	f.Add(packSectors(isoOf(isoEntry{name: "A", body: archivetest.Payload, joliet: true, rock: "NM\x09\x01\x00p.js"}).image()))
	f.Fuzz(func(t *testing.T, data []byte) { fuzzImage(t, ISO, data) })
}

func FuzzUDF(f *testing.F) {
	for kind := range uint16(4) {
		u := newUDFForge()
		u.adKind = kind
		f.Add(packSectors(udfTree(u)))
	}
	f.Fuzz(func(t *testing.T, data []byte) { fuzzImage(t, UDF, data) })
}

// packSectors keeps the sectors that are not empty, each behind its number, so
// that a sparse image is a short input.
func packSectors(image []byte) []byte {
	var out []byte
	for i := 0; i+512 <= len(image); i += 512 {
		if s := image[i : i+512]; len(bytes.Trim(s, "\x00")) > 0 {
			out = append(append(out, byte(i/512>>8), byte(i/512)), s...)
		}
	}
	return out
}

// fuzzImage reads the image that packed sectors describe. What may be allocated
// depends on what was packed, not on the zeros between.
func fuzzImage(t *testing.T, f *level.Format, packed []byte) {
	image := unpackSectors(packed)
	most := 16<<20 + 64*uint64(len(packed))
	archivetest.FuzzRead(t, f, image, most-256*uint64(len(image)))
}

// unpackSectors is the reverse of packSectors. An image ends where its last sector
// does, within 2 MiB.
func unpackSectors(data []byte) []byte {
	image, end := make([]byte, 2<<20), 0
	for len(data) > 2 {
		at := (int(data[0])<<8 | int(data[1])) % (len(image) / 512) * 512
		data = data[2:]
		n := copy(image[at:at+512], data)
		data = data[n:]
		end = max(end, at+512)
	}
	return image[:end]
}

func FuzzFAT(f *testing.F) {
	for _, bits := range []int{12, 16, 32} {
		f.Add(packSectors(forgeFAT(bits, fatTree...)))
	}
	f.Fuzz(func(t *testing.T, data []byte) { fuzzImage(t, FAT, data) })
}

func FuzzDisk(f *testing.F) {
	fat := forgeFAT(12, fatTree...)
	f.Add(packSectors(partitioned(1, fat[:512<<10])))
	f.Add(packSectors(partitioned(7, blankVolume(3, "NTFS    "), blankVolume(100, "?"))))
	f.Fuzz(func(t *testing.T, data []byte) { fuzzImage(t, Disk, data) })
}

func FuzzVHD(f *testing.F) {
	f.Add(packSectors(forgeVHD(partitioned(1, forgeFAT(12, fatTree...)[:256<<10]))))
	f.Fuzz(func(t *testing.T, data []byte) { fuzzImage(t, VHD, data) })
}

func FuzzVHDX(f *testing.F) {
	f.Add(packSectors(forgeVHDX(partitioned(1, forgeFAT(12, fatTree...)[:64<<10])[:1<<20])))
	f.Fuzz(func(t *testing.T, data []byte) { fuzzImage(t, VHDX, data) })
}
