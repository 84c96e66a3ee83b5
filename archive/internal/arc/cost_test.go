package arc

import (
	"strings"
	"testing"

	"github.com/fivefifty/fivefifty/archive/internal/archivetest"
)

// TestCost has what looks like headers, and entries that lead nowhere.
func TestCost(t *testing.T) {
	first := forgeARC(forgedARC{name: "A", body: "b", method: arcStored})
	archivetest.Cheap(t, ARC, append(first, strings.Repeat("\x1a\x02A\x00", 500_000)...))
	archivetest.Cheap(t, ARC, append(first, strings.Repeat("\x1a", 2_000_000)...))
	archivetest.Cheap(t, ZOO, append(forgeZOO(), strings.Repeat(zooMark, 500_000)...))
}
