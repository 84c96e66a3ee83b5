package stream

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"

	"github.com/fivefifty/fivefifty/archive/internal/anomaly"
	"github.com/fivefifty/fivefifty/archive/internal/input"
	"github.com/fivefifty/fivefifty/archive/internal/level"
	"github.com/fivefifty/fivefifty/internal/lzma"
	"github.com/fivefifty/fivefifty/internal/saferead"
)

// Parts of a member of a lzip file, in bytes (lzip manual, "File format").
const (
	lzipHeaderBytes   = 6
	lzipTrailerBytes  = 20 // CRC, data size, member size
	lzipTrailer0Bytes = 12 // version 0 has no member size
)

var lzipMagic = []byte("LZIP")

// lzipFrames decodes the members of a lzip file.
type lzipFrames struct {
	s       *series
	limit   int64 // Limits.Dictionary
	body    lzma.Reader
	version byte
	begin   int64 // offset of the member
	crc     uint32
}

// Lzip is how an lzip file is found and opened.
var Lzip = &level.Format{Name: "lzip", Detect: detectLzip, Open: openLzip}

func openLzip(src io.ReaderAt, size int64, l level.Limits) (level.Walker, error) {
	head, err := saferead.UpTo(src, 0, lzipHeaderBytes, size, lzipHeaderBytes)
	if err != nil {
		return nil, err
	}
	f := &lzipFrames{limit: l.Dictionary}
	if !f.Begins(head) {
		return nil, level.ErrFormat
	}
	s := newSeries(input.NewStream(src, size), lzipHeaderBytes, "lzma")
	s.padded, s.dec, f.s = true, f, s
	return s, nil
}

func detectLzip(p *level.Probe) bool { return new(lzipFrames).Begins(p.Head) }

func (f *lzipFrames) Begins(head []byte) bool {
	return len(head) >= lzipHeaderBytes && bytes.HasPrefix(head, lzipMagic)
}

func (f *lzipFrames) Release() {}

func (f *lzipFrames) Open() error {
	f.begin = f.s.in.Offset()
	var h [lzipHeaderBytes]byte
	if err := f.s.in.Full(h[:]); err != nil {
		return err
	}
	f.version, f.crc = h[4], 0
	if f.version > 1 {
		f.s.Flaw(fmt.Errorf("version %d: %w", f.version, level.ErrUnsupported))
	}
	dictionary, ok := lzipDictionary(h[5])
	if !ok {
		f.s.Flaw(fmt.Errorf("dictionary size %#x: %w", h[5], level.ErrMalformed))
		dictionary = f.limit
	}
	p := lzma.Props{LC: 3, PB: 2, Dict: dictionary, Sync: true}
	return f.body.Reset(f.s.in.Reader, p, -1, f.limit)
}

// lzipDictionary decodes a dictionary's size: a power of two, less some
// sixteenths of it. It is from 4 KiB to 512 MiB.
func lzipDictionary(b byte) (int64, bool) {
	base := int64(1) << (b & 31)
	size := base - base/16*int64(b>>5)
	return size, size >= 4<<10 && size <= 512<<20
}

func (f *lzipFrames) Read(p []byte) (int, error) {
	n, err := f.body.Read(p)
	f.crc = crc32.Update(f.crc, crc32.IEEETable, p[:n])
	if err == io.EOF {
		err = f.trailer()
	}
	return n, err
}

// trailer compares what a member says of itself with what it was.
func (f *lzipFrames) trailer() error {
	var t [lzipTrailerBytes]byte
	n := lzipTrailerBytes
	if f.version == 0 {
		n = lzipTrailer0Bytes
	}
	if err := f.s.in.Full(t[:n]); err != nil {
		return err
	}
	if binary.LittleEndian.Uint32(t[:]) != f.crc {
		f.s.CheckFlaw(anomaly.CRC, "CRC")
	}
	if binary.LittleEndian.Uint64(t[4:]) != uint64(f.body.Decoded()) {
		f.s.CheckFlaw(anomaly.Size, "size")
	}
	if f.version > 0 && binary.LittleEndian.Uint64(t[12:]) != uint64(f.s.in.Offset()-f.begin) {
		f.s.CheckFlaw(anomaly.Size, "member size")
	}
	return io.EOF
}
