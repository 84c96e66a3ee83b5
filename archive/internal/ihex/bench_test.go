package ihex

import (
	"encoding/hex"
	"io"
	"strings"
	"testing"

	"github.com/fivefifty/fivefifty/archive/internal/archivetest"
)

func BenchmarkIntelHex(b *testing.B) {
	body := archivetest.Text(4 << 20)
	digits := hex.EncodeToString([]byte(body))
	archivetest.Beside(b, Format, []byte(lines(0, body)+end), len(body), "hex", func() io.Reader { return hex.NewDecoder(strings.NewReader(digits)) })
}

func BenchmarkIntelHexMembers(b *testing.B) {
	archivetest.BenchMembers(b, Format, func(n int, _ func(int) string, body string) []byte {
		var text strings.Builder
		for i := range n {
			text.WriteString(lines(64*i, body))
		}
		return []byte(text.String() + end)
	})
}
