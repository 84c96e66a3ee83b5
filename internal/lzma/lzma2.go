package lzma

import (
	"bufio"
	"io"
)

// The control bytes of LZMA2 chunks.
const (
	chunkEnd      = 0x00
	chunkRawReset = 0x01 // stored bytes behind a reset of the dictionary
	chunkRaw      = 0x02 // stored bytes
	chunkCoded    = 0x80 // LZMA data: bits 5 and 6 say what is reset, 0 to 4 are the size's top
)

// Reader2 decodes an LZMA2 stream: chunks that know their lengths, each with a
// control byte. The zero value is ready for Reset.
type Reader2 struct {
	d            decoder
	dict, window int64

	left  int64 // bytes of the present chunk to come
	plain bool  // the present chunk is stored
	ready bool  // a chunk with properties was met
	n     int64 // decoded so far
	err   error // comes once the window is empty
}

// NewReader2 returns a reader of an LZMA2 stream. dict is the declared
// dictionary, window bounds the memory, both in bytes.
func NewReader2(r io.Reader, dict, window int64) *Reader2 {
	z := new(Reader2)
	z.Reset(bufio.NewReader(r), dict, window)
	return z
}

// Reset begins another stream, as NewReader2 does, at the position of r, from
// which nothing is taken that does not belong to the stream.
func (z *Reader2) Reset(r *bufio.Reader, dict, window int64) {
	z.dict, z.window = dict, window
	z.left, z.plain, z.ready, z.n, z.err = 0, false, false, 0, nil
	z.d.src = r
	z.d.resetWindow(dict, window)
}

// Decoded is the number of bytes that were decoded.
func (z *Reader2) Decoded() int64 { return z.n }

func (z *Reader2) Read(p []byte) (int, error) {
	for {
		if n := z.d.take(p); n > 0 || len(p) == 0 {
			return n, nil
		}
		switch {
		case z.err != nil:
			return 0, z.err
		case z.left == 0:
			z.err = z.chunk()
		case z.plain:
			z.err = z.stored()
		default:
			z.err = z.coded()
		}
	}
}

// chunk reads the next chunk's header, io.EOF for the last.
func (z *Reader2) chunk() error {
	control, err := z.byte()
	switch {
	case err != nil:
		return err
	case control == chunkEnd:
		return io.EOF
	case control > chunkRaw && control < chunkCoded:
		return ErrCorrupt
	case control == chunkRawReset || control >= 0xe0:
		z.d.resetWindow(z.dict, z.window)
	}
	size, err := z.number()
	if z.plain = control < chunkCoded; z.plain {
		z.left = size
		return err
	}
	z.left = int64(control&0x1f)<<16 + size
	packed, err := z.number()
	if err == nil {
		err = z.prepare(control >> 5 & 3)
	}
	if err == nil {
		err = z.d.start(packed)
	}
	return err
}

// prepare resets what a chunk of LZMA data says: 1 is the models, 2 the
// properties too, and 3 the window.
func (z *Reader2) prepare(reset byte) error {
	if reset >= 2 {
		b, err := z.byte()
		if err != nil {
			return err
		}
		p, err := PropsOf(b)
		if err != nil || p.LC+p.LP > 4 {
			return ErrCorrupt
		}
		z.d.props, z.ready = p, true
	}
	if !z.ready {
		return ErrCorrupt
	}
	if reset >= 1 {
		z.d.resetState()
	}
	return nil
}

func (z *Reader2) byte() (byte, error) {
	b, err := z.d.src.ReadByte()
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return b, err
}

// number reads a length less one, as two bytes.
func (z *Reader2) number() (int64, error) {
	high, err := z.byte()
	if err != nil {
		return 0, err
	}
	low, err := z.byte()
	return int64(high)<<8 + int64(low) + 1, err
}

// stored copies bytes of a stored chunk into the window.
func (z *Reader2) stored() error {
	limit := z.d.room(int(min(step, z.left)))
	n, err := io.ReadFull(z.d.src, z.d.buf[z.d.w:limit])
	z.d.w += n
	z.d.seen += int64(n)
	z.left -= int64(n)
	z.n += int64(n)
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return err
}

// coded decodes bytes of a chunk of LZMA data.
func (z *Reader2) coded() error {
	n, err := z.d.decode(int(min(step, z.left)))
	z.left -= int64(n)
	z.n += int64(n)
	if err == nil && z.left > 0 && z.d.marker < 0 {
		return nil
	}
	whole := err == nil && z.d.finished() && z.d.match == 0 && z.d.marker < 0
	z.d.stop()
	if err == nil && (!whole || z.d.coder.left > 0) {
		err = ErrCorrupt
	}
	return err
}
