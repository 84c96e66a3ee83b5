package stream

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"hash"
	"hash/crc32"
	"io"

	"github.com/fivefifty/fivefifty/archive/internal/anomaly"
	"github.com/fivefifty/fivefifty/archive/internal/input"
	"github.com/fivefifty/fivefifty/archive/internal/level"
	"github.com/fivefifty/fivefifty/internal/saferead"
)

// Parts of an xz stream, in bytes (The .xz File Format 1.2.1, section 2.1).
const xzHeaderBytes = 12

// XzMagic begins a stream of xz.
var XzMagic = []byte("\xfd7zXZ\x00")

// XzFrames decodes the streams of an xz file. What the file says about sizes and
// checks is compared with what was found, and never followed.
type XzFrames struct {
	In    *bufio.Reader
	At    func() int64 // offset of in
	Flaws flaws
	Limit int64 // Limits.Dictionary

	check byte      // type of the blocks' checks, section 2.1.1.2
	sum   hash.Hash // nil for none, and for an unknown type
	block *xzBlock  // the open one; nil between blocks
	spare xzBlock   // is reused
	index xzIndex   // what the index must say
}

// Xz is how an xz file is found and opened.
var Xz = &level.Format{Name: "xz", Detect: detectXz, Open: openXz}

func openXz(src io.ReaderAt, size int64, l level.Limits) (level.Walker, error) {
	head, err := saferead.UpTo(src, 0, int64(len(XzMagic)), size, len(XzMagic))
	if err != nil {
		return nil, err
	}
	f := &XzFrames{Limit: l.Dictionary}
	if !f.Begins(head) {
		return nil, level.ErrFormat
	}
	s := newSeries(input.NewStream(src, size), len(XzMagic), "lzma2")
	s.padded, s.dec = true, f
	f.In, f.At, f.Flaws = s.in.Reader, s.in.Offset, s
	return s, nil
}

func detectXz(p *level.Probe) bool { return new(XzFrames).Begins(p.Head) }

func (f *XzFrames) Begins(head []byte) bool { return bytes.HasPrefix(head, XzMagic) }
func (f *XzFrames) Release()                {}

func (f *XzFrames) Open() error {
	var h [xzHeaderBytes]byte
	if err := input.ReadFull(f.In, h[:]); err != nil {
		return err
	}
	if crc32.ChecksumIEEE(h[6:8]) != binary.LittleEndian.Uint32(h[8:]) {
		f.Flaws.CheckFlaw(anomaly.HeaderCRC, "stream header")
	}
	if h[6] != 0 || h[7] > 15 {
		f.Flaws.Flaw(fmt.Errorf("stream flags %x: %w", h[6:8], level.ErrUnsupported))
	}
	f.check = h[7] & 15
	f.sum = xzSum(f.check)
	f.block = nil
	f.index = xzIndex{}
	return nil
}

func (f *XzFrames) Read(p []byte) (int, error) {
	if f.block == nil {
		if err := f.nextBlock(); err != nil {
			return 0, err
		}
	}
	n, err := f.block.Read(p)
	if f.sum != nil {
		f.sum.Write(p[:n])
	}
	if err == io.EOF {
		err = f.endBlock()
	}
	return n, err
}

// nextBlock opens the next block. Behind the last it reads index and footer, and
// returns io.EOF.
func (f *XzFrames) nextBlock() error {
	first, err := f.In.Peek(1)
	if err != nil {
		return level.Truncated(err)
	}
	if first[0] == 0 {
		if err := f.readIndex(); err != nil {
			return err
		}
		return io.EOF
	}
	if err := f.spare.open(f); err != nil {
		return err
	}
	f.block = &f.spare
	if f.sum != nil {
		f.sum.Reset()
	}
	return nil
}

// endBlock reads what follows a block's data: padding and check.
func (f *XzFrames) endBlock() error {
	b := f.block
	f.block = nil
	packed, unpacked := f.At()-b.begin-b.header, b.body.Decoded()
	if b.packed >= 0 && b.packed != packed || b.unpacked >= 0 && b.unpacked != unpacked {
		f.Flaws.CheckFlaw(anomaly.Size, "block size")
	}
	var trailer [3 + 64]byte
	pad, n := int(-packed&3), xzCheckBytes(f.check)
	if err := input.ReadFull(f.In, trailer[:pad+n]); err != nil {
		return err
	}
	if f.sum != nil && !bytes.Equal(f.sum.Sum(nil), trailer[pad:pad+n]) {
		f.Flaws.CheckFlaw(anomaly.CRC, "check")
	}
	f.index.add(b.header+packed+int64(n), unpacked)
	return nil
}
