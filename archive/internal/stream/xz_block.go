package stream

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"

	"github.com/fivefifty/fivefifty/archive/internal/anomaly"
	"github.com/fivefifty/fivefifty/archive/internal/bcj"
	"github.com/fivefifty/fivefifty/archive/internal/input"
	"github.com/fivefifty/fivefifty/archive/internal/level"
	"github.com/fivefifty/fivefifty/internal/lzma"
)

// xzBlock is one block of an xz stream (section 3).
type xzBlock struct {
	begin    int64 // its offset
	header   int64 // length of its header in bytes
	packed   int64 // declared lengths in bytes, -1 if none
	unpacked int64

	head [1024]byte
	body lzma.Reader2
	out  io.Reader // body, through the filters
}

func (b *xzBlock) Read(p []byte) (int, error) { return b.out.Read(p) }

// open reads a block's header at the input's position.
func (b *xzBlock) open(f *XzFrames) error {
	b.begin = f.At()
	first, err := f.In.ReadByte()
	if err != nil {
		return level.Truncated(err)
	}
	h := &b.head
	h[0] = first
	n := 4 * (int(first) + 1)
	if err := input.ReadFull(f.In, h[1:n]); err != nil {
		return err
	}
	b.header = int64(n)
	if crc32.ChecksumIEEE(h[:n-4]) != binary.LittleEndian.Uint32(h[n-4:]) {
		f.Flaws.CheckFlaw(anomaly.HeaderCRC, "block header")
	}
	return b.parse(f, h[1:n-4])
}

// parse reads flags, sizes and filters.
func (b *xzBlock) parse(f *XzFrames, h []byte) error {
	v := vliReader{b: h[1:]}
	b.packed, b.unpacked = -1, -1
	if h[0]&0x40 != 0 {
		b.packed = v.next()
	}
	if h[0]&0x80 != 0 {
		b.unpacked = v.next()
	}
	if h[0]&0x3c != 0 {
		f.Flaws.Flaw(fmt.Errorf("block flags %#x: %w", h[0], level.ErrUnsupported))
	}
	filters := int(h[0]&3) + 1
	var chain [4]bcj.Filter
	for i := range filters {
		id := v.next()
		props := v.bytes(v.next())
		if v.broken {
			return fmt.Errorf("block header: %w", level.ErrMalformed)
		}
		if i == filters-1 {
			return b.startBody(f, id, props, chain[:i])
		}
		var ok bool
		if chain[i], ok = bcj.New(id, props); !ok {
			// What the filters before it made of the data is still shown.
			f.Flaws.Flaw(fmt.Errorf("filter %#x: %w", uint64(id), level.ErrUnsupported))
		}
	}
	return nil
}

// startBody puts the filters on top of the LZMA2 data, which is the last of them.
func (b *xzBlock) startBody(f *XzFrames, id int64, props []byte, chain []bcj.Filter) error {
	if id != bcj.LZMA2 {
		return fmt.Errorf("filter %#x at the end: %w", uint64(id), level.ErrUnsupported)
	}
	if len(props) != 1 {
		return fmt.Errorf("LZMA2 properties %x: %w", props, level.ErrMalformed)
	}
	dictionary, err := lzma.Dict2(props[0])
	if err != nil {
		return err
	}
	b.body.Reset(f.In, dictionary, f.Limit)
	b.out = &b.body
	for i := len(chain) - 1; i >= 0; i-- {
		if chain[i] != nil {
			b.out = &bcj.Reader{Src: b.out, Filter: chain[i]}
		}
	}
	return nil
}

// vliReader reads the variable-length integers of section 1.2.
type vliReader struct {
	b      []byte
	broken bool
}

func (v *vliReader) next() int64 {
	var n uint64
	for i, c := range v.b {
		if i == 9 {
			break
		}
		n |= uint64(c&0x7f) << (7 * i)
		if c&0x80 == 0 {
			v.b = v.b[i+1:]
			return int64(n) // 63 bits
		}
	}
	v.broken, v.b = true, nil
	return 0
}

func (v *vliReader) bytes(n int64) []byte {
	if n > int64(len(v.b)) {
		v.broken = true
		return nil
	}
	b := v.b[:n]
	v.b = v.b[n:]
	return b
}
