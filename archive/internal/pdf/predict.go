package pdf

import (
	"io"
	"sync"
)

// rowMax is how many bytes of a predictor's row are kept; pictures are far
// narrower.
const rowMax = 1 << 20

// predictor undoes the predictors of Flate and LZW (ISO 32000-1 section
// 7.4.4.4): TIFF's and PNG's.
type predictor struct {
	r         io.Reader
	png       bool
	colors    int
	bits      int
	row       int // bytes of a row, without PNG's tag
	pixel     int // bytes of a pixel, at least 1
	prev, cur []byte
	out       []byte
	err       error
}

var predictors = sync.Pool{New: func() any { return new(predictor) }}

// sane reports whether a predictor's parameters describe a picture at all.
func (f *filter) sane() bool {
	return f.colors >= 1 && f.colors <= 64 && f.columns >= 1 && f.bits >= 1 && f.bits <= 16
}

// newPredictor returns nil if the rows are longer than can be kept.
func newPredictor(r io.Reader, f *filter) *predictor {
	if f.columns > 8*rowMax {
		return nil
	}
	row := (f.colors*f.bits*f.columns + 7) / 8
	if row > rowMax {
		return nil
	}
	p := predictors.Get().(*predictor)
	*p = predictor{r: r, png: f.predict >= 10, colors: int(f.colors), bits: int(f.bits), row: int(row),
		pixel: int(f.colors*f.bits+7) / 8, prev: p.prev[:0], cur: p.cur[:0]}
	return p
}

func (p *predictor) release() {
	p.r = nil
	predictors.Put(p)
}

func (p *predictor) Read(b []byte) (int, error) {
	for len(p.out) == 0 {
		if p.err != nil {
			return 0, p.err
		}
		p.readRow()
	}
	n := copy(b, p.out)
	p.out = p.out[n:]
	return n, nil
}

// readRow reads one row; the last may be short. The buffer grows with what is
// there.
func (p *predictor) readRow() {
	p.prev, p.cur = p.cur, p.prev
	want := p.row
	if p.png {
		want++
	}
	cur := p.cur[:0]
	for len(cur) < want && p.err == nil {
		have := len(cur)
		cur = append(cur, make([]byte, min(want-have, 4<<10))...)
		var n int
		n, p.err = io.ReadFull(p.r, cur[have:])
		cur = cur[:have+n]
	}
	p.cur = cur
	if p.err == io.ErrUnexpectedEOF {
		p.err = io.EOF
	}
	if len(cur) == 0 {
		return
	}
	if !p.png {
		p.tiff(cur)
		p.out = cur
		return
	}
	if len(p.prev) > 0 {
		undoPNG(cur[0], cur[1:], p.prev[1:], p.pixel)
	} else {
		undoPNG(cur[0], cur[1:], nil, p.pixel)
	}
	p.out = cur[1:]
}

// undoPNG undoes one of PNG's filters (PNG specification section 9.2). up is the row
// above, nil for none.
func undoPNG(tag byte, row, up []byte, pixel int) {
	above := func(i int) byte {
		if i >= 0 && i < len(up) {
			return up[i]
		}
		return 0
	}
	for i := range row {
		var left byte
		if i >= pixel {
			left = row[i-pixel]
		}
		switch tag {
		case 1:
			row[i] += left
		case 2:
			row[i] += above(i)
		case 3:
			row[i] += byte((int(left) + int(above(i))) / 2)
		case 4:
			row[i] += paeth(int(left), int(above(i)), int(above(i-pixel)))
		default:
			return
		}
	}
}

func paeth(a, b, c int) byte {
	pa, pb, pc := abs(b-c), abs(a-c), abs(a+b-2*c)
	switch {
	case pa <= pb && pa <= pc:
		return byte(a)
	case pb <= pc:
		return byte(b)
	}
	return byte(c)
}

func abs(n int) int {
	if n < 0 {
		return -n
	}
	return n
}

// tiff undoes the horizontal differences of one row (TIFF 6.0 section 14).
func (p *predictor) tiff(row []byte) {
	switch p.bits {
	case 8:
		for i := p.colors; i < len(row); i++ {
			row[i] += row[i-p.colors]
		}
	case 16:
		for i := 2 * p.colors; i+1 < len(row); i += 2 {
			j := i - 2*p.colors
			v := uint16(row[i])<<8 + uint16(row[i+1]) + uint16(row[j])<<8 + uint16(row[j+1])
			row[i], row[i+1] = byte(v>>8), byte(v)
		}
	default:
		p.tiffBits(row)
	}
}

// tiffBits is tiff for samples that share bytes.
func (p *predictor) tiffBits(row []byte) {
	var left [64]int
	mask := 1<<p.bits - 1
	for sample := 0; (sample+1)*p.bits <= 8*len(row); sample++ {
		v := 0
		for b := sample * p.bits; b < (sample+1)*p.bits; b++ {
			v = v<<1 | int(row[b/8]>>(7-b%8)&1)
		}
		c := sample % p.colors
		left[c] = (left[c] + v) & mask
		for i := range p.bits {
			b := sample*p.bits + i
			bit := byte(left[c] >> (p.bits - 1 - i) & 1)
			row[b/8] = row[b/8]&^(1<<(7-b%8)) | bit<<(7-b%8)
		}
	}
}
