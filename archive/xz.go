package archive

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"hash"
	"hash/crc32"
	"io"

	"github.com/fivefifty/fivefifty/internal/saferead"
)

// Parts of an xz stream, in bytes (The .xz File Format 1.2.1, section 2.1).
const xzHeaderBytes = 12

var xzMagic = []byte("\xfd7zXZ\x00")

// xzFlaws takes what is wrong with a stream but does not end it.
type xzFlaws interface {
	flaw(error)
	checkFlaw(anomaly, what string)
	overDictionary(declared, limit int64)
}

// xzFrames decodes the streams of an xz file. What the file says about sizes and
// checks is compared with what was found, and never followed.
type xzFrames struct {
	in    *bufio.Reader
	at    func() int64 // offset of in
	flaws xzFlaws
	limit int64 // Limits.Dictionary

	check byte      // type of the blocks' checks, section 2.1.1.2
	sum   hash.Hash // nil for none, and for an unknown type
	block *xzBlock  // the open one; nil between blocks
	spare xzBlock   // is reused
	index xzIndex   // what the index must say
}

func openXz(src io.ReaderAt, size int64, l Limits) (walker, error) {
	head, err := saferead.UpTo(src, 0, int64(len(xzMagic)), size, len(xzMagic))
	if err != nil {
		return nil, err
	}
	f := &xzFrames{limit: l.Dictionary}
	if !f.begins(head) {
		return nil, ErrFormat
	}
	s := newSeries(newInput(src, size), len(xzMagic), "lzma2")
	s.padded, s.dec = true, f
	f.in, f.at, f.flaws = s.in.Reader, s.in.offset, s
	return s, nil
}

func detectXz(p *probe) bool { return new(xzFrames).begins(p.head) }

func (f *xzFrames) begins(head []byte) bool { return bytes.HasPrefix(head, xzMagic) }
func (f *xzFrames) release()                {}

func (f *xzFrames) open() error {
	var h [xzHeaderBytes]byte
	if err := readFull(f.in, h[:]); err != nil {
		return err
	}
	if crc32.ChecksumIEEE(h[6:8]) != binary.LittleEndian.Uint32(h[8:]) {
		f.flaws.checkFlaw(AnomalyHeaderCRC, "stream header")
	}
	if h[6] != 0 || h[7] > 15 {
		f.flaws.flaw(fmt.Errorf("stream flags %x: %w", h[6:8], ErrUnsupported))
	}
	f.check = h[7] & 15
	f.sum = xzSum(f.check)
	f.block = nil
	f.index = xzIndex{}
	return nil
}

func (f *xzFrames) Read(p []byte) (int, error) {
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
func (f *xzFrames) nextBlock() error {
	first, err := f.in.Peek(1)
	if err != nil {
		return truncated(err)
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
func (f *xzFrames) endBlock() error {
	b := f.block
	f.block = nil
	packed, unpacked := f.at()-b.begin-b.header, b.body.Decoded()
	if b.packed >= 0 && b.packed != packed || b.unpacked >= 0 && b.unpacked != unpacked {
		f.flaws.checkFlaw(AnomalySize, "block size")
	}
	var trailer [3 + 64]byte
	pad, n := int(-packed&3), xzCheckBytes(f.check)
	if err := readFull(f.in, trailer[:pad+n]); err != nil {
		return err
	}
	if f.sum != nil && !bytes.Equal(f.sum.Sum(nil), trailer[pad:pad+n]) {
		f.flaws.checkFlaw(AnomalyCRC, "check")
	}
	f.index.add(b.header+packed+int64(n), unpacked)
	return nil
}
