package stuffit

import (
	"strings"
	"testing"

	"github.com/fivefifty/fivefifty/archive/internal/archivetest"
)

// TestCost has entries that yield nothing, and what looks like entries.
func TestCost(t *testing.T) {
	entry := fiveEntry + "\x01\x00\x00\x00\x00\x40" + strings.Repeat("\x00", 24) + "\xff\xff\xff\xff" + strings.Repeat("\x00", 10)
	archivetest.Cheap(t, Format, append(forgeFive(), strings.Repeat(entry, 50_000)...))
	archivetest.Cheap(t, Format, append(forgeFive(), strings.Repeat(fiveEntry, 500_000)...))
	archivetest.Cheap(t, Format, append(forgeOld(), strings.Repeat("\x00\x00\x01x", 500_000)...))
}
