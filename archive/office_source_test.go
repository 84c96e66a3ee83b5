package archive

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"testing"
	"testing/iotest"
)

// officeSamples are containers of each of these formats.
func officeSamples(t testing.TB) map[string]struct {
	format Format
	data   []byte
} {
	type sample = struct {
		format Format
		data   []byte
	}
	macros := append([]byte("\x01\x16"), bytes.Repeat([]byte("p-code"), 100)...)
	files := append(wordFiles(), macroFiles("Macros", macroText, macros)...)
	files = append(files, cfbFile{"ObjectPool|_1|\x01Ole10Native", packageStream("p.js", payload)})
	all := map[string]sample{
		"doc":  {OLE, cfbForge{files: files}.bytes()},
		"msg":  {OLE, cfbForge{files: msgFiles()}.bytes()},
		"tnef": {TNEF, winmail().Bytes()},
		"rtf":  {RTF, rtfObject(rtfLines(packageHex()))},
		"p7m":  {P7M, []byte(cmsOf(oidSigned, openTLV, pieces(openTLV, smimeEntity, 50)))},
		"one":  {One, oneSectionBytes(oneBlobBytes(payload, uint64(len(payload))))},
		"mac":  {Apple, macBinaryBytes(2, "p.js", payload, payload)},
	}
	for kind, data := range encryptedSamples(excelPassword, payloadOf(5000)) {
		if kind != "standard" {
			all[kind] = sample{OLE, data}
		}
	}
	return all
}

// brokenSource fails from the nth read on.
type brokenSource struct {
	io.ReaderAt
	left int
}

func (b *brokenSource) ReadAt(p []byte, off int64) (int, error) {
	if b.left--; b.left < 0 {
		return 0, iotest.ErrTimeout
	}
	return b.ReaderAt.ReadAt(p, off)
}

// TestOfficeSourceFails has a source that fails at each read in turn: its error
// comes out, and nothing is blamed on the container.
func TestOfficeSourceFails(t *testing.T) {
	for name, s := range officeSamples(t) {
		for n := 0; ; n++ {
			src := &brokenSource{bytes.NewReader(s.data), n}
			var faults []error
			r, err := Open(s.format, src, int64(len(s.data)), Limits{})
			if err != nil {
				faults = append(faults, err)
			}
			for err == nil {
				var m *Member
				if m, err = r.Next(); err != nil {
					faults = append(faults, err)
					break
				}
				if m.Err != nil {
					faults = append(faults, m.Err)
				}
				if _, err := io.Copy(io.Discard, r); err != nil {
					faults = append(faults, err)
				}
			}
			if src.left >= 0 {
				break
			}
			if !slices.ContainsFunc(faults, func(err error) bool { return errors.Is(err, iotest.ErrTimeout) }) {
				t.Fatalf("%s: the source fails at read %d, and the errors are %v", name, n, faults)
			}
			for _, err := range faults {
				if errors.Is(err, ErrMalformed) || errors.Is(err, ErrFormat) {
					t.Fatalf("%s: read %d: %v", name, n, err)
				}
			}
		}
	}
}

// TestOfficeByByte reads bodies byte by byte.
func TestOfficeByByte(t *testing.T) {
	for name, s := range officeSamples(t) {
		all, _, err := readAll(t, s.format, s.data)
		if err != nil {
			t.Fatal(err)
		}
		r, err := Open(s.format, bytes.NewReader(s.data), int64(len(s.data)), Limits{})
		if err != nil {
			t.Fatal(err)
		}
		for _, g := range all {
			if _, err := r.Next(); err != nil {
				t.Fatal(err)
			}
			b, _ := io.ReadAll(iotest.OneByteReader(r))
			if string(b) != g.data {
				t.Errorf("%s: %q: other bytes", name, g.Names)
			}
		}
		r.Close()
	}
}
