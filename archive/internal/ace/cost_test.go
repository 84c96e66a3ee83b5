package ace

import (
	"errors"
	"strings"
	"testing"

	"github.com/fivefifty/fivefifty/archive/internal/archivetest"
	"github.com/fivefifty/fivefifty/archive/internal/level"
)

// TestCostOfSignatures has headers that overlap: their checksums are not all made.
func TestCostOfSignatures(t *testing.T) {
	for _, size := range []string{"\xff\xff", "\x00\x10", "\x00\x0f"} {
		data := strings.Repeat("\x00\x00"+size+"\x00\x00\x00"+signature, 1<<20/14)
		archivetest.Detects([]byte(data), Format)
		src := &archivetest.Counter{R: strings.NewReader(data[1:])}
		if _, _, err := archivetest.ReadFrom(t, Format, src, int64(len(data)-1)); !errors.Is(err, level.ErrMalformed) && !errors.Is(err, level.ErrFormat) {
			t.Errorf("%q: %v", size, err)
		}
		src.Check(t, int64(len(data)), 0, 0)
	}
}
