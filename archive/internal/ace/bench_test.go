package ace

import (
	"io"
	"strings"
	"testing"

	"github.com/fivefifty/fivefifty/archive/internal/archivetest"
	"github.com/fivefifty/fivefifty/internal/unace"
)

func BenchmarkAce(b *testing.B) {
	body := archivetest.Text(8 << 20)
	b.Run("method=stored", func(b *testing.B) { archivetest.BesideCopy(b, Format, forge(forged{name: "a.txt", body: body}), body) })
	for name, c := range map[string]struct {
		method byte
		packed string
	}{"lz77": {methodLZ77, payloadLZ77}, "blocked": {methodBlocked, payloadBlocked}} {
		b.Run("method="+name, func(b *testing.B) {
			const count = 1000
			files, plain := make([]forged, count), unace.NewDecoder(1<<15)
			for i := range files {
				files[i] = forged{name: "p.js", body: archivetest.Payload, method: c.method, packed: c.packed}
			}
			archivetest.Beside(b, Format, forge(files...), count*len(archivetest.Payload), "unace", func() io.Reader {
				return archivetest.Chunks(count, func(int) []byte {
					plain.Reset()
					open := plain.LZ77
					if c.method == methodBlocked {
						open = plain.Blocked
					}
					body, err := io.ReadAll(open(strings.NewReader(c.packed), int64(len(archivetest.Payload))))
					if err != nil {
						b.Fatal(err)
					}
					return body
				})
			})
		})
	}
}

func BenchmarkAceMembers(b *testing.B) {
	archivetest.BenchMembers(b, Format, func(n int, name func(int) string, body string) []byte {
		files := make([]forged, n)
		for i := range n {
			files[i] = forged{name: name(i), body: body}
		}
		return forge(files...)
	})
}
