package stream

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash"
	"hash/adler32"
	"io"

	"github.com/klauspost/compress/flate"

	"github.com/fivefifty/fivefifty/archive/internal/anomaly"
	"github.com/fivefifty/fivefifty/archive/internal/input"
	"github.com/fivefifty/fivefifty/archive/internal/level"
	"github.com/fivefifty/fivefifty/internal/saferead"
	"github.com/fivefifty/fivefifty/internal/zlib"
)

// Zlib is how a file of zlib streams is found and opened.
var Zlib = &level.Format{Name: "zlib", Detect: detectZlib, Open: openZlib}

func detectZlib(p *level.Probe) bool { return zlib.Begins(p.Head) }

// zlibFrames decodes the streams of a file, one right behind the other: the two bytes of
// a header are too few to look for in anything else.
type zlibFrames struct {
	s      *series
	z      io.ReadCloser
	sum    hash.Hash32
	opened bool
}

func openZlib(src io.ReaderAt, size int64, _ level.Limits) (level.Walker, error) {
	head, err := saferead.UpTo(src, 0, zlib.Head, size, zlib.Head)
	if err != nil {
		return nil, err
	}
	if !zlib.Begins(head) {
		return nil, level.ErrFormat
	}
	s := newSeries(input.NewStream(src, size), zlib.Head, "deflate")
	s.padded, s.adjacent = true, true
	s.dec = &zlibFrames{s: s, z: flates.Get().(io.ReadCloser), sum: adler32.New()}
	return s, nil
}

func (f *zlibFrames) Begins(head []byte) bool { return zlib.Begins(head) }

func (f *zlibFrames) Release() {
	if f.z != nil {
		_ = f.z.(flate.Resetter).Reset(bytes.NewReader(nil), nil)
		flates.Put(f.z)
		f.z = nil
	}
}

// Open reads a header (RFC 1950 section 2.2). Of a stream that needs a dictionary, what
// does not refer to it is shown.
func (f *zlibFrames) Open() error {
	if f.opened {
		level.Note(f.s.member, anomaly.Members)
	}
	f.opened = true
	var h [6]byte
	if err := f.s.in.Full(h[:2]); err != nil {
		return err
	}
	var window []byte
	if h[1]&zlib.Preset != 0 {
		if err := f.s.in.Full(h[2:]); err != nil {
			return err
		}
		f.s.Flaw(fmt.Errorf("needs dictionary %08x: %w", h[2:], level.ErrUnsupported))
		window = zeroWindow[:]
	}
	f.sum.Reset()
	// The reader below is an io.ByteReader, so that nothing is taken ahead.
	return f.z.(flate.Resetter).Reset(f.s.in.Reader, window)
}

func (f *zlibFrames) Read(p []byte) (int, error) {
	n, err := f.z.Read(p)
	f.sum.Write(p[:n])
	if err == io.EOF {
		err = f.trailer()
	}
	return n, err
}

// trailer compares a stream's checksum with that of what it was.
func (f *zlibFrames) trailer() error {
	var t [4]byte
	if err := f.s.in.Full(t[:]); err != nil {
		return err
	}
	if binary.BigEndian.Uint32(t[:]) != f.sum.Sum32() {
		f.s.CheckFlaw(anomaly.CRC, "checksum")
	}
	return io.EOF
}
