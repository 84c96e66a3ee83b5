package dmg

import (
	"bufio"
	"compress/bzip2"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/zlib"

	"github.com/fivefifty/fivefifty/archive/internal/device"
	"github.com/fivefifty/fivefifty/archive/internal/level"
	"github.com/fivefifty/fivefifty/archive/internal/stream"
	"github.com/fivefifty/fivefifty/internal/lzfse"
)

// chunks decodes the chunks of one partition in the order of its table. A chunk
// that cannot be decoded is zeros, so that what follows keeps its place; why it is
// so comes at the end.
type chunks struct {
	image *image
	dev   *device.Device
	rest  []byte // of the table
	count uint32 // entries that are left
	base  int64  // offset that the chunks' places count from
	body  io.Reader
	left  int64 // bytes of the chunk that are still to come
	fail  error
}

// decoders are what the partitions of an image share: one is read at a time.
type decoders struct {
	z     io.ReadCloser
	adc   *adcReader
	xz    *stream.Body
	lzfse *lzfse.Reader

	zIn     *bufio.Reader // of z
	lzfseIn *bufio.Reader // of lzfse
}

const entryBytes = 40

func (c *chunks) Read(p []byte) (int, error) {
	for c.left == 0 {
		if c.count == 0 || len(c.rest) < entryBytes {
			return 0, device.FirstError(c.fail, io.EOF)
		}
		c.next(c.rest[:entryBytes])
		c.rest = c.rest[entryBytes:]
		c.count--
	}
	if len(p) == 0 {
		return 0, nil
	}
	p = p[:min(int64(len(p)), c.left)]
	if c.body == nil {
		clear(p)
		c.left -= int64(len(p))
		return len(p), nil
	}
	n, err := c.body.Read(p)
	c.left -= int64(n)
	if err != nil && c.left > 0 {
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		c.spoil(level.BodyError(err))
	}
	return n, nil
}

// spoil makes the rest of the present chunk zeros.
func (c *chunks) spoil(err error) {
	c.body = nil
	c.fail = device.FirstError(c.fail, err)
}

// next begins a chunk.
func (c *chunks) next(e []byte) {
	sectors := device.OffsetOf(device.BE64(e, 16))
	if sectors > 1<<40 {
		c.count = 0
		c.fail = device.FirstError(c.fail, fmt.Errorf("chunk of %d sectors: %w", sectors, level.ErrMalformed))
		return
	}
	c.left, c.body = sectors*device.SectorBytes, nil
	off := c.base + device.OffsetOf(device.BE64(e, 24))
	packed := c.dev.Part(off, device.OffsetOf(device.BE64(e, 32)))
	// Chunks can share their bytes, and these decode to nothing at length.
	if !c.dev.Spend(packed.Size) {
		c.spoil(device.ErrWork)
		return
	}
	in := packed.Reader()
	switch kind := device.BE32(e, 0); kind {
	case dmgZero, dmgIgnore:
	case dmgRaw:
		c.body = in
	case dmgZlib:
		c.openZlib(in)
	case dmgBzip2:
		if c.image.bzip2--; c.image.bzip2 < 0 {
			c.spoil(fmt.Errorf("bzip2 chunks: %w: %w", level.ErrLimit, level.ErrMalformed))
			return
		}
		c.body = bzip2.NewReader(in)
	case dmgADC:
		if c.image.adc == nil {
			c.image.adc = &adcReader{in: bufio.NewReader(nil)}
		}
		c.image.adc.reset(in)
		c.body = c.image.adc
	case dmgLZFSE:
		if c.image.lzfse == nil {
			c.image.lzfseIn = bufio.NewReader(nil)
			c.image.lzfse = lzfse.NewReader(c.image.lzfseIn)
		}
		c.image.lzfseIn.Reset(in)
		c.image.lzfse.Reset(c.image.lzfseIn)
		c.body = c.image.lzfse
	case dmgLZMA: // in fact a stream of xz
		if c.image.xz == nil {
			c.image.xz = stream.NewXz(in, c.image.Limits.Dictionary)
		}
		c.image.xz.Reset(in)
		c.body = c.image.xz
	default: // a comment, the terminator
		c.left = 0
	}
}

func (c *chunks) openZlib(in io.Reader) {
	if c.image.zIn == nil {
		c.image.zIn = bufio.NewReader(nil)
	}
	c.image.zIn.Reset(in)
	var err error
	if c.image.z == nil {
		c.image.z, err = zlib.NewReader(c.image.zIn)
	} else {
		err = c.image.z.(zlib.Resetter).Reset(c.image.zIn, nil)
	}
	if err != nil {
		c.image.z = nil
		c.spoil(level.BodyError(err))
		return
	}
	c.body = c.image.z
}

// adcReader decodes Apple Data Compression: literals, and matches of two lengths
// within 64 KiB.
type adcReader struct {
	in     *bufio.Reader
	window [64 << 10]byte
	at     int // where the next byte goes
	seen   int // bytes decoded, up to the window's size
	copied int // bytes of a match that are still to come
	plain  int // bytes of a literal that are still to come
	offset int
}

func (r *adcReader) reset(in io.Reader) {
	r.in.Reset(in)
	r.at, r.seen, r.copied, r.plain = 0, 0, 0, 0
}

var errADC = errors.New("ADC match before the start")

func (r *adcReader) Read(p []byte) (int, error) {
	for n := range p {
		if r.copied == 0 && r.plain == 0 {
			if err := r.code(); err != nil {
				return n, err
			}
		}
		var b byte
		if r.copied > 0 {
			r.copied--
			b = r.window[(r.at-r.offset)&(len(r.window)-1)]
		} else {
			r.plain--
			var err error
			if b, err = r.in.ReadByte(); err != nil {
				return n, err
			}
		}
		r.window[r.at] = b
		r.at = (r.at + 1) & (len(r.window) - 1)
		r.seen = min(r.seen+1, len(r.window))
		p[n] = b
	}
	return len(p), nil
}

// code reads what comes next: one byte, two or three.
func (r *adcReader) code() error {
	var b [3]byte
	var err error
	if b[0], err = r.in.ReadByte(); err != nil {
		return err
	}
	more := 0
	switch {
	case b[0]&0x80 != 0:
		r.plain = int(b[0]&0x7f) + 1
		return nil
	case b[0]&0x40 != 0:
		more = 2
		r.copied = int(b[0]&0x3f) + 4
	default:
		more = 1
		r.copied = int(b[0]>>2&0xf) + 3
	}
	if _, err := io.ReadFull(r.in, b[1:1+more]); err != nil {
		return io.ErrUnexpectedEOF
	}
	r.offset = int(b[0]&3)<<8 + int(b[1]) + 1
	if more == 2 {
		r.offset = int(b[1])<<8 + int(b[2]) + 1
	}
	if r.offset > r.seen {
		return errADC
	}
	return nil
}
