package image

import (
	"bytes"
	"compress/flate"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"testing"

	"github.com/fivefifty/fivefifty/archive/internal/archivetest"
	"github.com/fivefifty/fivefifty/archive/internal/device"
	"github.com/fivefifty/fivefifty/archive/internal/level"
)

func deviceOf(b []byte) *device.Device { return device.New(bytes.NewReader(b), int64(len(b))) }

func deflated(b []byte) []byte {
	var out bytes.Buffer
	w, _ := flate.NewWriter(&out, 9)
	w.Write(b)
	w.Close()
	return out.Bytes()
}

func zlibbed(b []byte) []byte {
	var out bytes.Buffer
	w := zlib.NewWriter(&out)
	w.Write(b)
	w.Close()
	return out.Bytes()
}

// padTo appends zeros up to a multiple of n.
func padTo(b []byte, n int) []byte { return append(b, make([]byte, (n-len(b)%n)%n)...) }

// pieces cuts a disk into blocks, the last of which is filled up with zeros.
func pieces(disk []byte, n int) (all [][]byte) {
	disk = padTo(bytes.Clone(disk), n)
	for ; len(disk) > 0; disk = disk[n:] {
		all = append(all, disk[:n])
	}
	return all
}

func zeros(b []byte) bool { return len(bytes.Trim(b, "\x00")) == 0 }

// forgeVDI has blocks of 4 KiB with 512 bytes before each.
func forgeVDI(disk []byte) []byte {
	le := binary.LittleEndian
	const block, extra = 4096, 512
	h := make([]byte, 512)
	copy(h, "<<< image >>>\n")
	copy(h[vdiAt:], vdiMagic)
	parts := pieces(disk, block)
	table := make([]byte, 4*len(parts))
	for at, v := range map[int]uint32{
		0x44: 0x10001, 0x48: 0x190, 0x4c: vdiDynamic, 0x154: 512, 0x158: uint32(512 + len(table)),
		0x168: 512, 0x170: uint32(len(disk)), 0x178: block, 0x17c: extra, 0x180: uint32(len(parts)),
	} {
		le.PutUint32(h[at:], v)
	}
	image := append(h, table...)
	n := uint32(0)
	for i, p := range parts {
		if zeros(p) {
			le.PutUint32(image[512+4*i:], 0xffffffff)
			continue
		}
		le.PutUint32(image[512+4*i:], n)
		n++
		image = append(append(image, make([]byte, extra)...), p...)
	}
	return image
}

// forgeQCOW has clusters of 4 KiB, version 3.
func forgeQCOW(disk []byte, pack bool) []byte {
	be := binary.BigEndian
	const cluster = 4096
	image := make([]byte, 3*cluster) // header, first table, second table
	copy(image, qcowMagic)
	be.PutUint32(image[4:], 3)
	be.PutUint32(image[20:], 12)
	be.PutUint64(image[24:], uint64(len(disk)))
	be.PutUint32(image[36:], 1)
	be.PutUint64(image[40:], cluster)
	be.PutUint32(image[96:], 4)
	be.PutUint32(image[100:], 104)
	be.PutUint64(image[cluster:], 2*cluster|1<<63)
	for i, p := range pieces(disk, cluster)[:min(512, (len(disk)+cluster-1)/cluster)] {
		e := uint64(len(image))
		switch {
		case zeros(p):
			e = 0
		case pack:
			d := deflated(p)
			e = qcowPacked | e | uint64((int(e)%512+len(d)-1)/512)<<(62-4)
			image = append(image, d...)
		default:
			e |= 1 << 63
			image = append(image, p...)
		}
		be.PutUint64(image[2*cluster+8*i:], e)
	}
	return image
}

// forgeOld is of version 1, with clusters of 512 bytes, all of them packed.
func forgeOld(disk []byte) []byte {
	be := binary.BigEndian
	image := make([]byte, 56+64*8)
	copy(image, qcowMagic)
	be.PutUint32(image[4:], 1)
	be.PutUint64(image[24:], uint64(len(disk)))
	image[32], image[33] = 9, 6
	be.PutUint64(image[40:], 48)
	for i, p := range pieces(disk, 512) {
		if i%64 == 0 {
			be.PutUint64(image[48+i/64*8:], uint64(len(image)))
			image = append(image, make([]byte, 64*8)...)
		}
		table := int(be.Uint64(image[48+i/64*8:]))
		d := deflated(p)
		be.PutUint64(image[table+i%64*8:], qcowPacked1|uint64(len(d))<<(63-9)|uint64(len(image)))
		image = append(image, d...)
	}
	return image
}

// forgeVMDK has grains of 4 KiB; packed ones have markers, and the directory's place is
// in the footer.
func forgeVMDK(disk []byte, pack bool) []byte {
	le := binary.LittleEndian
	const grain, perTable = 4096, 512
	h := make([]byte, 512)
	copy(h, vmdkMagic)
	le.PutUint32(h[4:], 1)
	le.PutUint32(h[8:], 3)
	le.PutUint64(h[12:], uint64(len(disk)/512))
	le.PutUint64(h[20:], grain/512)
	le.PutUint32(h[44:], perTable)
	le.PutUint64(h[56:], 1)
	image := make([]byte, (2+4*perTable/512)*512)
	le.PutUint32(image[512:], 2)
	for i, p := range pieces(disk, grain)[:min(perTable, (len(disk)+grain-1)/grain)] {
		if zeros(p) {
			continue
		}
		le.PutUint32(image[1024+4*i:], uint32(len(image)/512))
		if pack {
			d := zlibbed(p)
			m := make([]byte, vmdkMarker)
			le.PutUint64(m, uint64(i*grain/512))
			le.PutUint32(m[8:], uint32(len(d)))
			p = padTo(append(m, d...), 512)
		}
		image = append(image, p...)
	}
	if pack {
		le.PutUint32(h[8:], 3|vmdkPacked|vmdkMarkers)
		h[77] = 1
		image = append(image, h...)
		image = append(image, make([]byte, 512)...)
		le.PutUint64(h[56:], vmdkAtEnd)
	}
	copy(image, h)
	return image
}

// forgeCOWD has grains of 512 bytes.
func forgeCOWD(disk []byte) []byte {
	le := binary.LittleEndian
	image := make([]byte, (2+4*cowdGrains/512)*512)
	copy(image, cowdMagic)
	for at, v := range map[int]uint32{4: 1, 8: 3, 12: uint32(len(disk) / 512), 16: 1, 20: 1, 24: 1, 512: 2} {
		le.PutUint32(image[at:], v)
	}
	for i, p := range pieces(disk, 512) {
		if i < cowdGrains && !zeros(p) {
			le.PutUint32(image[1024+4*i:], uint32(len(image)/512))
			image = append(image, p...)
		}
	}
	return image
}

// forgeParallels has clusters of 4 KiB.
func forgeParallels(disk []byte, magic []byte) []byte {
	le := binary.LittleEndian
	const cluster = 4096
	parts := pieces(disk, cluster)
	image := make([]byte, parallelsHeader)
	copy(image, magic)
	le.PutUint32(image[16:], 2)
	le.PutUint32(image[28:], cluster/512)
	le.PutUint32(image[32:], uint32(len(parts)))
	le.PutUint64(image[36:], uint64(len(disk)/512))
	unit := 512
	if bytes.Equal(magic, parallelsMagicExt) {
		unit = cluster
	} else {
		le.PutUint32(image[40:], 0x7fff) // not of the number
	}
	image = padTo(append(image, make([]byte, 4*len(parts))...), cluster)
	for i, p := range parts {
		if !zeros(p) {
			le.PutUint32(image[parallelsHeader+4*i:], uint32(len(image)/unit))
			image = append(image, p...)
		}
	}
	return image
}

// forgeCISO is of the PSP, version 1 or 2, or with LZ4.
func forgeCISO(disc []byte, magic string, version byte) []byte {
	le := binary.LittleEndian
	const block = 2048
	parts := pieces(disc, block)
	image := make([]byte, cisoHeader+4*(len(parts)+1))
	copy(image, magic)
	le.PutUint64(image[8:], uint64(len(disc)))
	le.PutUint32(image[16:], block)
	image[20], image[21] = version, 2
	for i := range len(parts) + 1 {
		image = padTo(image, 4)
		e := uint32(len(image) / 4)
		if i < len(parts) {
			d := deflated(parts[i])
			second := version == 2 && i%2 == 1
			if magic == "ZISO" || second {
				d = lz4Of(parts[i])
			}
			switch {
			case version < 2 && len(d) >= block || i == 1 && version < 2:
				d, e = parts[i], e|cisoPlain
			case version == 2 && len(d) >= block:
				d = parts[i]
			case second:
				e |= cisoPlain
			}
			image = append(image, d...)
		}
		le.PutUint32(image[cisoHeader+4*i:], e)
	}
	return image
}

// lz4Of packs runs of one byte only.
func lz4Of(b []byte) (out []byte) {
	var plain []byte
	flush := func(match int) {
		n := len(plain)
		m := max(0, match-lz4MinMatch)
		out = append(out, byte(min(n, 15)<<4|min(m, 15)))
		length := func(n int) {
			if n >= 15 {
				for n -= 15; n >= 255; n -= 255 {
					out = append(out, 255)
				}
				out = append(out, byte(n))
			}
		}
		length(n)
		out = append(out, plain...)
		if plain = nil; match > 0 {
			out = append(out, 1, 0)
			length(m)
		}
	}
	for len(b) > 0 {
		run := len(b) - len(bytes.TrimLeft(b, string(b[:1])))
		if b[0] >= 0x80 {
			run = 1
		}
		plain = append(plain, b[0])
		if run > 5 {
			flush(run - 1)
			b = b[run:]
			continue
		}
		b = b[1:]
	}
	flush(0)
	return out
}

// forgeCube leaves out what is zeros.
func forgeCube(disc []byte) []byte {
	image := make([]byte, cubeData)
	copy(image, cisoMagic)
	binary.LittleEndian.PutUint32(image[4:], minCube)
	for i, p := range pieces(disc, minCube) {
		if !zeros(p) {
			image[cubeMap+i] = 1
			image = append(image, p...)
		}
	}
	return image
}

// forgeSparse has a chunk for each run of blocks of one kind.
func forgeSparse(disk []byte) []byte {
	le := binary.LittleEndian
	const block = 512
	image := append([]byte(nil), sparseMagic...)
	image = append(image, make([]byte, sparseHeader-len(image))...)
	le.PutUint16(image[8:], sparseHeader)
	le.PutUint16(image[10:], sparseChunkHeader)
	le.PutUint32(image[12:], block)
	count, last, kind := uint32(0), 0, 0
	for _, p := range pieces(disk, block) {
		k, data := sparseRaw, p
		switch {
		case zeros(p):
			k, data = sparseSkip, nil
		case bytes.Equal(p, bytes.Repeat(p[:4], block/4)):
			k, data = sparseFill, p[:4]
		}
		if same := k == kind && (k != sparseFill || bytes.HasSuffix(image, data)); !same {
			last, kind = len(image), k
			image = append(image, make([]byte, sparseChunkHeader)...)
			le.PutUint16(image[last:], uint16(k))
			image = append(image, data...)
			count++
		} else if k == sparseRaw {
			image = append(image, data...)
		}
		le.PutUint32(image[last+4:], le.Uint32(image[last+4:])+1)
		le.PutUint32(image[last+8:], uint32(len(image)-last))
	}
	le.PutUint32(image[16:], uint32(len(disk)/block))
	le.PutUint32(image[20:], count)
	return image
}

// seeds are small images of each kind, with one file.
func seeds() map[string]archivetest.Sample {
	disk := floppy(100, [2]string{"P       JS ", archivetest.Payload})
	return map[string]archivetest.Sample{
		"vdi":           {Format: VDI, Data: forgeVDI(disk)},
		"qcow":          {Format: QCOW, Data: forgeQCOW(disk, false)},
		"qcow-packed":   {Format: QCOW, Data: forgeQCOW(disk, true)},
		"qcow-old":      {Format: QCOW, Data: forgeOld(disk)},
		"vmdk":          {Format: VMDK, Data: forgeVMDK(disk, false)},
		"vmdk-packed":   {Format: VMDK, Data: forgeVMDK(disk, true)},
		"cowd":          {Format: VMDK, Data: forgeCOWD(disk)},
		"parallels":     {Format: Parallels, Data: forgeParallels(disk, parallelsMagic)},
		"parallels-ext": {Format: Parallels, Data: forgeParallels(disk, parallelsMagicExt)},
		"ciso":          {Format: CISO, Data: forgeCISO(disk, "CISO", 1)},
		"ciso-2":        {Format: CISO, Data: forgeCISO(disk, "CISO", 2)},
		"ziso":          {Format: CISO, Data: forgeCISO(disk, "ZISO", 1)},
		"sparse":        {Format: Sparse, Data: forgeSparse(disk)},
		"ciso-cube":     {Format: CISO, Data: forgeCube(disk)},
	}
}

func TestForged(t *testing.T) {
	for name, s := range seeds() {
		t.Run(name, func(t *testing.T) {
			all, r, err := archivetest.ReadAll(t, s.Format, s.Data)
			if err != nil || len(all) != 1 || !archivetest.Holds(all) || all[0].Fault != nil || !archivetest.Detects(s.Data, s.Format) {
				t.Errorf("%d members, %v\n%s", len(all), err, archivetest.Listing(all))
			}
			if len(archivetest.NoteNames(all, r)) > 0 {
				t.Errorf("anomalies: %v", archivetest.NoteNames(all, r))
			}
		})
	}
}

// TestBlind: an image whose entries have bitmaps, to whom knows of them, is read as 7-Zip
// reads it too.
func TestBlind(t *testing.T) {
	image := forgeQCOW(floppy(100, [2]string{"P       JS ", archivetest.Payload}), false)
	image[79] = qcowExtended
	all, _, err := archivetest.ReadAll(t, QCOW, image)
	if err != nil || !archivetest.Holds(all) {
		t.Errorf("%v\n%s", err, archivetest.Listing(all))
	}
}

// TestLargeGrain: packed grains that would take much memory are a limit, stored ones none.
func TestLargeGrain(t *testing.T) {
	disk := floppy(100, [2]string{"P       JS ", archivetest.Payload})
	for name, c := range map[string]struct {
		data []byte
		want error
	}{"stored": {forgeVMDK(disk, false), nil}, "packed": {forgeVMDK(disk, true), level.ErrLimit}} {
		for at := 0; at >= 0; {
			binary.LittleEndian.PutUint64(c.data[at+20:], 32<<10)
			next := bytes.Index(c.data[at+1:], vmdkMagic)
			at = map[bool]int{true: at + 1 + next, false: -1}[next >= 0]
		}
		if _, _, err := archivetest.ReadAll(t, VMDK, c.data); !errors.Is(err, c.want) && c.want != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// fuzzSeeds adds the seeds of a format and fuzzes it.
func fuzzSeeds(f *testing.F, format *level.Format) {
	for _, s := range seeds() {
		if s.Format == format {
			f.Add(s.Data)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) { archivetest.FuzzRead(t, format, data, 24<<20) })
}

func FuzzVDI(f *testing.F)       { fuzzSeeds(f, VDI) }
func FuzzQCOW(f *testing.F)      { fuzzSeeds(f, QCOW) }
func FuzzVMDK(f *testing.F)      { fuzzSeeds(f, VMDK) }
func FuzzParallels(f *testing.F) { fuzzSeeds(f, Parallels) }
func FuzzSparse(f *testing.F)    { fuzzSeeds(f, Sparse) }
func FuzzCISO(f *testing.F)      { fuzzSeeds(f, CISO) }
