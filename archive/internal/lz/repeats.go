package lz

import (
	"io"

	"github.com/fivefifty/fivefifty/archive/internal/input"
)

// Repeats undoes the packing that ARC, StuffIt and BinHex have: 0x90 and a count repeat
// the byte before, 0x90 and zero are a 0x90.
type Repeats struct {
	r     io.ByteReader
	last  byte
	count int
	err   error
}

// NewRepeats undoes the packing of a stream.
func NewRepeats(r io.ByteReader) *Repeats { return &Repeats{r: r} }

const repeatMark = 0x90

func (z *Repeats) Read(p []byte) (int, error) {
	n := 0
	for n < len(p) && z.err == nil {
		if z.count > 0 {
			p[n] = z.last
			n++
			z.count--
			continue
		}
		b, err := z.r.ReadByte()
		if err != nil {
			z.err = err
			break
		}
		if b == repeatMark {
			count, err := z.r.ReadByte()
			if err != nil {
				z.err = input.NoEOF(err)
				break
			}
			if count > 0 {
				z.count = int(count) - 1
				continue
			}
			p[n] = b
			n++
			continue
		}
		z.last, p[n] = b, b
		n++
	}
	if n > 0 || len(p) == 0 {
		return n, nil
	}
	return 0, z.err
}
