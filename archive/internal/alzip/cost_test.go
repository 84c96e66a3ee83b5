package alzip

import (
	"bytes"
	"strings"
	"testing"

	"github.com/fivefifty/fivefifty/archive/internal/archivetest"
)

// TestCost has headers that each send the search on, and yield nothing.
func TestCost(t *testing.T) {
	archivetest.Cheap(t, ALZ, append([]byte(alzMagic+"\x0a\x00\x00\x00"), strings.Repeat(alzDirectory+strings.Repeat("x", alzDirSize), 100_000)...))
	archivetest.Cheap(t, EGG, append(eggHead(), strings.Repeat("\x13\x0c\xb5\x02junk", 200_000)...))
	archivetest.Cheap(t, EGG, append(eggHead(), bytes.Repeat(eggField(0x12345678, 0, ""), 200_000)...))
	archivetest.Cheap(t, EGG, append(eggHead(), bytes.Repeat(append(forgedEGG{}.header(), "junk"...), 9000)...))
}
