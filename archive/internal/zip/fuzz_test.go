package zip

import (
	stdzip "archive/zip"
	"bytes"
	"errors"
	"hash/crc32"
	"io"
	"strings"
	"testing"

	"github.com/fivefifty/fivefifty/archive/internal/archivetest"
	"github.com/fivefifty/fivefifty/archive/internal/level"
	"github.com/fivefifty/fivefifty/internal/huffman"
)

// zipDictionary is Limits.Dictionary for fuzzing: it keeps the tables of a file's
// decoders small, so that the bound on allocations means something.
const zipDictionary = 1 << 20

// tables is what the decoders of one zip file may allocate under zipDictionary:
// those that cannot be used twice, and one of each of the others.
const tables = dictionaries<<20 + 32<<20

func FuzzZip(f *testing.F) {
	for _, z := range forged(f) {
		f.Add(z.data)
	}
	for _, p := range packers {
		f.Add(forge([]entry{p.entry(f, "p", archivetest.Payload, nil)}, nil, ""))
	}
	for _, m := range []uint16{9, 12, 98} {
		f.Add(forge([]entry{{name: "p", method: m, raw: []byte("BZh91AY&SY and so on")}}, nil, ""))
	}
	f.Add(archivetest.StdZip(f, archivetest.File{Name: "a", Data: "a", Method: 0}, archivetest.File{Name: "b/", Data: "", Method: 0}, archivetest.File{Name: "c", Data: archivetest.Payload, Method: 8}))
	f.Fuzz(func(t *testing.T, data []byte) {
		bodies, complete := archivetest.FuzzReadLimits(t, Format, data, tables, level.Limits{Members: archivetest.FuzzMembers, Dictionary: zipDictionary})
		if complete {
			compareStd(t, data, bodies)
		}
	})
}

// compareStd fails if the standard library reads a body with the right CRC that
// is not among ours.
func compareStd(t *testing.T, data []byte, bodies map[string]bool) {
	z, err := stdzip.NewReader(bytes.NewReader(data), int64(len(data)))
	if z == nil || err != nil && !errors.Is(err, stdzip.ErrInsecurePath) {
		return
	}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			continue
		}
		body, err := io.ReadAll(io.LimitReader(r, archivetest.FuzzOutput))
		r.Close()
		if err == nil && len(body) > 0 && len(body) < archivetest.FuzzOutput && crc32.ChecksumIEEE(body) == f.CRC32 && !bodies[string(body)] {
			t.Fatalf("the standard library reads %.80q as %.80q, and we do not", f.Name, body)
		}
	}
}

// fuzzDecoder feeds a method's decoder with any bytes: it ends, makes progress and
// stays within memory.
func fuzzDecoder(f *testing.F, method uint16, seeds ...[]byte) {
	for _, s := range seeds {
		f.Add(s, uint16(6))
	}
	f.Fuzz(func(t *testing.T, data []byte, flags uint16) {
		d := &decoders{dictionary: 1 << 20, left: dictionaries << 20}
		defer d.close()
		dec, err := d.openBody(method, bytes.NewReader(data), bodyHints{flags, -1})
		if err != nil {
			return
		}
		defer dec.Release()
		n, err := io.CopyBuffer(struct{ io.Writer }{io.Discard}, io.LimitReader(dec, archivetest.FuzzOutput), archivetest.Sink[:])
		if err == nil && n < archivetest.FuzzOutput {
			if m, again := dec.Read(make([]byte, 1)); m != 0 || again == nil {
				t.Fatalf("after the end: %d bytes, %v", m, again)
			}
		}
		if dec.Consumed() < 0 || dec.Consumed() > int64(len(data)) {
			t.Fatalf("consumed %d of %d bytes", dec.Consumed(), len(data))
		}
	})
}

func FuzzShrink(f *testing.F) {
	fuzzDecoder(f, 1, archivetest.ShrinkOf(archivetest.Payload), archivetest.ShrinkOf(archivetest.Text(40_000)))
}

func FuzzReduce(f *testing.F) { fuzzDecoder(f, 5, archivetest.ReduceOf(archivetest.Payload, 4)) }

func FuzzImplode(f *testing.F) { fuzzDecoder(f, 6, archivetest.ImplodeOf(archivetest.Payload, 6)) }

func FuzzDeflate64(f *testing.F) {
	fuzzDecoder(f, 9, archivetest.Pack(8, archivetest.Payload), archivetest.Pack(8, archivetest.Text(4000)))
}

func FuzzZipLZMA(f *testing.F) {
	fuzzDecoder(f, 14, lzmaBody(f, archivetest.Payload, true), lzmaBody(f, archivetest.Payload, false))
}

func FuzzZipZstd(f *testing.F) { fuzzDecoder(f, 93, zstdBody(f, archivetest.Payload)) }

func FuzzZipXZ(f *testing.F) { fuzzDecoder(f, 95, xzBody(f, archivetest.Payload)) }

func FuzzPPMd(f *testing.F) {
	fuzzDecoder(f, 98, []byte("\x05\x00 some bytes that are no stream of PPMd but decode"), []byte("\x0f\x10\x00\x00\x00\x00\x00\x00\x00\x00\x00"))
}

// FuzzInflateAny compares our inflate with the fast one: what that decodes, ours
// must.
func FuzzInflateAny(f *testing.F) {
	f.Add(archivetest.Pack(8, archivetest.Payload))
	f.Add(archivetest.Pack(8, archivetest.Text(5000)))
	f.Fuzz(func(t *testing.T, data []byte) {
		decode := func(method uint16) (string, int64, error) {
			dec, err := new(decoders).openBody(method, bytes.NewReader(data), bodyHints{limit: -1})
			if err != nil {
				t.Fatal(err)
			}
			defer dec.Release()
			b, err := io.ReadAll(io.LimitReader(dec, archivetest.FuzzOutput))
			return string(b), dec.Consumed(), err
		}
		fast, n, err := decode(methodDeflate)
		if err != nil || len(fast) == archivetest.FuzzOutput {
			return
		}
		ours, m, err := decode(methodTolerant)
		if errors.Is(err, huffman.ErrCode) && strings.HasPrefix(fast, ours) {
			return // zlib ends there too; the fast one takes such bits for some code, and goes on
		}
		if ours != fast || m != n || err != nil {
			t.Fatalf("%d bytes of %d, %d consumed of %d, %v", len(ours), len(fast), m, n, err)
		}
	})
}

// FuzzZipKeys opens any bytes with passwords.
func FuzzZipKeys(f *testing.F) {
	f.Add(forge([]entry{cryptoEntry(8, archivetest.Payload, "a"), cryptoEntry(0, archivetest.Payload, "b")}, nil, ""))
	f.Add(forge([]entry{aesEntry(f, 8, archivetest.Payload, "a", 1, 2), aesEntry(f, 0, archivetest.Payload, "b", 3, 1)}, nil, ""))
	f.Add(forge([]entry{strongEntry(f, 8, archivetest.Payload, "a", 16, true), strongEntry(f, 0, archivetest.Payload, "b", 32, false)}, nil, ""))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := level.Open(Format, bytes.NewReader(data), int64(len(data)), level.Limits{Members: 50, Dictionary: 1 << 20, Keys: &level.Keys{Passwords: []string{"a", "b"}, Work: 100_000}})
		for left := int64(archivetest.FuzzOutput); err == nil && left > 0; {
			var m *level.Member
			if m, err = r.Next(); err != nil {
				break
			}
			n, _ := io.Copy(io.Discard, io.LimitReader(r, left))
			if m.Password != "" && m.Err != nil && n > 0 {
				t.Fatal("bytes of a member with Err")
			}
			left -= n
		}
		if r != nil {
			r.Close()
		}
	})
}
