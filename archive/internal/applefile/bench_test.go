package applefile

import (
	"testing"

	"github.com/fivefifty/fivefifty/archive/internal/archivetest"
)

func BenchmarkAppleFile(b *testing.B) {
	body := archivetest.Text(8 << 20)
	for name, data := range map[string][]byte{
		"single":    appleBytes(single, map[uint32]string{appleData: body, appleName: "a.txt"}),
		"macbinary": macBinaryBytes(2, "a.txt", body, ""),
	} {
		b.Run("kind="+name, func(b *testing.B) { archivetest.BesideCopy(b, Format, data, body) })
	}
}
