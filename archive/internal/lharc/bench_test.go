package lharc

import (
	"bytes"
	"io"
	"testing"

	"github.com/fivefifty/fivefifty/archive/internal/archivetest"
	"github.com/fivefifty/fivefifty/internal/lha"
)

func BenchmarkArj(b *testing.B) {
	body := archivetest.Text(2 << 20)
	data := archivetest.PackWith(b, body, "a.arj", "arj", "a", "-y", "a.arj", "f")
	at := bytes.LastIndex(data[:200], []byte("f\x00\x00")) + 3 + 4 + 2
	archivetest.Beside(b, Arj, data, len(body), "lha", func() io.Reader { return lha.NewReader(lha.ARJ, bytes.NewReader(data[at:]), int64(len(body))) })
}

func BenchmarkLzh(b *testing.B) {
	body := archivetest.Text(2 << 20)
	data := archivetest.PackWith(b, body, "a.lzh", "jlha", "-ao50", "a.lzh", "f")
	w := &lzhWalker{src: bytes.NewReader(data), size: int64(len(data))}
	h, err := w.header(0)
	if err != nil || h == nil {
		b.Fatal(h, err)
	}
	raw := data[h.data:]
	archivetest.Beside(b, Lzh, data, len(body), "lha", func() io.Reader { return lha.NewReader(lha.LH5, bytes.NewReader(raw), int64(len(body))) })
}

func BenchmarkArjMembers(b *testing.B) {
	archivetest.BenchMembers(b, Arj, func(n int, name func(int) string, body string) []byte {
		files := make([]forgedArj, n)
		for i := range n {
			files[i] = forgedArj{name: name(i), body: body}
		}
		return forgeArj(files...)
	})
}

func BenchmarkLzhMembers(b *testing.B) {
	archivetest.BenchMembers(b, Lzh, func(n int, name func(int) string, body string) []byte {
		files := make([]forgedLzh, n)
		for i := range n {
			files[i] = forgedLzh{name: name(i), body: body}
		}
		return forgeLzh(files...)
	})
}
