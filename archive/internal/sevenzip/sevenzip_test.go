package sevenzip

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/fivefifty/fivefifty/archive/internal/anomaly"
	"github.com/fivefifty/fivefifty/archive/internal/archivetest"
	"github.com/fivefifty/fivefifty/archive/internal/level"
)

// forged is an archive whose header is written field by field.
type forged struct {
	packed   []byte
	packSize int64 // 0: as it is
	method   []byte
	props    []byte
	unpacked int64
	sizes    []int64 // of the streams but the last
	crcs     []uint32
	names    []string
	headCRC  uint32 // exclusive-or
	numFiles int    // 0: as it is
	before   []byte // in the header, before its streams
	wide     bool   // identifiers are numbers of two bytes
}

func num(b []byte, v int64) []byte {
	if v < 0x80 {
		return append(b, byte(v))
	}
	return binary.LittleEndian.AppendUint64(append(b, 0xff), uint64(v))
}

func (f forged) header() []byte {
	if f.packSize == 0 {
		f.packSize = int64(len(f.packed))
	}
	id := func(n byte) []byte {
		if f.wide {
			return []byte{0x80, n}
		}
		return []byte{n}
	}
	h := slices.Concat([]byte{id7zHeader}, f.before, id(id7zMain), id(id7zPackInfo), []byte{0, 1}, id(id7zSize))
	h = append(num(h, f.packSize), id7zEnd, id7zUnpackInfo, id7zFolder, 1, 0, 1)
	flags := byte(len(f.method))
	if len(f.props) > 0 {
		flags |= 0x20
	}
	h = append(append(h, flags), f.method...)
	if len(f.props) > 0 {
		h = append(append(h, byte(len(f.props))), f.props...)
	}
	h = append(num(append(h, id7zUnpackSize), f.unpacked), id7zEnd)
	h = append(num(append(h, id7zSubStreams, id7zNumStreams), int64(len(f.sizes)+1)), id7zSize)
	for _, n := range f.sizes {
		h = num(h, n)
	}
	h = append(h, id7zCRC, 1)
	for _, c := range f.crcs {
		h = binary.LittleEndian.AppendUint32(h, c)
	}
	h = append(append(h, id7zEnd, id7zEnd), id(id7zFiles)...)
	if f.numFiles == 0 {
		f.numFiles = len(f.names)
	}
	h = num(h, int64(f.numFiles))
	names := []byte{0}
	for _, n := range f.names {
		for _, u := range append(utf16.Encode([]rune(n)), 0) {
			names = binary.LittleEndian.AppendUint16(names, u)
		}
	}
	h = append(num(append(h, id(id7zNames)...), int64(len(names))), names...)
	return append(h, id7zEnd, id7zEnd)
}

func (f forged) bytes() []byte {
	h := f.header()
	s := binary.LittleEndian.AppendUint64(nil, uint64(len(f.packed)))
	s = binary.LittleEndian.AppendUint64(s, uint64(len(h)))
	s = binary.LittleEndian.AppendUint32(s, crc32.ChecksumIEEE(h)^f.headCRC)
	out := append(bytes.Clone(signature), 0, 4)
	out = binary.LittleEndian.AppendUint32(out, crc32.ChecksumIEEE(s))
	return append(append(append(out, s...), f.packed...), h...)
}

// stored holds two files in one solid block.
func stored(a, b string) forged {
	return forged{
		packed: []byte(a + b), method: []byte{m7zCopy}, unpacked: int64(len(a) + len(b)), sizes: []int64{int64(len(a))},
		crcs: []uint32{crc32.ChecksumIEEE([]byte(a)), crc32.ChecksumIEEE([]byte(b))}, names: []string{"a.txt", "p.js"},
	}
}

func forged7zs() map[string]archivetest.Forged {
	plain := stored("harmless", archivetest.Payload).bytes()
	edit := func(f func(*forged)) []byte {
		z := stored("harmless", archivetest.Payload)
		f(&z)
		return z.bytes()
	}
	badStart := bytes.Clone(plain)
	badStart[8]++
	lostHeader := bytes.Clone(plain)
	copy(lostHeader[8:32], make([]byte, 24))
	return map[string]archivetest.Forged{
		"plain":       {Data: plain, Anomaly: ""},
		"stub":        {Data: append([]byte("MZ 7z\xbc\xaf\x27\x1c is in the code of this stub, long as it is"), plain...), Anomaly: anomaly.Prepended},
		"appended":    {Data: append(bytes.Clone(plain), "junk"...), Anomaly: anomaly.Appended},
		"two":         {Data: append(stored("x", "y").bytes(), plain...), Anomaly: anomaly.Appended},
		"start-crc":   {Data: badStart, Anomaly: anomaly.HeaderCRC},
		"header-crc":  {Data: edit(func(f *forged) { f.headCRC = 1 }), Anomaly: anomaly.HeaderCRC},
		"lost-header": {Data: lostHeader, Anomaly: anomaly.HeaderCRC},
		"crc":         {Data: edit(func(f *forged) { f.crcs[1]++ }), Anomaly: anomaly.CRC},
		"size-cut":    {Data: edit(func(f *forged) { f.unpacked += 1 << 40 }), Anomaly: anomaly.Size},
		"sizes-lie":   {Data: edit(func(f *forged) { f.sizes[0] = 1; f.unpacked = 1 << 30 }), Anomaly: anomaly.CRC},
		"pack-size":   {Data: edit(func(f *forged) { f.packSize = 1 << 50 }), Anomaly: ""},
		"no-names":    {Data: edit(func(f *forged) { f.names = nil; f.numFiles = 2 }), Anomaly: anomaly.NameEmpty},
		"few-files":   {Data: edit(func(f *forged) { f.names = f.names[:1] }), Anomaly: anomaly.NameEmpty},
		"wide-ids":    {Data: edit(func(f *forged) { f.wide = true }), Anomaly: ""},
		"own-properties": {Data: edit(func(f *forged) {
			f.before = append(append([]byte{id7zArchive, 0xff}, "\x01\x00\x9a\x78\x56\x34\x12\x3f\x03abc"...), id7zEnd)
		}), Anomaly: ""},
		"deflate": {Data: edit(func(f *forged) {
			f.packed, f.method = archivetest.Pack(8, "harmless"+archivetest.Payload), []byte{4, 1, 8}
		}), Anomaly: ""},
	}
}

func Test7zForged(t *testing.T) { archivetest.FindForged(t, Format, forged7zs()) }

// Test7zLies changes one byte of the header after the other: whatever comes of
// it, the classes of errors hold, and nothing is allocated from it.
func Test7zLies(t *testing.T) {
	z := stored("harmless", archivetest.Payload)
	good := z.bytes()
	from := len(good) - len(z.header())
	for i := from; i < len(good); i++ {
		for _, v := range []byte{good[i] ^ 1, 0xff} {
			data := bytes.Clone(good)
			data[i] = v
			archivetest.FuzzReadLimits(t, Format, data, 16<<20, level.Limits{Members: archivetest.FuzzMembers, Dictionary: 1 << 20})
		}
	}
}

func Test7zDictionary(t *testing.T) {
	// A dictionary of 4 GiB, and a stream that says that it has as much.
	data := forged{
		packed: []byte("\x01\x00\x02abc\x00"), method: []byte{m7zLZMA2}, props: []byte{40}, unpacked: 1 << 32,
		crcs: []uint32{0}, names: []string{"a"},
	}.bytes()
	fuzzReadLimits := func() { // within the allocation bound
		all, _, err := archivetest.ReadAll(t, Format, data)
		if err != nil || len(all) != 1 || all[0].Data != "abc" || !errors.Is(all[0].Fault, level.ErrMalformed) {
			t.Errorf("%+v, %v", all, err)
		}
	}
	if n := testing.AllocsPerRun(1, fuzzReadLimits); n > 1000 {
		t.Errorf("%v allocations", n)
	}
}

// tool finds an archiver, or skips.
func tool(t testing.TB) string {
	t.Helper()
	for _, name := range []string{"7zz", "7z", "7za"} {
		if p, err := exec.LookPath(name); err == nil {
			return p
		}
	}
	t.Skip("7-Zip is not installed")
	return ""
}

func Test7zTool(t *testing.T) {
	tool := tool(t)
	dir := t.TempDir()
	files := archivetest.Tree(t, dir)
	for _, args := range []string{
		"-m0=LZMA", "-m0=LZMA2", "-m0=Copy", "-m0=BZip2", "-m0=Deflate", "-m0=PPMd:mem=1m", "-m0=PPMd:o=32:mem=32m", "-m0=PPMd:o=2:mem=16k", "-m0=LZMA2 -ms=off", "-m0=BCJ -m1=LZMA",
		"-m0=BCJ2 -m1=LZMA -m2=LZMA -m3=LZMA -mb0s0:1 -mb0s1:2 -mb0s2:3", "-m0=ARM -m1=LZMA", "-m0=ARMT -m1=LZMA", "-m0=PPC -m1=LZMA", "-m0=SPARC -m1=LZMA",
		"-m0=IA64 -m1=LZMA", "-m0=Delta:4 -m1=LZMA", "-m0=Deflate64", "-m0=ARM64 -m1=LZMA", "-m0=RISCV -m1=LZMA", "-m0=Swap2 -m1=LZMA", "-m0=Swap4 -m1=LZMA", "-mx=9", "-mhc=off", "-psecret", "-psecret -mhe=on",
	} {
		t.Run(args, func(t *testing.T) {
			out := filepath.Join(t.TempDir(), "a.7z")
			cmd := exec.Command(tool, append(append([]string{"a", "-y", "-mmt=1", out}, strings.Fields(args)...), ".")...)
			cmd.Dir = dir
			if msg, err := cmd.CombinedOutput(); err != nil {
				t.Skipf("7-Zip: %v: %s", err, msg)
			}
			data, err := os.ReadFile(out)
			if err != nil {
				t.Fatal(err)
			}
			archivetest.CompareTree(t, Format, data, files, &level.Keys{Passwords: []string{"wrong", "secret"}, Work: 1 << 27})
			if !strings.Contains(args, "-p") {
				return
			}
			r, err := level.Open(Format, bytes.NewReader(data), int64(len(data)), level.Limits{})
			if err != nil {
				t.Fatal(err)
			}
			m, err := r.Next()
			if strings.Contains(args, "-mhe") {
				if !errors.Is(err, level.ErrEncrypted) {
					t.Errorf("encrypted headers: %v", err)
				}
			} else if !m.Encrypted || !errors.Is(m.Err, level.ErrEncrypted) || m.Names[0] == "" {
				t.Errorf("without a key: %+v", m)
			}
		})
	}
}

func Fuzz7z(f *testing.F) {
	for _, c := range forged7zs() {
		f.Add(c.Data)
	}
	f.Add(forged{packed: []byte("\x01\x00\x02abc\x00"), method: []byte{m7zLZMA2}, props: []byte{40}, unpacked: 1 << 32, crcs: []uint32{0}, names: []string{"a"}}.bytes())
	f.Fuzz(func(t *testing.T, data []byte) {
		archivetest.FuzzReadLimits(t, Format, data, 64<<20, level.Limits{Members: archivetest.FuzzMembers, Dictionary: 1 << 20, Keys: &level.Keys{Passwords: []string{"p"}, Work: 1 << 10}})
	})
}

// Test7zBomb: a large model, and a size that nothing stands behind.
func Test7zBomb(t *testing.T) {
	z := stored("", "x")
	z.method, z.props, z.unpacked = []byte{3, 4, 1}, []byte{64, 0, 0, 0, 4}, 1<<40
	archivetest.Bomb(t, Format, z.bytes(), false)
}
