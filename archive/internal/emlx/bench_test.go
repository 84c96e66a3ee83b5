package emlx

import (
	"testing"

	"github.com/fivefifty/fivefifty/archive/internal/archivetest"
)

func BenchmarkEmlx(b *testing.B) {
	body := message + archivetest.Text(8<<20)
	archivetest.BesideCopy(b, Format, []byte(fileOf(len(body), body+list)), body)
}
