package archive

import (
	"bytes"
	"errors"
	"hash/crc32"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"
)

// forged7z is an archive whose header is written field by field.
type forged7z struct {
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
}

func num7z(b []byte, v int64) []byte {
	if v < 0x80 {
		return append(b, byte(v))
	}
	return le.AppendUint64(append(b, 0xff), uint64(v))
}

func (f forged7z) header() []byte {
	if f.packSize == 0 {
		f.packSize = int64(len(f.packed))
	}
	h := []byte{id7zHeader, id7zMain, id7zPackInfo, 0, 1, id7zSize}
	h = append(num7z(h, f.packSize), id7zEnd, id7zUnpackInfo, id7zFolder, 1, 0, 1)
	flags := byte(len(f.method))
	if len(f.props) > 0 {
		flags |= 0x20
	}
	h = append(append(h, flags), f.method...)
	if len(f.props) > 0 {
		h = append(append(h, byte(len(f.props))), f.props...)
	}
	h = append(num7z(append(h, id7zUnpackSize), f.unpacked), id7zEnd)
	h = append(num7z(append(h, id7zSubStreams, id7zNumStreams), int64(len(f.sizes)+1)), id7zSize)
	for _, n := range f.sizes {
		h = num7z(h, n)
	}
	h = append(h, id7zCRC, 1)
	for _, c := range f.crcs {
		h = le.AppendUint32(h, c)
	}
	h = append(h, id7zEnd, id7zEnd, id7zFiles)
	if f.numFiles == 0 {
		f.numFiles = len(f.names)
	}
	h = num7z(h, int64(f.numFiles))
	names := []byte{0}
	for _, n := range f.names {
		for _, u := range append(utf16.Encode([]rune(n)), 0) {
			names = le.AppendUint16(names, u)
		}
	}
	h = append(num7z(append(h, id7zNames), int64(len(names))), names...)
	return append(h, id7zEnd, id7zEnd)
}

func (f forged7z) bytes() []byte {
	h := f.header()
	s := le.AppendUint64(nil, uint64(len(f.packed)))
	s = le.AppendUint64(s, uint64(len(h)))
	s = le.AppendUint32(s, crc32.ChecksumIEEE(h)^f.headCRC)
	out := append(bytes.Clone(sig7z), 0, 4)
	out = le.AppendUint32(out, crc32.ChecksumIEEE(s))
	return append(append(append(out, s...), f.packed...), h...)
}

// stored7z holds two files in one solid block.
func stored7z(a, b string) forged7z {
	return forged7z{
		packed: []byte(a + b), method: []byte{m7zCopy}, unpacked: int64(len(a) + len(b)), sizes: []int64{int64(len(a))},
		crcs: []uint32{crc32.ChecksumIEEE([]byte(a)), crc32.ChecksumIEEE([]byte(b))}, names: []string{"a.txt", "p.js"},
	}
}

func forged7zs() map[string]forgedRar {
	plain := stored7z("harmless", payload).bytes()
	edit := func(f func(*forged7z)) []byte {
		z := stored7z("harmless", payload)
		f(&z)
		return z.bytes()
	}
	badStart := bytes.Clone(plain)
	badStart[8]++
	lostHeader := bytes.Clone(plain)
	copy(lostHeader[8:32], make([]byte, 24))
	return map[string]forgedRar{
		"plain":       {plain, ""},
		"stub":        {append([]byte("MZ 7z\xbc\xaf\x27\x1c is in the code of this stub, long as it is"), plain...), AnomalyPrepended},
		"appended":    {append(bytes.Clone(plain), "junk"...), AnomalyAppended},
		"two":         {append(stored7z("x", "y").bytes(), plain...), AnomalyAppended},
		"start-crc":   {badStart, AnomalyHeaderCRC},
		"header-crc":  {edit(func(f *forged7z) { f.headCRC = 1 }), AnomalyHeaderCRC},
		"lost-header": {lostHeader, AnomalyHeaderCRC},
		"crc":         {edit(func(f *forged7z) { f.crcs[1]++ }), AnomalyCRC},
		"size-cut":    {edit(func(f *forged7z) { f.unpacked += 1 << 40 }), AnomalySize},
		"sizes-lie":   {edit(func(f *forged7z) { f.sizes[0] = 1; f.unpacked = 1 << 30 }), AnomalyCRC},
		"pack-size":   {edit(func(f *forged7z) { f.packSize = 1 << 50 }), ""},
		"no-names":    {edit(func(f *forged7z) { f.names = nil; f.numFiles = 2 }), AnomalyNameEmpty},
		"few-files":   {edit(func(f *forged7z) { f.names = f.names[:1] }), AnomalyNameEmpty},
		"deflate": {edit(func(f *forged7z) {
			f.packed, f.method = pack(8, "harmless"+payload), []byte{4, 1, 8}
		}), ""},
	}
}

func Test7zForged(t *testing.T) {
	for name, c := range forged7zs() {
		t.Run(name, func(t *testing.T) {
			all, r, err := readAll(t, SevenZip, c.data)
			if err != nil {
				t.Fatal(err)
			}
			if !holds(all) {
				t.Errorf("marker not found in %d members", len(all))
			}
			if n := noteNames(all, r); c.anomaly != "" && !slices.Contains(n, c.anomaly) || c.anomaly == "" && len(n) > 0 && name == "plain" {
				t.Errorf("anomalies %v, want %q", n, c.anomaly)
			}
			if f := Detect(bytes.NewReader(c.data), int64(len(c.data))); !slices.Contains(f, SevenZip) {
				t.Errorf("detected %v", f)
			}
		})
	}
}

// Test7zLies changes one byte of the header after the other: whatever comes of
// it, the classes of errors hold, and nothing is allocated from it.
func Test7zLies(t *testing.T) {
	z := stored7z("harmless", payload)
	good := z.bytes()
	from := len(good) - len(z.header())
	for i := from; i < len(good); i++ {
		for _, v := range []byte{good[i] ^ 1, 0xff} {
			data := bytes.Clone(good)
			data[i] = v
			fuzzReadLimits(t, SevenZip, data, 16<<20, Limits{Members: fuzzMembers, Dictionary: 1 << 20})
		}
	}
}

func Test7zDictionary(t *testing.T) {
	// A dictionary of 4 GiB, and a stream that says that it has as much.
	data := forged7z{
		packed: []byte("\x01\x00\x02abc\x00"), method: []byte{m7zLZMA2}, props: []byte{40}, unpacked: 1 << 32,
		crcs: []uint32{0}, names: []string{"a"},
	}.bytes()
	fuzzReadLimits := func() { // within the allocation bound
		all, _, err := readAll(t, SevenZip, data)
		if err != nil || len(all) != 1 || all[0].data != "abc" || !errors.Is(all[0].err, ErrMalformed) {
			t.Errorf("%+v, %v", all, err)
		}
	}
	if n := testing.AllocsPerRun(1, fuzzReadLimits); n > 1000 {
		t.Errorf("%v allocations", n)
	}
}

// tool7z finds an archiver, or skips.
func tool7z(t testing.TB) string {
	t.Helper()
	for _, name := range []string{"7zz", "7z", "7za"} {
		if p, err := exec.LookPath(name); err == nil {
			return p
		}
	}
	t.Skip("7-Zip is not installed")
	return ""
}

// tree writes files for an archiver to pack, and returns their contents by name.
func tree(t testing.TB, dir string) map[string]string {
	t.Helper()
	files := map[string]string{
		"a.txt": "first", "empty": "", "d/p.js": payload, "d/ünï 漢.txt": "name",
		"text.txt": text(300_000), "prog.bin": string(packedProgram(200_000)),
	}
	for name, data := range files {
		p := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(p), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, []byte(data), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return files
}

// program looks like machine code of several processors to the filters.
func packedProgram(n int) []byte {
	b := []byte(text(n))
	for i := 0; i+16 < len(b); i += 16 {
		switch i / 16 % 6 {
		case 0:
			b[i], b[i+4] = 0xe8, 0
		case 1:
			b[i], b[i+1], b[i+5] = 0x0f, 0x85, 0xff
		case 2:
			b[i+3] = 0xeb
		case 3:
			b[i], b[i+3] = 0x48, b[i+3]&^3|1
		case 4:
			b[i+1], b[i+3] = 0xf0, 0xf8
		}
	}
	return b
}

// compareTree says what is missing or wrong in a container made of files.
func compareTree(t *testing.T, f Format, data []byte, files map[string]string, keys *Keys) {
	t.Helper()
	r, err := Open(f, bytes.NewReader(data), int64(len(data)), Limits{Keys: keys})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	left := map[string]string{}
	for n, d := range files {
		left[n] = d
	}
	for {
		m, err := r.Next()
		if err != nil {
			if err.Error() != "EOF" {
				t.Error(err)
			}
			break
		}
		var body bytes.Buffer
		_, err = body.ReadFrom(r)
		if err != nil || len(m.Anomalies) > 0 {
			t.Errorf("%q: %v, anomalies %v", m.Names, err, m.Anomalies)
		}
		if m.Dir {
			continue
		}
		if want, ok := left[m.Names[0]]; !ok || want != body.String() {
			t.Errorf("%q: %d bytes, want %d", m.Names, body.Len(), len(want))
		}
		delete(left, m.Names[0])
	}
	for n := range left {
		t.Errorf("%q was not yielded", n)
	}
	if n := r.Anomalies(); len(n) > 0 {
		t.Errorf("anomalies %v", n)
	}
}

func Test7zTool(t *testing.T) {
	tool := tool7z(t)
	dir := t.TempDir()
	files := tree(t, dir)
	for _, args := range []string{
		"-m0=LZMA", "-m0=LZMA2", "-m0=Copy", "-m0=BZip2", "-m0=Deflate", "-m0=PPMd:mem=1m", "-m0=PPMd:o=32:mem=32m", "-m0=PPMd:o=2:mem=16k", "-m0=LZMA2 -ms=off", "-m0=BCJ -m1=LZMA",
		"-m0=BCJ2 -m1=LZMA -m2=LZMA -m3=LZMA -mb0s0:1 -mb0s1:2 -mb0s2:3", "-m0=ARM -m1=LZMA", "-m0=ARMT -m1=LZMA", "-m0=PPC -m1=LZMA", "-m0=SPARC -m1=LZMA",
		"-m0=IA64 -m1=LZMA", "-m0=Delta:4 -m1=LZMA", "-mx=9", "-mhc=off", "-psecret", "-psecret -mhe=on",
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
			compareTree(t, SevenZip, data, files, &Keys{Passwords: []string{"wrong", "secret"}, Work: 1 << 27})
			if !strings.Contains(args, "-p") {
				return
			}
			r, err := Open(SevenZip, bytes.NewReader(data), int64(len(data)), Limits{})
			if err != nil {
				t.Fatal(err)
			}
			m, err := r.Next()
			if strings.Contains(args, "-mhe") {
				if !errors.Is(err, ErrEncrypted) {
					t.Errorf("encrypted headers: %v", err)
				}
			} else if !m.Encrypted || !errors.Is(m.Err, ErrEncrypted) || m.Names[0] == "" {
				t.Errorf("without a key: %+v", m)
			}
		})
	}
}

func Fuzz7z(f *testing.F) {
	for _, c := range forged7zs() {
		f.Add(c.data)
	}
	f.Add(forged7z{packed: []byte("\x01\x00\x02abc\x00"), method: []byte{m7zLZMA2}, props: []byte{40}, unpacked: 1 << 32, crcs: []uint32{0}, names: []string{"a"}}.bytes())
	f.Fuzz(func(t *testing.T, data []byte) {
		fuzzReadLimits(t, SevenZip, data, 64<<20, Limits{Members: fuzzMembers, Dictionary: 1 << 20, Keys: &Keys{Passwords: []string{"p"}, Work: 1 << 10}})
	})
}
