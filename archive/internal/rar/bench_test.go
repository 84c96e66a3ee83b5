package rar

import (
	"bytes"
	"io"
	"testing"

	"github.com/nwaples/rardecode/v2"

	"github.com/fivefifty/fivefifty/archive/internal/archivetest"
	"github.com/fivefifty/fivefifty/internal/rar3"
)

func BenchmarkRar5(b *testing.B) {
	body := archivetest.Text(1 << 20)
	data := forgeRar5([]file{{name: "f", body: body, raw: rar5Literals(body)}}, true)
	archivetest.Beside(b, Format, data, len(body), "rardecode", func() io.Reader {
		r, err := rardecode.NewReader(bytes.NewReader(data))
		if err == nil {
			_, err = r.Next()
		}
		if err != nil {
			b.Fatal(err)
		}
		return struct{ io.Reader }{r}
	})
}

// rar4Literals packs a body for RAR 2.9 without matches: codes have nine bits, those of
// the codes for distances and lengths six.
func rar4Literals(body string) []byte {
	var w archivetest.BitWriter
	w.Put(0, 2) // no PPMd, no lengths from before
	for i := range 20 {
		n := uint64(0)
		if i == 6 || i == 9 {
			n = 1
		}
		w.Put(n, 4)
	}
	for i := range 299 + 60 + 17 + 28 {
		nine := uint64(0)
		if i < 299 {
			nine = 1
		}
		w.Put(nine, 1)
	}
	for _, c := range []byte(body) {
		w.Put(uint64(c), 9)
	}
	return w.Flush()
}

func BenchmarkRar4(b *testing.B) {
	body := archivetest.Text(4 << 20)
	b.Run("method=stored", func(b *testing.B) {
		archivetest.BesideCopy(b, Format, forgeRar4([]file{{name: "f", body: body}}, true), body)
	})
	b.Run("method=29", func(b *testing.B) {
		raw := rar4Literals(body)
		data := forgeRar4([]file{{name: "f", body: body, raw: raw, edit4: func(h []byte) []byte {
			h[24], h[25] = 29, 0x33
			return h
		}}}, true)
		d := rar3.New(1<<20, 1<<20)
		archivetest.Beside(b, Format, data, len(body), "rar3", func() io.Reader {
			d.Next(bytes.NewReader(raw), false)
			return io.LimitReader(d, int64(len(body)))
		})
	})
}

func BenchmarkRarMembers(b *testing.B) {
	for version, forge := range map[string]func([]file, bool) []byte{"4": forgeRar4, "5": forgeRar5} {
		b.Run("version="+version, func(b *testing.B) {
			archivetest.BenchMembers(b, Format, func(n int, name func(int) string, body string) []byte {
				files := make([]file, n)
				for i := range n {
					files[i] = file{name: name(i), body: body}
				}
				return forge(files, true)
			})
		})
	}
}
