// Package zlib says whether bytes are the start of a zlib stream (RFC 1950). Its header
// is two bytes, which one file in a thousand has by chance and many a text begins with,
// so that a stream must show that it decodes.
//
// # Security
//
// All input is hostile. A trial takes a constant amount of memory and, at the most, time
// for the bytes that it is given. The functions are safe for concurrent use.
package zlib

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"hash/adler32"
	"io"
	"sync"
)

// Head is how many bytes Begins looks at: more than the longest description of a
// block's codes (RFC 1951 section 3.2.7) and the first symbols behind it.
const Head = 512

// Preset is the flag of a stream that needs a dictionary (RFC 1950 section 2.2, FDICT).
const Preset = 0x20

// Header says whether b begins with the two bytes of a stream (RFC 1950 section 2.2).
func Header(b []byte) bool {
	return len(b) >= 2 && b[0]&0x0f == 8 && b[0]>>4 <= 7 && (int(b[0])<<8|int(b[1]))%31 == 0
}

// Begins says whether b, of which the first Head bytes count, may begin a stream: the
// first bytes behind the header decode to something, or to a stream's end.
func Begins(b []byte) bool {
	t, ok := tryStream(b, Head)
	return ok && t.begins()
}

// Deflated says whether b, of which the first Head bytes count, may begin a deflate
// stream (RFC 1951), and whether it is one as far as they go. Deflate has no header: where
// nothing else says that a stream is here, neither does this.
func Deflated(b []byte) (may, whole bool) {
	b = b[:min(len(b), Head)]
	if len(b) == 0 {
		return false, false
	}
	t := trial{kind: b[0] >> 1 & 3}
	err := t.inflate(b, false)
	t.broken = err != nil && err != io.ErrUnexpectedEOF
	return t.begins(), !t.broken && (t.ended || t.n > 0)
}

// begins is what Begins asks for.
func (t *trial) begins() bool {
	return t.ended || t.n > 0 && (!t.broken || t.taken >= least(t.kind))
}

// least is how many bytes of a stream must decode before a fault does not make it one of
// chance. Nearly all bits are symbols of the fixed codes, and a fault comes sooner or later;
// the other kinds of block begin with what chance seldom makes.
func least(kind byte) int {
	if kind == fixedBlock {
		return 16
	}
	return 0
}

// sure is how many bytes chance does not make decode, whatever the kind of block.
const sure = 1 << 10

// Surely says whether b begins a stream beyond doubt: chance decodes no farther, or the
// checksum behind it is right.
func Surely(b []byte) bool {
	t, ok := tryStream(b, len(b))
	return ok && (t.right || !t.ended && t.taken >= sure)
}

// trial is what came of decoding the first bytes.
type trial struct {
	kind   byte // of the first block
	taken  int  // bytes until the trial's end, or the fault
	broken bool // there was a fault
	ended  bool // the stream's end was met
	right  bool // and behind it the right checksum
	n      int  // decoded bytes
}

// tryStream decodes the first bytes of b, at most most of them. False if they have no
// header, or nothing behind it that could show what they are.
func tryStream(b []byte, most int) (t trial, ok bool) {
	if !Header(b) {
		return t, false
	}
	preset := b[1]&Preset != 0
	b = b[2:min(len(b), most)]
	if preset {
		b = b[min(len(b), 4):]
	}
	if len(b) == 0 {
		return t, false
	}
	t.kind = b[0] >> 1 & 3
	if preset && t.kind == fixedBlock {
		return t, false // with a dictionary that nobody knows, these codes show nothing
	}
	err := t.inflate(b, preset)
	t.broken = err != nil && err != io.ErrUnexpectedEOF
	return t, true
}

// inflate decodes the first bytes of b.
func (t *trial) inflate(b []byte, preset bool) error {
	z := flates.Get().(io.ReadCloser)
	defer flates.Put(z)
	var window []byte
	if preset {
		window = zeros[:]
	}
	in := bytes.NewReader(b)
	if err := z.(flate.Resetter).Reset(in, window); err != nil {
		return err
	}
	sum := adler32.New()
	n, err := io.Copy(sum, io.LimitReader(z, maxTrial))
	_ = z.(flate.Resetter).Reset(bytes.NewReader(nil), nil) // lets b go
	t.n, t.taken = int(n), len(b)-in.Len()
	if err == nil && n < maxTrial {
		t.ended = true
		rest := b[t.taken:]
		t.right = len(rest) >= 4 && binary.BigEndian.Uint32(rest) == sum.Sum32()
	}
	return err
}

// maxTrial is how many decoded bytes are enough: what sure bytes make at most (RFC 1951
// allows 258 for two bits).
const maxTrial = sure * 1032

// fixedBlock is a block's type (RFC 1951 section 3.2.3).
const fixedBlock = 1

var (
	flates = sync.Pool{New: func() any { return flate.NewReader(nil) }}
	zeros  [32 << 10]byte
)
