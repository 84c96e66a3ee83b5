package unace

import (
	"bytes"

	"github.com/fivefifty/fivefifty/internal/huffman"
)

// Comment unpacks a comment, 32 KiB at most. At a fault it returns what comes before,
// and false.
func Comment(packed []byte) ([]byte, bool) {
	r := &Reader{d: &Decoder{work: firstWork}, longest: lzWidth}
	r.in = huffman.Bits{R: newWords(bytes.NewReader(packed))}
	size := int(r.in.Take(15))
	var c code
	if !r.readCode(&c, lzMain) {
		return nil, false
	}
	var seen [511]int // where the sum of two bytes was met last
	var out []byte
	for len(out) < size {
		from := 0
		if n := len(out); n > 1 {
			sum := int(out[n-1]) + int(out[n-2])
			from, seen[sum] = seen[sum], n
		}
		s, ok := c.read(&r.in)
		switch {
		case !ok:
			return out, false
		case s < 256:
			out = append(out, byte(s))
			continue
		}
		for i := range s - 256 + 2 {
			if from+i >= len(out) {
				return out, false
			}
			out = append(out, out[from+i])
		}
	}
	return out, true
}
