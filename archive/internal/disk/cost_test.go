package disk

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"runtime"
	"testing"

	"github.com/fivefifty/fivefifty/archive/internal/archivetest"
	"github.com/fivefifty/fivefifty/archive/internal/level"
)

// costMemory bounds what one hostile image takes: far above what each does, far below what
// a product of two of its counts would.
const costMemory = 512 << 20

// spendOn reads an image's members, and the start of each body.
func spendOn(t *testing.T, f *level.Format, src io.ReaderAt, size int64) (members int, err error) {
	t.Helper()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	var out int64
	counted := &archivetest.Counter{R: src}
	r, err := level.Open(f, counted, size, level.Limits{})
	for err == nil {
		if _, err = r.Next(); err == nil {
			members++
			n, _ := io.Copy(io.Discard, io.LimitReader(r, 64<<10))
			out += n
		}
	}
	if err == io.EOF {
		err = nil
	}
	if r != nil {
		r.Close()
	}
	runtime.ReadMemStats(&after)
	counted.Check(t, size, members, out)
	if used := after.TotalAlloc - before.TotalAlloc; used > costMemory {
		t.Errorf("%d MiB allocated for %d members", used>>20, members)
	}
	return members, err
}

// TestCostFAT: every cluster is a directory of which each entry is a further one,
// and all chains lead through all clusters.
func TestCostFAT(t *testing.T) {
	const clusters = 32 << 10
	le := binary.LittleEndian
	b := make([]byte, (1+256+clusters)*512)
	copy(b, forgeFAT(32)[:512])
	le.PutUint16(b[19:], 0)
	le.PutUint32(b[32:], uint32(len(b)/512))
	le.PutUint32(b[36:], 256)
	next := uint32(3)
	for n := uint32(2); n < clusters; n++ {
		le.PutUint32(b[512+4*n:], n+1)
		dir := b[(257+int(n)-2)*512:][:512]
		for ; len(dir) > 0; dir = dir[32:] {
			copy(dir, fmt.Sprintf("%-11d", next))
			dir[11] = fatDir
			le.PutUint16(dir[20:], uint16(next>>16))
			le.PutUint16(dir[26:], uint16(next))
			next = next%(clusters-3) + 3
		}
	}
	if _, err := spendOn(t, FAT, bytes.NewReader(b), int64(len(b))); !errors.Is(err, level.ErrLimit) {
		t.Error(err)
	}
}

// TestCostUDF: hundreds of files share one long chain of allocation descriptors,
// none of which describes anything.
func TestCostUDF(t *testing.T) {
	u := newUDFForge()
	const chain = 400
	first := u.alloc(chain)
	for i := range uint32(chain) {
		b := u.block(first + i)
		binary.LittleEndian.PutUint32(b[20:], 8)
		copy(b[24:], u.ad(nil, 3<<30|udfForgeBlock, first+(i+1)%chain))
		udfSeal(b, udfExtentDesc, first+i)
	}
	var dir []byte
	for i := range 250 {
		file := u.alloc(1)
		b := u.block(file)
		binary.LittleEndian.PutUint64(b[56:], 1<<40)
		binary.LittleEndian.PutUint32(b[172:], 8)
		copy(b[176:], u.ad(nil, 3<<30|udfForgeBlock, first))
		b[27] = 5
		udfSeal(b, udfFileEntry, file)
		dir = u.fid(dir, 0, fmt.Sprint(i), file)
	}
	u.entryAt(1, udfKindDir, dir)
	image := u.finish(1)
	if n, err := spendOn(t, UDF, bytes.NewReader(image), int64(len(image))); n != 250 || err != nil {
		t.Errorf("%d members, %v", n, err)
	}
}

// TestCostVHD: a disk of an exabyte, all of whose blocks are one, filled with
// directory entries.
func TestCostVHD(t *testing.T) {
	be, le := binary.BigEndian, binary.LittleEndian
	const block = 2 << 20
	image := make([]byte, 4<<20)
	copy(image, vhdCookie)
	be.PutUint64(image[16:], 512)
	be.PutUint64(image[48:], 1<<60)
	be.PutUint32(image[60:], vhdDynamic)
	copy(image[512:], vhdDynCookie)
	be.PutUint64(image[512+16:], 4096) // all of the table is one value
	be.PutUint32(image[512+28:], 1<<31)
	be.PutUint32(image[512+32:], block)
	for i := 4096; i+4 <= 1<<20; i += 4 {
		be.PutUint32(image[i:], 1<<11)
	}
	data := image[1<<20+512:]
	copy(data[3:], "EXFAT   ")
	le.PutUint32(data[84:], 1<<30)
	le.PutUint32(data[88:], 4096)
	le.PutUint32(data[92:], 1<<31)
	le.PutUint32(data[96:], 2)
	data[108], data[109] = 9, 16
	for i := 512; i+32 <= len(data); i += 32 {
		data[i] = 0x83
	}
	if _, err := spendOn(t, VHD, bytes.NewReader(image), int64(len(image))); err != nil && !errors.Is(err, level.ErrLimit) {
		t.Error(err)
	}
}

// TestCostDescriptors: every sector is a volume descriptor that leads to a
// directory of its own.
func TestCostDescriptors(t *testing.T) {
	image := isoOf(isoEntry{name: "P", body: archivetest.Payload}).image()
	sector := bytes.Clone(image[isoForgePVD*isoSector:][:isoSector])
	for n := 0; n < 8000; n++ {
		putBoth32(sector[158:], uint32(isoForgeBodies+1+n))
		image = append(image, sector...)
		dir := isoRecordOf("\x00", uint32(isoForgeBodies+1+n), 0x7ffff800, isoFlagDir, "")
		copy(image[len(image)-isoSector:], "\x01")
		copy(image[len(image)-isoSector+200:], dir)
	}
	if _, err := spendOn(t, ISO, bytes.NewReader(image), int64(len(image))); err != nil && !errors.Is(err, level.ErrLimit) {
		t.Error(err)
	}
}

// BenchmarkDiskMembers shows that the cost of a member does not grow with their
// number.
func BenchmarkDiskMembers(b *testing.B) {
	for _, n := range []int{100, 1000, 4000} {
		dir := newUDFForge()
		dir.disc = append(dir.disc, make([]byte, 16<<20)...)
		dir.adKind = 3
		var ids []byte
		for i := range n {
			ids = dir.fid(ids, 0, fmt.Sprint(i), dir.entry(5, []byte("small")))
		}
		dir.adKind = 0
		dir.entryAt(1, udfKindDir, ids)
		image := dir.finish(1)
		b.Run(fmt.Sprintf("format=udf/members=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				archivetest.Drain(b, UDF, image)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/member")
		})
	}
}

// BenchmarkDisk reads one file out of each kind of image, beside a plain copy.
func BenchmarkDisk(b *testing.B) {
	body := archivetest.Text(1 << 20)
	fat := forgeFAT(32, fatEntry{short: "P       JS ", body: body})
	udf := newUDFForge()
	file := udf.entry(5, []byte(body))
	udf.entryAt(1, udfKindDir, udf.fid(nil, 0, "p.js", file))
	ntfs := newNTFSForge()
	ntfs.image = append(ntfs.image, body...)
	ntfs.record(16, 0, ntfsNameOf(ntfsRoot, "p.js"), ntfsRuns("", 0, 1<<20, "\x22\x00\x08\x00\x02"))
	images := []struct {
		format *level.Format
		name   string
		data   []byte
	}{
		{ISO, "iso", isoOf(isoEntry{name: "P", body: body}).image()},
		{ISO, "iso-2352", rawSectors(isoOf(isoEntry{name: "P", body: body}).image(), 2352, 16)},
		{UDF, "udf", udf.finish(1)},
		{FAT, "fat", fat},
		{Disk, "ntfs", ntfs.image},
		{Disk, "mbr", partitioned(0x0b, fat)},
		{VHD, "vhd", forgeVHD(partitioned(0x0b, fat))},
	}
	for _, image := range images {
		b.Run("reader="+image.name, func(b *testing.B) {
			b.SetBytes(int64(len(body)))
			b.ReportAllocs()
			for b.Loop() {
				archivetest.Drain(b, image.format, image.data)
			}
		})
	}
	b.Run("reader=copy", func(b *testing.B) {
		b.SetBytes(int64(len(body)))
		r := bytes.NewReader([]byte(body))
		for b.Loop() {
			r.Seek(0, io.SeekStart)
			io.CopyBuffer(struct{ io.Writer }{io.Discard}, struct{ io.Reader }{r}, archivetest.Sink[:])
		}
	})
}
