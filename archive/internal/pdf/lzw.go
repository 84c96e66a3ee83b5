package pdf

import (
	"io"
	"sync"
)

// Codes of LZW (ISO 32000-1 section 7.4.4.2).
const (
	lzwClear = 256
	lzwEnd   = 257
	lzwCodes = 1 << 12
)

// pdfLZW is the state of an LZW decoder.
type pdfLZW struct {
	prefix [lzwCodes]uint16
	suffix [lzwCodes]byte
	length [lzwCodes]uint16 // of the code's string
	bits   uint32           // input not yet used
	have   uint             // how many bits
	width  uint
	next   int // the code that is defined next
	prev   int // -1 after a clear
	first  byte
	early  int
}

var pdfLZWs = sync.Pool{New: func() any { return new(pdfLZW) }}

func newLZW(early bool) *pdfLZW {
	z := pdfLZWs.Get().(*pdfLZW)
	z.bits, z.have, z.early = 0, 0, 0
	if early {
		z.early = 1
	}
	for i := range 256 {
		z.suffix[i], z.length[i] = byte(i), 1
	}
	z.clear()
	return z
}

func (z *pdfLZW) clear() { z.width, z.next, z.prev = 9, lzwEnd+1, -1 }

// stepLZW decodes some codes.
func stepLZW(s *stage) {
	z := s.lzw
	for len(s.out) < pdfOut {
		for z.have < z.width {
			c, ok := s.byte()
			if !ok {
				return
			}
			z.bits, z.have = z.bits<<8|uint32(c), z.have+8
		}
		code := int(z.bits >> (z.have - z.width) & (1<<z.width - 1))
		z.have -= z.width
		switch {
		case code == lzwClear:
			z.clear()
		case code == lzwEnd:
			s.err = io.EOF
			return
		case !z.put(s, code):
			s.fault()
			return
		}
	}
}

// put writes the string of a code and defines the next code.
func (z *pdfLZW) put(s *stage, code int) bool {
	if code > z.next || code == z.next && (z.prev < 0 || z.next == lzwCodes) || z.prev < 0 && code > 255 {
		return false
	}
	from := code
	if code == z.next { // the string before and its own first byte
		from = z.prev
	}
	n := int(z.length[from])
	at := len(s.out)
	for range n {
		s.out = append(s.out, 0)
	}
	for c, i := from, at+n-1; i >= at; i-- {
		s.out[i] = z.suffix[c]
		c = int(z.prefix[c])
	}
	z.first = s.out[at]
	if code == z.next {
		s.out = append(s.out, z.first)
	}
	if z.prev >= 0 && z.next < lzwCodes {
		z.prefix[z.next], z.suffix[z.next], z.length[z.next] = uint16(z.prev), z.first, z.length[z.prev]+1
		z.next++
	}
	z.prev = code
	if z.next+z.early >= 1<<z.width && z.width < 12 {
		z.width++
	}
	return true
}
