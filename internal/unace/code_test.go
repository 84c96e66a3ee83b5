package unace

import (
	"slices"
	"testing"
)

// Which of two symbols comes first is what the format's own programs make of them.
func TestSortDown(t *testing.T) {
	keys := []byte{1, 0, 0, 1, 2, 0, 0}
	symbols := []uint16{0, 1, 2, 3, 4, 5, 6}
	sortDown(keys, symbols)
	if !slices.Equal(keys, []byte{2, 1, 1, 0, 0, 0, 0}) || !slices.Equal(symbols, []uint16{4, 0, 3, 5, 6, 2, 1}) {
		t.Errorf("%v %v", keys, symbols)
	}
}
