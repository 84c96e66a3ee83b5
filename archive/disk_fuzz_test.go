package archive

import (
	"bytes"
	"testing"
)

// shortISO is an image of a few sectors with one directory and one file.
func shortISO() []byte { return isoOf(isoEntry{name: "P.JS;1", body: payload}).image() }

func FuzzISO(f *testing.F) {
	f.Add(shortISO())
	f.Add(isoOf(isoEntry{name: "A", body: payload, joliet: true, rock: "NM\x09\x01\x00p.js"}).image())
	f.Fuzz(func(t *testing.T, data []byte) { fuzzRead(t, ISO, data, 8<<20) })
}

func FuzzUDF(f *testing.F) {
	for kind := range uint16(4) {
		u := newUDFForge()
		u.adKind = kind
		f.Add(packSectors(udfTree(u)))
	}
	f.Fuzz(func(t *testing.T, data []byte) { fuzzRead(t, UDF, unpackSectors(data), 16<<20) })
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

// unpackSectors is the reverse; an image has 2 MiB.
func unpackSectors(data []byte) []byte {
	image := make([]byte, 2<<20)
	for len(data) > 2 {
		at := (int(data[0])<<8 | int(data[1])) % (len(image) / 512) * 512
		data = data[2:]
		n := copy(image[at:at+512], data)
		data = data[n:]
	}
	return image
}

func FuzzFAT(f *testing.F) {
	for _, bits := range []int{12, 16, 32} {
		f.Add(packSectors(forgeFAT(bits, fatTree...)))
	}
	f.Fuzz(func(t *testing.T, data []byte) { fuzzRead(t, FAT, unpackSectors(data), 1<<20) })
}

func FuzzDisk(f *testing.F) {
	fat := forgeFAT(12, fatTree...)
	f.Add(packSectors(partitioned(1, fat[:512<<10])))
	f.Add(packSectors(partitioned(7, blankVolume(3, "NTFS    "), blankVolume(100, "?"))))
	f.Fuzz(func(t *testing.T, data []byte) { fuzzRead(t, Disk, unpackSectors(data), 32<<20) })
}

func FuzzVHD(f *testing.F) {
	f.Add(packSectors(forgeVHD(partitioned(1, forgeFAT(12, fatTree...)[:256<<10]))))
	f.Fuzz(func(t *testing.T, data []byte) { fuzzRead(t, VHD, unpackSectors(data), 32<<20) })
}

func FuzzVHDX(f *testing.F) {
	f.Add(packSectors(forgeVHDX(partitioned(1, forgeFAT(12, fatTree...)[:64<<10])[:1<<20])))
	f.Fuzz(func(t *testing.T, data []byte) { fuzzRead(t, VHDX, unpackSectors(data), 32<<20) })
}
