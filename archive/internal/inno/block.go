package inno

import (
	"encoding/binary"
	"hash/crc32"
	"io"

	"github.com/fivefifty/fivefifty/archive/internal/anomaly"
	"github.com/fivefifty/fivefifty/archive/internal/level"
	"github.com/fivefifty/fivefifty/internal/zlib"
)

// A block is a stream that is stored in pieces of 4096 bytes, each behind its CRC. Its
// header is the CRC of what follows, then a size: up to 4.0.8 that of the packed and that
// of the plain stream, later that with all CRCs and a byte that is set if the stream is
// packed; from 6.7 on with a size of 64 bits.
const (
	blockHead     = 4 + 4 + 1
	oldBlockHead  = 4 + 4 + 4
	wideBlockHead = 4 + 8 + 1
	pieceBytes    = 4096
)

// block is what a block's header says.
type block struct {
	head   int   // bytes of the header
	size   int64 // bytes behind it, with the CRCs
	packed bool
	wrong  bool // the header's CRC is
}

// parseBlock reads a header whose CRC is right.
func parseBlock(b []byte) (h block, ok bool) {
	if len(b) < wideBlockHead {
		return h, false
	}
	sum := binary.LittleEndian.Uint32(b)
	for _, head := range []int{blockHead, oldBlockHead, wideBlockHead} {
		if head != oldBlockHead && b[head-1] > 1 || crc32.ChecksumIEEE(b[4:head]) != sum {
			continue
		}
		return readBlock(b, head)
	}
	return h, false
}

// guessBlock takes a header of which the CRC is wrong, if packed data follow.
func guessBlock(b []byte) (h block, ok bool) {
	for _, head := range []int{blockHead, oldBlockHead, wideBlockHead} {
		if data := head + 4; len(b) > data+13 && (string(b[data:data+3]) == lzmaMark || zlib.Header(b[data:])) {
			h, ok = readBlock(b, head)
			h.wrong = true
			return h, ok && h.packed
		}
	}
	return h, false
}

func readBlock(b []byte, head int) (h block, ok bool) {
	h.head = head
	size := binary.LittleEndian.Uint32(b[4:])
	switch head {
	case blockHead:
		h.size, h.packed = int64(size), b[8] != 0
	case wideBlockHead:
		h.size, h.packed = int64(binary.LittleEndian.Uint64(b[4:])), b[12] != 0
	default:
		h.packed = size != 1<<32-1
		if !h.packed {
			size = binary.LittleEndian.Uint32(b[8:])
		}
		h.size = int64(size) + (int64(size)+pieceBytes-1)/pieceBytes*4
	}
	return h, h.size >= 0
}

// pieces reads the pieces of a block as one. A piece with a wrong CRC is used.
type pieces struct {
	r    io.Reader
	m    *level.Member // gets what is wrong
	buf  [4 + pieceBytes]byte
	have []byte
	err  error
}

func (p *pieces) Read(b []byte) (int, error) {
	if len(p.have) == 0 {
		if p.err != nil {
			return 0, p.err
		}
		n, err := io.ReadFull(p.r, p.buf[:])
		if err == io.ErrUnexpectedEOF {
			err = io.EOF // the last piece is shorter
		}
		p.err = err
		if n <= 4 {
			if err == nil || err == io.EOF && n > 0 {
				p.err = io.ErrUnexpectedEOF
			}
			return 0, p.err
		}
		p.have = p.buf[4:n]
		if crc32.ChecksumIEEE(p.have) != binary.LittleEndian.Uint32(p.buf[:]) {
			level.Note(p.m, anomaly.CRC)
		}
	}
	n := copy(b, p.have)
	p.have = p.have[n:]
	return n, nil
}
