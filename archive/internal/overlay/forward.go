package overlay

import (
	"bufio"
	"encoding/binary"
	"io"

	"github.com/fivefifty/fivefifty/archive/internal/device"
)

// forward reads a structure from its start to its end. After the first read that
// fails, ok is false and all values are 0.
type forward struct {
	dev *device.Device
	in  *bufio.Reader
	at  int64 // offset of the next byte
	ok  bool
}

func newForward(dev *device.Device, at int64) *forward {
	r := &forward{dev: dev, in: bufio.NewReaderSize(nil, 4096), ok: true}
	r.seek(at)
	return r
}

func (r *forward) seek(at int64) {
	r.at = at
	r.in.Reset(io.NewSectionReader(r.dev, at, max(0, r.dev.Size-at)))
}

// skip passes over n bytes, which must be there.
func (r *forward) skip(n int64) {
	switch {
	case !r.ok:
	case n < 0 || n > r.dev.Size-r.at:
		r.ok = false
	case n <= int64(r.in.Buffered()):
		r.in.Discard(int(n))
		r.at += n
	default:
		r.seek(r.at + n)
	}
}

func (r *forward) bytes(b []byte) []byte {
	if r.ok {
		_, err := io.ReadFull(r.in, b)
		r.ok = err == nil
		r.at += int64(len(b))
	}
	if !r.ok {
		clear(b)
	}
	return b
}

func (r *forward) byte() byte {
	var b [1]byte
	return r.bytes(b[:])[0]
}

func (r *forward) be16() uint16 {
	var b [2]byte
	return binary.BigEndian.Uint16(r.bytes(b[:]))
}

func (r *forward) be32() uint32 {
	var b [4]byte
	return binary.BigEndian.Uint32(r.bytes(b[:]))
}

func (r *forward) le16() uint16 {
	var b [2]byte
	return binary.LittleEndian.Uint16(r.bytes(b[:]))
}

func (r *forward) le32() uint32 {
	var b [4]byte
	return binary.LittleEndian.Uint32(r.bytes(b[:]))
}

// behind passes over everything up to the next c, and over c.
func (r *forward) behind(c byte) {
	for r.ok {
		got, err := r.in.ReadSlice(c)
		r.at += int64(len(got))
		if err == nil {
			return
		}
		r.ok = err == bufio.ErrBufferFull
	}
}
