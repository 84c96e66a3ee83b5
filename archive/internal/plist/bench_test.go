package plist

import (
	"testing"

	"github.com/fivefifty/fivefifty/archive/internal/archivetest"
)

func BenchmarkPlist(b *testing.B) {
	body := archivetest.Text(8 << 20)
	list := forged{objects: []string{dict(1, 2), ascii("key"), data(body)}, offSize: 4}
	archivetest.BesideCopy(b, Format, list.bytes(), body)
}

func BenchmarkPlistMembers(b *testing.B) {
	archivetest.BenchMembers(b, Format, func(n int, name func(int) string, body string) []byte {
		objects := make([]string, n)
		for i := range n {
			objects[i] = data(name(i) + ", which is data and not too short to count: " + body)
		}
		return forged{objects: objects, offSize: 4}.bytes()
	})
}
