package pdf

import (
	"maps"
	"slices"
	"testing"

	"github.com/fivefifty/fivefifty/archive/internal/archivetest"
)

// TestMutatedForged reads files that were forged and then damaged, under the
// bounds of the fuzz targets.
func TestMutatedForged(t *testing.T) {
	var inputs [][]byte
	forg := forgedPDFs()
	for _, name := range slices.Sorted(maps.Keys(forg)) {
		c := forg[name]
		inputs = append(inputs, c.data)
	}
	encr := encryptedPDFs()
	for _, name := range slices.Sorted(maps.Keys(encr)) {
		c := encr[name]
		inputs = append(inputs, c.data)
	}
	archivetest.MutateForged(t, Format, inputs, fixed)
}
