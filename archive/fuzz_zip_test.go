package archive

import (
	"bytes"
	"io"
	"testing"
)

// fuzzDecoder feeds a method's decoder with any bytes: it ends, makes progress and
// stays within memory.
func fuzzDecoder(f *testing.F, method uint16, seeds ...[]byte) {
	for _, s := range seeds {
		f.Add(s, uint16(6))
	}
	f.Fuzz(func(t *testing.T, data []byte, flags uint16) {
		d := &zipDecoders{dictionary: 1 << 20, left: dictionaries << 20}
		defer d.close()
		dec, err := d.openBody(method, bytes.NewReader(data), bodyHints{flags, -1})
		if err != nil {
			return
		}
		defer dec.release()
		n, err := io.CopyBuffer(struct{ io.Writer }{io.Discard}, io.LimitReader(dec, fuzzOutput), sink[:])
		if err == nil && n < fuzzOutput {
			if m, again := dec.Read(make([]byte, 1)); m != 0 || again == nil {
				t.Fatalf("after the end: %d bytes, %v", m, again)
			}
		}
		if dec.consumed() < 0 || dec.consumed() > int64(len(data)) {
			t.Fatalf("consumed %d of %d bytes", dec.consumed(), len(data))
		}
	})
}

func FuzzShrink(f *testing.F)    { fuzzDecoder(f, 1, shrinkOf(payload), shrinkOf(text(40_000))) }
func FuzzReduce(f *testing.F)    { fuzzDecoder(f, 5, reduceOf(payload, 4)) }
func FuzzImplode(f *testing.F)   { fuzzDecoder(f, 6, implodeOf(payload, 6)) }
func FuzzDeflate64(f *testing.F) { fuzzDecoder(f, 9, pack(8, payload), pack(8, text(4000))) }
func FuzzZipLZMA(f *testing.F) {
	fuzzDecoder(f, 14, zipLZMABody(f, payload, true), zipLZMABody(f, payload, false))
}
func FuzzZipZstd(f *testing.F) { fuzzDecoder(f, 93, zstdBody(f, payload)) }
func FuzzZipXZ(f *testing.F)   { fuzzDecoder(f, 95, xzBody(f, payload)) }
func FuzzPPMd(f *testing.F) {
	fuzzDecoder(f, 98, []byte("\x05\x00 some bytes that are no stream of PPMd but decode"), []byte("\x0f\x10\x00\x00\x00\x00\x00\x00\x00\x00\x00"))
}

// FuzzInflateAny compares our inflate with the fast one: what that decodes, ours
// must.
func FuzzInflateAny(f *testing.F) {
	f.Add(pack(8, payload))
	f.Add(pack(8, text(5000)))
	f.Fuzz(func(t *testing.T, data []byte) {
		decode := func(method uint16) (string, int64, error) {
			dec, err := new(zipDecoders).openBody(method, bytes.NewReader(data), bodyHints{limit: -1})
			if err != nil {
				t.Fatal(err)
			}
			defer dec.release()
			b, err := io.ReadAll(io.LimitReader(dec, fuzzOutput))
			return string(b), dec.consumed(), err
		}
		fast, n, err := decode(methodDeflate)
		if err != nil || len(fast) == fuzzOutput {
			return
		}
		if ours, m, err := decode(methodTolerant); ours != fast || m != n || err != nil {
			t.Fatalf("%d bytes of %d, %d consumed of %d, %v", len(ours), len(fast), m, n, err)
		}
	})
}

// FuzzZipKeys opens any bytes with passwords.
func FuzzZipKeys(f *testing.F) {
	f.Add(forge([]entry{cryptoEntry(8, payload, "a"), cryptoEntry(0, payload, "b")}, nil, ""))
	f.Add(forge([]entry{aesEntry(f, 8, payload, "a", 1, 2), aesEntry(f, 0, payload, "b", 3, 1)}, nil, ""))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := Open(Zip, bytes.NewReader(data), int64(len(data)), Limits{Members: 50, Dictionary: 1 << 20, Keys: &Keys{[]string{"a", "b"}, 100_000}})
		for left := int64(fuzzOutput); err == nil && left > 0; {
			var m *Member
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
