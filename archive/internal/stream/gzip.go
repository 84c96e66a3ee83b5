package stream

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"sync"

	"github.com/klauspost/compress/flate"

	"github.com/fivefifty/fivefifty/archive/internal/anomaly"
	"github.com/fivefifty/fivefifty/archive/internal/input"
	"github.com/fivefifty/fivefifty/archive/internal/level"
	"github.com/fivefifty/fivefifty/internal/saferead"
)

// Flags of a gzip header, RFC 1952 section 2.3.1.
const (
	gzipHeaderCRC = 1 << 1
	gzipExtra     = 1 << 2
	gzipName      = 1 << 3
	gzipComment   = 1 << 4
	gzipReserved  = 0xe0
)

// gzipFrames decodes the members of a gzip file, which RFC 1952 section 2.2 lets
// follow each other.
type gzipFrames struct {
	s      *series
	limits level.Limits
	z      io.ReadCloser
	opened bool   // a member was met
	crc    uint32 // of the member being decoded
	n      uint32 // its decoded bytes, modulo 2^32
}

// zeroWindow is what precedes a stream.
//
// QUIRK: a match before the begin of the data is an error by RFC 1951 section
// 3.2.5, yet gzip and busybox take zeros there and go on.
var zeroWindow [32 << 10]byte

var flates = sync.Pool{New: func() any { return flate.NewReader(nil) }}

// Gzip is how a gzip file is found and opened.
var Gzip = &level.Format{Name: "gzip", Detect: detectGzip, Open: openGzip}

func openGzip(src io.ReaderAt, size int64, l level.Limits) (level.Walker, error) {
	magic, err := saferead.UpTo(src, 0, 3, size, 3)
	if err != nil {
		return nil, err
	}
	f := &gzipFrames{limits: l}
	if !bytes.HasPrefix(magic, gzipMagic) {
		return nil, level.ErrFormat
	}
	if len(magic) == 3 && magic[2] != 8 {
		return nil, fmt.Errorf("method %d: %w", magic[2], level.ErrUnsupported)
	}
	s := newSeries(input.NewStream(src, size), 4, "deflate")
	s.padded, s.dec, f.s = true, f, s
	f.z = flates.Get().(io.ReadCloser)
	return s, nil
}

var gzipMagic = []byte("\x1f\x8b")

// Begins asks for more behind the first member than of it: the method that there
// is, and no reserved bits.
func (f *gzipFrames) Begins(head []byte) bool {
	return bytes.HasPrefix(head, gzipMagic) && (!f.opened || len(head) == 4 && head[2] == 8 && head[3]&gzipReserved == 0)
}

func (f *gzipFrames) Release() {
	if f.z != nil {
		_ = f.z.(flate.Resetter).Reset(bytes.NewReader(nil), nil)
		flates.Put(f.z)
		f.z = nil
	}
}

func (f *gzipFrames) Open() error {
	if f.opened {
		level.Note(f.s.member, anomaly.Members)
	}
	f.opened = true
	if err := f.header(); err != nil {
		return err
	}
	f.crc, f.n = 0, 0
	// The reader below is an io.ByteReader, so that nothing is taken ahead.
	return f.z.(flate.Resetter).Reset(f.s.in.Reader, zeroWindow[:])
}

// header reads one stream's header. The first stream's name is the member's;
// the names of later ones are kept beside it.
func (f *gzipFrames) header() error {
	var h [10]byte
	if err := f.s.in.Full(h[:]); err != nil {
		return err
	}
	if h[2] != 8 {
		return fmt.Errorf("method %d: %w", h[2], level.ErrUnsupported)
	}
	flags := h[3]
	if flags&gzipReserved != 0 {
		level.Note(f.s.member, anomaly.HeaderBits)
	}
	sum := crc32.NewIEEE()
	sum.Write(h[:])
	in := &tee{r: f.s.in.Reader, sum: sum}
	if flags&gzipExtra != 0 {
		if err := in.skipExtra(); err != nil {
			return level.Truncated(err)
		}
	}
	if flags&gzipName != 0 {
		raw, cut, err := in.cString(f.limits.NameBytes)
		if err != nil {
			return level.Truncated(err)
		}
		f.addName(raw, cut)
	}
	if flags&gzipComment != 0 {
		if _, _, err := in.cString(0); err != nil {
			return level.Truncated(err)
		}
	}
	if flags&gzipHeaderCRC != 0 {
		want := uint16(sum.Sum32())
		var got [2]byte
		if err := f.s.in.Full(got[:]); err != nil {
			return err
		}
		if binary.LittleEndian.Uint16(got[:]) != want {
			level.Note(f.s.member, anomaly.HeaderCRC)
		}
	}
	return nil
}

func (f *gzipFrames) addName(raw []byte, cut bool) {
	if cut {
		level.Note(f.s.member, anomaly.NameCut)
	}
	// RFC 1952 says ISO 8859-1; what writes gzip today stores UTF-8.
	for _, name := range level.DecodeNames(raw, level.Latin1) {
		level.AddName(f.s.member, name, f.limits.NameBytes)
	}
}

func (f *gzipFrames) Read(p []byte) (int, error) {
	n, err := f.z.Read(p)
	f.crc = crc32.Update(f.crc, crc32.IEEETable, p[:n])
	f.n += uint32(n)
	if err == io.EOF {
		err = f.trailer()
	}
	return n, err
}

// trailer compares what a member says of itself with what it was.
func (f *gzipFrames) trailer() error {
	var t [8]byte
	if err := f.s.in.Full(t[:]); err != nil {
		return err
	}
	if binary.LittleEndian.Uint32(t[:]) != f.crc {
		f.s.CheckFlaw(anomaly.CRC, "CRC")
	}
	if binary.LittleEndian.Uint32(t[4:]) != f.n {
		f.s.CheckFlaw(anomaly.Size, "size")
	}
	return io.EOF
}

// tee reads a header and keeps its checksum.
type tee struct {
	r   *bufio.Reader
	sum io.Writer
}

func (t *tee) ReadByte() (byte, error) {
	b, err := t.r.ReadByte()
	if err == nil {
		t.sum.Write([]byte{b})
	}
	return b, err
}

func (t *tee) skipExtra() error {
	var n [2]byte
	for i := range n {
		b, err := t.ReadByte()
		if err != nil {
			return err
		}
		n[i] = b
	}
	_, err := io.CopyN(t.sum, t.r, int64(binary.LittleEndian.Uint16(n[:])))
	return err
}

// cString reads up to a NUL and keeps the first max bytes.
func (t *tee) cString(max int) (s []byte, cut bool, err error) {
	for {
		b, err := t.ReadByte()
		if err != nil || b == 0 {
			return s, cut, err
		}
		if len(s) < max {
			s = append(s, b)
		} else {
			cut = true
		}
	}
}

func detectGzip(p *level.Probe) bool {
	return bytes.HasPrefix(p.Head, []byte{0x1f, 0x8b})
}
