package wim

import (
	"fmt"
	"io"

	"github.com/fivefifty/fivefifty/archive/internal/device"
	"github.com/fivefifty/fivefifty/archive/internal/level"
	"github.com/fivefifty/fivefifty/internal/lzms"
)

// chunkDecoder decodes one chunk of a resource. What it has decoded before an
// error is in out[:n].
type chunkDecoder interface {
	decode(out, in []byte) (n int, err error)
}

// lzmsChunks decodes LZMS into memory of its own: chunks are up to 64 MiB long, so that
// readers that follow each other must share it.
type lzmsChunks struct {
	lzms.Decoder
	out []byte
}

// chunks reads a compressed resource: a table of the chunks' places, then the chunks,
// each of which decodes to the same length but the last.
type chunks struct {
	dev     *device.Device
	decoder chunkDecoder
	lzms    *lzmsChunks // instead of it
	table   int64       // offset of the table
	wide    bool        // of 64-bit entries
	data    int64       // offset of the first chunk
	end     int64       // of the resource
	chunk   int64       // bytes of a decoded chunk
	index   int64       // of the next chunk
	count   int64
	left    int64 // decoded bytes that are still to come
	out     []byte
	in      []byte
	body    []byte // decoded, not read yet
	err     error  // after body
}

func newChunks(dev *device.Device, res resource, chunk int64, d chunkDecoder) *chunks {
	c := &chunks{
		dev: dev, decoder: d, table: res.off, wide: res.original >= 1<<32, end: min(res.off+res.size, dev.Size),
		chunk: chunk, left: res.original, count: (res.original + chunk - 1) / chunk,
	}
	step := int64(4)
	if c.wide {
		step = 8
	}
	c.data = c.table + step*max(0, c.count-1)
	return c
}

func (c *chunks) Read(p []byte) (int, error) {
	for len(c.body) == 0 {
		switch {
		case c.err != nil:
			return 0, c.err
		case c.left == 0:
			return 0, io.EOF
		}
		c.next()
	}
	n := copy(p, c.body)
	c.body = c.body[n:]
	return n, nil
}

// place is the offset of a chunk; the first has no entry, and behind the last is
// the end.
func (c *chunks) place(i int64) int64 {
	var e [8]byte
	switch {
	case i == 0:
		return c.data
	case i == c.count:
		return c.end
	case c.wide:
		c.dev.Read(e[:], c.table+8*(i-1))
		return c.data + device.OffsetOf(device.LE64(e[:], 0)&(1<<56-1))
	}
	c.dev.Read(e[:4], c.table+4*(i-1))
	return c.data + int64(device.LE32(e[:], 0))
}

func (c *chunks) next() {
	from, to := c.place(c.index), c.place(c.index+1)
	want := min(c.chunk, c.left)
	c.index++
	c.left -= want
	if from < c.data || to <= from || to > c.end || to-from > want {
		c.err = fmt.Errorf("place of a chunk: %w", level.ErrMalformed)
		return
	}
	if int64(cap(c.in)) < to-from {
		c.in = make([]byte, to-from)
	}
	in := c.dev.Read(c.in[:to-from], from)
	switch {
	case int64(len(in)) < to-from:
		c.err = fmt.Errorf("chunk: %w", level.Truncated(io.EOF))
	case to-from == want: // stored
		c.body = in
		return
	}
	err := c.decode(want, in)
	if err != nil && c.err == nil {
		c.err = err
	}
}

// decode decodes a chunk into body. A chunk of LZMS can be large, so that memory
// follows what comes out.
func (c *chunks) decode(want int64, in []byte) (err error) {
	if c.lzms != nil {
		if c.lzms.out, err = c.lzms.Decode(c.lzms.out[:0], int(want), in); err != nil {
			err = level.BodyError(err)
		}
		c.body = c.lzms.out
		return err
	}
	if int64(cap(c.out)) < want {
		c.out = make([]byte, want)
	}
	n, err := c.decoder.decode(c.out[:want], in)
	c.body = c.out[:n]
	return err
}
