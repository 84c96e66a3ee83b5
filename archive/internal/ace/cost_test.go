package ace

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/fivefifty/fivefifty/archive/internal/archivetest"
	"github.com/fivefifty/fivefifty/archive/internal/level"
)

// TestCostOfSignatures has headers that overlap: their checksums are not all made.
func TestCostOfSignatures(t *testing.T) {
	for _, size := range []string{"\xff\xff", "\x00\x10", "\x00\x0f"} {
		data := []byte(strings.Repeat("\x00\x00"+size+"\x00\x00\x00"+signature, 1<<20/14))
		start := time.Now()
		archivetest.Detects(data, Format)
		if _, _, err := archivetest.ReadAll(t, Format, data[1:]); !errors.Is(err, level.ErrMalformed) && !errors.Is(err, level.ErrFormat) {
			t.Errorf("%q: %v", size, err)
		}
		if took := time.Since(start); took > 20*time.Second {
			t.Errorf("%q: %v", size, took)
		}
	}
}
