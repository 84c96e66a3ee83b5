package rar

import (
	"bytes"
	"io"
	"testing"

	"github.com/nwaples/rardecode/v2"

	"github.com/fivefifty/fivefifty/archive/internal/archivetest"
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

func BenchmarkRarMembers(b *testing.B) {
	archivetest.BenchMembers(b, Format, func(n int, name func(int) string, body string) []byte {
		files := make([]file, n)
		for i := range n {
			files[i] = file{name: name(i), body: body}
		}
		return forgeRar5(files, true)
	})
}
