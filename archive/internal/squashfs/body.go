package squashfs

import (
	"bytes"
	"fmt"
	"io"

	"github.com/klauspost/compress/zlib"
	"github.com/klauspost/compress/zstd"

	"github.com/fivefifty/fivefifty/archive/internal/device"
	"github.com/fivefifty/fivefifty/archive/internal/level"
)

// body reads a file: its blocks, and its tail, which may share a block with
// those of others.
type body struct {
	v     *volume
	sizes *stream // the lengths of the blocks
	off   int64   // of the next block
	left  int64   // bytes of the file that are still to come
	frag  uint32  // number of the tail's fragment block
	tail  int64   // offset in it
	body  []byte
	err   error
}

func (r *body) Read(p []byte) (int, error) {
	for len(r.body) == 0 {
		switch {
		case r.err != nil:
			return 0, r.err
		case r.left == 0:
			return 0, io.EOF
		}
		r.next()
	}
	n := copy(p, r.body)
	r.body = r.body[n:]
	return n, nil
}

// next reads a block or the tail. Of one that is broken, what could be decoded
// comes before the error.
func (r *body) next() {
	want := min(r.v.block, r.left)
	r.left -= want
	if want < r.v.block && r.frag != noFrag {
		data, err := r.v.fragment(r.frag)
		r.body, r.err = data[min(r.tail, int64(len(data))):], err
		if int64(len(r.body)) > want {
			r.body = r.body[:want]
		}
	} else {
		size := device.LE32(r.sizes.bytes(4), 0)
		if !r.sizes.ok {
			r.err = fmt.Errorf("block lengths: %w", level.ErrMalformed)
			return
		}
		r.body, r.err = r.v.dataBlock(&r.v.scratch, r.off, size, want)
		r.off += int64(size & (1<<24 - 1))
	}
	if int64(len(r.body)) < want && r.err == nil {
		r.err = fmt.Errorf("a block is too short: %w", level.ErrMalformed)
	}
}

// scratch is a block as it is stored, and what it decodes to.
type scratch struct{ in, out []byte }

// room returns n bytes of a buffer, which grows if it must.
func room(buf *[]byte, n int64) []byte {
	if int64(cap(*buf)) < n {
		*buf = make([]byte, n)
	}
	return (*buf)[:n]
}

// dataBlock decodes a block that is size bytes long; bit 24 says that it is stored,
// and none at all is zeros. The result is of the scratch.
func (v *volume) dataBlock(s *scratch, off int64, size uint32, want int64) ([]byte, error) {
	n := int64(size & (1<<24 - 1))
	if n == 0 {
		out := room(&s.out, want)
		clear(out)
		return out, nil
	}
	if n > v.block || !v.Dev.Spend(want) {
		return nil, fmt.Errorf("a block of %d bytes: %w", n, level.ErrMalformed)
	}
	in := v.Dev.Read(room(&s.in, n), off)
	if size&(1<<24) != 0 {
		return in[:min(want, int64(len(in)))], nil
	}
	out := room(&s.out, want)
	got, err := v.decode(out, in)
	return out[:got], err
}

// fragment reads a fragment block. Files that follow each other mostly share one.
func (v *volume) fragment(number uint32) ([]byte, error) {
	var at [8]byte
	if int64(number) >= v.count || !v.Dev.Full(at[:], v.frags+8*int64(number/512)) {
		return nil, fmt.Errorf("fragment %d: %w", number, level.ErrMalformed)
	}
	s := v.stream(device.OffsetOf(device.LE64(at[:], 0)), int(number%512)*16)
	e := s.bytes(16)
	off := device.OffsetOf(device.LE64(e, 0))
	if v.frag.off == off && v.frag.data != nil {
		return v.frag.data, nil
	}
	if !s.ok {
		return nil, fmt.Errorf("fragment %d: %w", number, level.ErrMalformed)
	}
	data, err := v.dataBlock(new(scratch), off, device.LE32(e, 8), v.block)
	v.frag.off, v.frag.data = off, data
	if err == nil && len(data) == 0 {
		err = level.ErrMalformed
	}
	return data, err
}

// decoder returns the decoder of a volume's one method. It fills out as far
// as the input goes.
func decoder(method uint16) (func(out, in []byte) (int, error), error) {
	switch method {
	case 1:
		return decodeZlib(), nil
	case 6:
		return decodeZstd(), nil
	}
	names := []string{2: "lzma", 3: "lzo", 4: "xz", 5: "lz4"}
	if int(method) < len(names) && names[method] != "" {
		return nil, fmt.Errorf("method %s: %w", names[method], level.ErrUnsupported)
	}
	return nil, fmt.Errorf("method %d: %w", method, level.ErrUnsupported)
}

func decodeZlib() func(out, in []byte) (int, error) {
	var z io.ReadCloser
	return func(out, in []byte) (int, error) {
		var err error
		if z == nil {
			z, err = zlib.NewReader(bytes.NewReader(in))
		} else {
			err = z.(zlib.Resetter).Reset(bytes.NewReader(in), nil)
		}
		if err != nil {
			z = nil
			return 0, level.BodyError(err)
		}
		return fill(out, z)
	}
}

// decodeZstd reads in the caller's goroutine, so that nothing needs to be closed.
func decodeZstd() func(out, in []byte) (int, error) {
	var z *zstd.Decoder
	return func(out, in []byte) (int, error) {
		var err error
		if z == nil {
			z, err = zstd.NewReader(bytes.NewReader(in), zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(8<<20))
		} else {
			err = z.Reset(bytes.NewReader(in))
		}
		if err != nil {
			return 0, level.BodyError(err)
		}
		return fill(out, z)
	}
}

// fill reads until out is full or the stream ends.
func fill(out []byte, r io.Reader) (int, error) {
	n, err := io.ReadFull(r, out)
	if err == io.ErrUnexpectedEOF || err == io.EOF {
		return n, nil
	}
	if err != nil {
		err = level.BodyError(err)
	}
	return n, err
}
