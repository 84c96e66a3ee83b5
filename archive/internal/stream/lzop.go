package stream

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash"
	"hash/adler32"
	"hash/crc32"
	"io"

	"github.com/fivefifty/fivefifty/archive/internal/anomaly"
	"github.com/fivefifty/fivefifty/archive/internal/input"
	"github.com/fivefifty/fivefifty/archive/internal/level"
	"github.com/fivefifty/fivefifty/internal/saferead"
)

var lzopMagic = []byte("\x89LZO\x00\r\n\x1a\n")

// Flags of a lzop file. There is no specification but the program, lzop 1.04.
const (
	lzopAdlerOut  = 1 << 0 // check of a block's data
	lzopAdlerIn   = 1 << 1 // check of a block as it is stored
	lzopExtra     = 1 << 6
	lzopCRCOut    = 1 << 8
	lzopCRCIn     = 1 << 9
	lzopFilter    = 1 << 11
	lzopHeaderCRC = 1 << 12 // the header's check is a CRC, not an Adler-32
)

// Versions and bounds of lzop.
const (
	lzopLong     = 0x0940   // from this version on, headers have more fields
	lzopMaxBlock = 64 << 20 // what a block decodes to, in bytes
)

// lzopFrames decodes the files of a lzop file, which can have several.
type lzopFrames struct {
	s      *series
	limits level.Limits

	flags  uint32
	packed []byte
	out    []byte
	given  int
	err    error // comes once out is given
}

// Lzop is how an lzop file is found and opened.
var Lzop = &level.Format{Name: "lzop", Detect: detectLzop, Open: openLzop}

func openLzop(src io.ReaderAt, size int64, l level.Limits) (level.Walker, error) {
	head, err := saferead.UpTo(src, 0, int64(len(lzopMagic)), size, len(lzopMagic))
	if err != nil {
		return nil, err
	}
	f := &lzopFrames{limits: l}
	if !f.Begins(head) {
		return nil, level.ErrFormat
	}
	s := newSeries(input.NewStream(src, size), len(lzopMagic), "lzo")
	s.dec, f.s = f, s
	return s, nil
}

func detectLzop(p *level.Probe) bool { return bytes.HasPrefix(p.Head, lzopMagic) }

func (f *lzopFrames) Begins(head []byte) bool { return bytes.HasPrefix(head, lzopMagic) }
func (f *lzopFrames) Release()                {}

// lzopHeader reads a header's fields and keeps them for its check.
type lzopHeader struct {
	in  *input.Stream
	raw []byte
	err error
}

// number reads n bytes, the highest first.
func (h *lzopHeader) number(n int) (v uint32) {
	for _, b := range h.bytes(n) {
		v = v<<8 | uint32(b)
	}
	return v
}

// bytes reads at most 255 bytes.
func (h *lzopHeader) bytes(n int) []byte {
	if h.err != nil {
		return nil
	}
	at := len(h.raw)
	h.raw = append(h.raw, make([]byte, n)...)
	h.err = h.in.Full(h.raw[at:])
	return h.raw[at:]
}

func (f *lzopFrames) Open() error {
	f.out, f.given, f.err = f.out[:0], 0, nil
	if err := f.s.in.Skip(int64(len(lzopMagic))); err != nil {
		return err
	}
	h := &lzopHeader{in: f.s.in}
	version := h.number(2)
	h.number(2) // of the library
	if version >= lzopLong {
		h.number(2) // needed to extract
	}
	method := h.number(1)
	if version >= lzopLong {
		h.number(1) // level
	}
	f.flags = h.number(4)
	if f.flags&lzopFilter != 0 {
		if filter := h.number(4); filter != 0 {
			f.s.Flaw(fmt.Errorf("filter %d: %w", filter, level.ErrUnsupported))
		}
	}
	h.number(4 + 4) // mode and time
	if version >= lzopLong {
		h.number(4)
	}
	name := h.bytes(int(h.number(1)))
	if h.err != nil {
		return h.err
	}
	for _, n := range level.DecodeNames(name, level.Latin1) {
		if n != "" {
			level.AddName(f.s.member, n, f.limits.NameBytes)
		}
	}
	if err := f.endHeader(h.raw); err != nil {
		return err
	}
	if method < 1 || method > 3 {
		return fmt.Errorf("method %d: %w", method, level.ErrUnsupported)
	}
	return nil
}

// endHeader reads the header's check, and what extra there is.
func (f *lzopFrames) endHeader(raw []byte) error {
	var c [4]byte
	if err := f.s.in.Full(c[:]); err != nil {
		return err
	}
	var sum hash.Hash32 = adler32.New()
	if f.flags&lzopHeaderCRC != 0 {
		sum = crc32.NewIEEE()
	}
	sum.Write(raw)
	if sum.Sum32() != binary.BigEndian.Uint32(c[:]) {
		f.s.CheckFlaw(anomaly.HeaderCRC, "header")
	}
	if f.flags&lzopExtra != 0 {
		if err := f.s.in.Full(c[:]); err != nil {
			return err
		}
		return f.s.in.Skip(int64(binary.BigEndian.Uint32(c[:])) + 4)
	}
	return nil
}

func (f *lzopFrames) Read(p []byte) (int, error) {
	for f.given == len(f.out) {
		if f.err != nil {
			return 0, f.err
		}
		f.out, f.given = f.out[:0], 0
		f.err = f.block()
	}
	n := copy(p, f.out[f.given:])
	f.given += n
	return n, nil
}

// block decodes the next block into out. io.EOF is the frame's end.
func (f *lzopFrames) block() error {
	var h [4]byte
	if err := f.s.in.Full(h[:]); err != nil {
		return err
	}
	size := int64(binary.BigEndian.Uint32(h[:]))
	if size == 0 {
		return io.EOF
	}
	if err := f.s.in.Full(h[:]); err != nil {
		return err
	}
	packed := int64(binary.BigEndian.Uint32(h[:]))
	if size > lzopMaxBlock || packed > size {
		return fmt.Errorf("block of %d bytes in %d: %w", size, packed, level.ErrMalformed)
	}
	overDictionary(f.s, size, f.limits.Dictionary)
	out, in, err := f.checks(packed < size)
	if err != nil {
		return err
	}
	if f.packed, err = f.s.in.Grow(f.packed[:0], int(packed)); err != nil {
		return err
	}
	if packed == size {
		f.out = append(f.out, f.packed...)
	} else {
		f.compare(in, f.packed, lzopAdlerIn, lzopCRCIn)
		if f.out, err = lzoDecode(f.out, f.packed, int(min(size, f.limits.Dictionary))); err != nil {
			return err
		}
	}
	if int64(len(f.out)) != size {
		f.s.CheckFlaw(anomaly.Size, "block size")
	}
	f.compare(out, f.out, lzopAdlerOut, lzopCRCOut)
	return nil
}

// checks reads a block's checks: of its data, and if it is compressed of what is
// stored; in each, first the Adler-32 and then the CRC.
func (f *lzopFrames) checks(compressed bool) (out, in [2]uint32, err error) {
	read := func(flag uint32, v *uint32) {
		if f.flags&flag == 0 || err != nil {
			return
		}
		var c [4]byte
		err = f.s.in.Full(c[:])
		*v = binary.BigEndian.Uint32(c[:])
	}
	read(lzopAdlerOut, &out[0])
	read(lzopCRCOut, &out[1])
	if compressed {
		read(lzopAdlerIn, &in[0])
		read(lzopCRCIn, &in[1])
	}
	return out, in, err
}

func (f *lzopFrames) compare(want [2]uint32, b []byte, adler, crc uint32) {
	if f.flags&adler != 0 && adler32.Checksum(b) != want[0] || f.flags&crc != 0 && crc32.ChecksumIEEE(b) != want[1] {
		f.s.CheckFlaw(anomaly.CRC, "block check")
	}
}
