package sis

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"github.com/klauspost/compress/zlib"

	"github.com/fivefifty/fivefifty/archive/internal/archivetest"
)

func BenchmarkSIS(b *testing.B) {
	body := archivetest.Text(4 << 20)
	packed := sisZlib(body)
	z, err := zlib.NewReader(strings.NewReader(packed))
	if err != nil {
		b.Fatal(err)
	}
	for name, data := range map[string][]byte{
		"5": forgedSIS{second: sisRelease5, records: []recordOf{{name: "a", files: []string{body}}}}.bytes(),
		"6": forgedSIS{second: sisRelease6, records: []recordOf{{name: "a", files: []string{body}, packed: true}}}.bytes(),
		"9": forgedSISX(sisxFile1("a", body)),
	} {
		b.Run("release="+name, func(b *testing.B) {
			if bytes.Contains(data, []byte(body)) {
				archivetest.BesideCopy(b, Format, data, body)
				return
			}
			archivetest.Beside(b, Format, data, len(body), "zlib", func() io.Reader { return archivetest.InTurn(z, []string{packed}) })
		})
	}
}

func BenchmarkSISMembers(b *testing.B) {
	archivetest.BenchMembers(b, Format, func(n int, name func(int) string, body string) []byte {
		p := forgedSIS{second: sisRelease6}
		for i := range n {
			p.records = append(p.records, recordOf{name: name(i), files: []string{body}, packed: true})
		}
		return p.bytes()
	})
}

func BenchmarkSISXMembers(b *testing.B) {
	archivetest.BenchMembers(b, Format, func(n int, name func(int) string, body string) []byte {
		files := make([]sisxFileOf, n)
		for i := range n {
			files[i] = sisxFile1(name(i), body)
		}
		return forgedSISX(files...)
	})
}
