package lzma

import "io"

// Reader2 decodes an LZMA2 stream: chunks, each with a control byte.
type Reader2 struct {
	d     decoder
	left  int64 // bytes of the present chunk to come
	plain bool  // the present chunk is stored
	ready bool  // a chunk with properties was met
	err   error // sticky
}

// NewReader2 returns a reader of an LZMA2 stream. dict is the declared
// dictionary, window bounds the memory, both in bytes.
func NewReader2(r io.Reader, dict, window int64) *Reader2 {
	z := &Reader2{}
	z.d.init(r, max(dict, MinWindow), window)
	return z
}

// Dict2 is the dictionary that the property byte of LZMA2 stands for.
func Dict2(b byte) (int64, error) {
	switch {
	case b > 40:
		return 0, ErrCorrupt
	case b == 40:
		return 1<<32 - 1, nil
	}
	return int64(2|b&1) << (b/2 + 11), nil
}

func (z *Reader2) Read(p []byte) (int, error) {
	for {
		if n := z.d.take(p); n > 0 || len(p) == 0 {
			return n, nil
		}
		if z.err != nil {
			return 0, z.err
		}
		if z.left == 0 {
			z.err = z.chunk()
			continue
		}
		var n int64
		if z.plain {
			n, z.err = z.d.copyPlain(z.left)
		} else {
			n, z.err = z.d.run(z.left)
			if z.err == errMarker {
				z.err = ErrCorrupt
			}
		}
		z.left -= n
	}
}

// Consumed is the number of bytes taken from the source that belong to the
// stream, valid after io.EOF.
func (z *Reader2) Consumed() int64 { return z.d.consumed() }

// chunk reads the next chunk's header, io.EOF for the last.
func (z *Reader2) chunk() error {
	z.d.skipChunk()
	control := z.d.next()
	switch {
	case z.d.inErr != nil:
		return z.d.inErr
	case control == 0:
		return io.EOF
	case control > 2 && control < 0x80:
		return ErrCorrupt
	}
	size := int64(z.d.next())<<8 | int64(z.d.next())
	if control == 1 {
		z.d.resetDict()
	}
	if z.plain = control < 0x80; z.plain {
		z.left = size + 1
		return z.d.inErr
	}
	z.left = int64(control&0x1f)<<16 + size + 1
	packed := int64(z.d.next())<<8 | int64(z.d.next())
	switch reset := control >> 5 & 3; {
	case reset >= 2:
		if reset == 3 {
			z.d.resetDict()
		}
		v := int(z.d.next())
		if v >= 9*5*5 || v%9+v/9%5 > 4 {
			return ErrCorrupt
		}
		z.d.setProps(v%9, v/9%5, v/45)
		z.d.resetState()
		z.ready = true
	case !z.ready:
		return ErrCorrupt
	case reset == 1:
		z.d.resetState()
	}
	if z.d.inErr != nil {
		return z.d.inErr
	}
	z.d.pending = 0
	z.d.limitChunk(packed + 1)
	return z.d.startRange()
}

// limitChunk bounds the input to the n bytes of a chunk. Bytes of later chunks
// that lie in the buffer already are put back in later.
func (d *decoder) limitChunk(n int64) {
	have := int64(len(d.buf) - d.i)
	if have >= n {
		d.behind = d.buf[d.i+int(n):]
		d.buf = d.buf[:d.i+int(n)]
		d.inLeft = 0
		return
	}
	d.inLeft = n - have
}

// skipChunk drops what a chunk has left and takes the bound away.
func (d *decoder) skipChunk() {
	if d.inErr == ErrCorrupt {
		d.inErr = nil
	}
	for d.inLeft > 0 && d.inErr == nil {
		d.i = len(d.buf)
		d.fill()
	}
	if d.inLeft == 0 {
		d.buf, d.i, d.behind = d.behind, 0, nil
	}
	d.inLeft = -1
}

// copyPlain moves stored bytes to the window.
func (d *decoder) copyPlain(n int64) (int64, error) {
	room, err := d.room()
	if err != nil {
		return 0, err
	}
	n = min(n, int64(room))
	start := d.w
	for ; n > 0; n-- {
		b := d.next()
		if d.inErr != nil {
			break
		}
		d.put(b)
	}
	return int64(d.w - start), d.inErr
}
