package rar

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math/bits"

	"github.com/nwaples/rardecode/v2"

	"github.com/fivefifty/fivefifty/archive/internal/input"
	"github.com/fivefifty/fivefifty/archive/internal/level"
	"github.com/fivefifty/fivefifty/internal/rar15"
	"github.com/fivefifty/fivefifty/internal/rar3"
)

// decoders unpack what is not stored. RAR 3 has a decoder of ours, as its blocks
// declare memory where nothing else can look, so has RAR 5, as thousands of filters
// can be for the same bytes, for which a library would not stop for minutes, and so has
// RAR 1, which the library lacks. For RAR 2 one reads archives, and the archive that it
// reads is made here: plain headers with the
// fields that we have checked, and the packed bytes. So no field of the input
// reaches an allocation.
type decoders struct {
	limits  level.Limits
	windows input.Windows
	byKey   map[rarKey]*decoder
	chain   chain
	drained int64
}

// rarKey tells decoders apart: the library cannot change the version within one
// archive, and it clears the whole window for each file, so that small files must
// not use a large one.
type rarKey struct {
	version int
	bits    int // window's logarithm
	service bool
}

// chain is the run of files that share a dictionary.
type chain struct {
	decoder *decoder
	total   int64 // declared bytes so far, -1 if one is unknown
	last    *body // perhaps not read to its end
	broken  error // why the chain cannot go on
}

// decoder is one archive that the library reads, or a decoder of ours.
type decoder struct {
	feed feed
	r    *rardecode.Reader
	own  *rar3.Decoder
	own5 *rar3.Decoder5
	old  *rar15.Decoder
}

// work is what PPMd took in RAR 3's decoder since it was asked last.
func (d *decoder) work() int64 {
	if d == nil || d.own == nil {
		return 0
	}
	return d.own.Work()
}

// feed is the archive as it grows: one part is read after the other.
type feed struct{ parts []part }

// part is so many bytes of a reader.
type part struct {
	r    io.Reader
	left int64
}

func (f *feed) Read(p []byte) (int, error) {
	for len(f.parts) > 0 && f.parts[0].left <= 0 {
		f.parts = f.parts[1:]
	}
	if len(f.parts) == 0 {
		return 0, io.EOF
	}
	part := &f.parts[0]
	n, err := part.r.Read(p[:min(int64(len(p)), part.left)])
	part.left -= int64(n)
	if n > 0 {
		return n, nil
	}
	if err == io.EOF && part.left > 0 {
		err = io.ErrUnexpectedEOF
	}
	return 0, err
}

// add appends a file. What the library has not read of the file before it will
// skip: zeros serve as well.
func (f *feed) add(head []byte, body io.Reader, n int64) {
	for i := range f.parts {
		f.parts[i].r = zeroReader{}
	}
	f.parts = append(f.parts, part{bytes.NewReader(head), int64(len(head))}, part{body, n})
}

type zeroReader struct{}

func (zeroReader) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// Bounds of a window, in bytes: the library's least, and RAR 4's most.
const (
	minWindow     = 256 << 10
	rar4MaxWindow = 4 << 20
)

// open returns a reader of the entry's decoded bytes, and the decoder below it,
// nil if there is none. packed yields exactly e.packed bytes.
func (d *decoders) open(e *entry, packed io.Reader) (io.Reader, *decoder, error) {
	packed = &level.Marked{R: packed}
	if e.stored || e.packed == 0 {
		if e.crypt != nil && e.declared >= 0 {
			packed = io.LimitReader(packed, e.declared) // without the cipher's padding
		}
		return packed, nil, nil
	}
	switch e.version {
	case 13, 14, 15, 20, 26, 29, 36, 50, 70:
	default:
		return nil, nil, fmt.Errorf("method %s: %w", e.method(), level.ErrUnsupported)
	}
	window, err := d.window(e)
	if err != nil {
		return nil, nil, err
	}
	dec, err := d.decoder(e, window)
	if err != nil {
		return nil, nil, err
	}
	switch {
	case rar1Version(e.version):
		if dec.old == nil {
			dec.old = rar15.New()
		}
		size := e.declared
		if size < 0 {
			size = 1 << 62 // to the end of the packed bytes
		}
		dec.old.Next(packed, size, e.solid)
		return &input.Guarded{R: dec.old}, dec, nil
	case rar3Version(e.version):
		if dec.own == nil {
			dec.own = rar3.New(int(window), d.limits.Dictionary)
		}
		dec.own.Grow(int(window))
		dec.own.Next(packed, e.solid)
		return &input.Guarded{R: dec.own}, dec, nil
	case e.version >= 50:
		if dec.own5 == nil {
			dec.own5 = rar3.New5(int(window))
		}
		dec.own5.Grow(int(window))
		dec.own5.Next(packed, e.version, e.solid)
		return &input.Guarded{R: dec.own5}, dec, nil
	}
	if err := dec.begin(e, window, packed); err != nil {
		return nil, nil, err
	}
	return &input.Guarded{R: dec.r}, dec, nil
}

// rar1Version says whether it is the unpacker of RAR 1.3 to 1.5. Its streams have no
// end: they need the size.
func rar1Version(v int) bool { return v <= 15 }

// rar3Version says whether it is RAR 3's unpacker; 36 was written for a while.
func rar3Version(v int) bool { return v == 29 || v == 36 }

// window is how much dictionary an entry can use: not more than it declares, and
// not more than there is to remember.
func (d *decoders) window(e *entry) (int64, error) {
	total := e.declared
	if e.solid && !e.svc {
		if d.chain.total < 0 || e.declared < 0 {
			total = -1
		} else {
			total += d.chain.total
		}
	}
	window := e.window
	if total >= 0 && total < window {
		window = total
	}
	if window > d.limits.Dictionary {
		return 0, fmt.Errorf("dictionary of %d bytes: %w", window, level.ErrLimit)
	}
	return 1 << max(18, bits.Len64(uint64(max(window, 1)-1))), nil
}

// decoder returns the decoder for an entry, and decodes what a solid entry needs
// from the file before.
func (d *decoders) decoder(e *entry, window int64) (*decoder, error) {
	if e.solid && !e.svc && d.chain.decoder != nil {
		if d.chain.broken != nil {
			return nil, fmt.Errorf("solid, behind a file that cannot be read: %w", d.chain.broken)
		}
		return d.chain.decoder, d.drain()
	}
	if !e.svc {
		e.solid = false // there is nothing to go on from
	}
	key := rarKey{version: e.version, bits: bits.Len64(uint64(window)), service: e.svc}
	switch { // windows of ours are not cleared, and can grow
	case rar1Version(e.version):
		key.version, key.bits = 15, 0
	case rar3Version(e.version):
		key.version, key.bits = 29, 0
	case e.version >= 50:
		key.version, key.bits = 50, 0
	default:
		if err := d.windows.Take(window); err != nil {
			return nil, err
		}
	}
	if dec := d.byKey[key]; dec != nil && (dec.own != nil || dec.own5 != nil || dec.old != nil || dec.r != nil) {
		return dec, nil
	}
	if d.byKey == nil {
		d.byKey = map[rarKey]*decoder{}
	}
	dec := &decoder{}
	d.byKey[key] = dec
	return dec, nil
}

// drain decodes what is left of the chain's last file.
func (d *decoders) drain() error {
	b := d.chain.last
	if b == nil || b.ended {
		return nil
	}
	n, err := io.CopyN(io.Discard, b, input.MaxDrain-d.drained)
	d.drained += n
	if err == nil && !b.ended {
		return input.ErrDrained()
	}
	return nil
}

// opened takes note of the file that the next solid one goes on from.
func (d *decoders) opened(e *entry, dec *decoder, b *body) {
	if e.svc || dec == nil {
		return
	}
	if !e.solid {
		d.chain = chain{decoder: dec}
	}
	if e.declared < 0 || d.chain.total < 0 {
		d.chain.total = -1
	} else {
		d.chain.total += e.declared
	}
	d.chain.last = b
}

// breakChain says that what follows in a solid chain cannot be decoded.
func (d *decoders) breakChain(e *entry, err error) {
	if e.svc || e.stored || e.packed == 0 {
		return
	}
	if !e.solid || d.chain.broken == nil {
		d.chain = chain{decoder: &decoder{}, broken: err, total: -1}
	}
}

func (d *decoders) close() { *d = decoders{limits: d.limits} }

// begin gives the library the next file.
func (dec *decoder) begin(e *entry, window int64, input io.Reader) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("decoder failed on the data: %w", level.ErrMalformed)
		}
		if err != nil {
			dec.r = nil
		}
	}()
	if dec.r != nil {
		dec.feed.add(header(e, window), input, e.packed)
	} else {
		dec.feed = feed{}
		dec.feed.add(append(start(), header(e, window)...), input, e.packed)
		dec.r, err = rardecode.NewReader(&dec.feed, rardecode.SkipCheck, rardecode.MaxDictionarySize(1<<40))
	}
	if err == nil {
		_, err = dec.r.Next()
	}
	var src *level.SourceError
	if err != nil && !errors.As(err, &src) {
		err = fmt.Errorf("%w: %w", level.ErrMalformed, err)
	}
	return err
}

// start is the signature and the main header.
func start() []byte {
	h := []byte{0, 0, rar4Main, 0, 0, 13, 0, 0, 0, 0, 0, 0, 0}
	return append(bytes.Clone(sigRar4), seal4(h)...)
}

func seal4(h []byte) []byte {
	binary.LittleEndian.PutUint16(h, uint16(crc32.ChecksumIEEE(h[2:])))
	return h
}

// header is the header of a plain file in one volume with the entry's bytes.
// RAR 2's streams have no end of their own: they need the size.
func header(e *entry, window int64) []byte {
	flags := uint16(rar4HasData | rar4Large)
	if e.solid {
		flags |= rar4Solid
	}
	flags |= uint16(bits.Len64(uint64(min(window, rar4MaxWindow))>>17)) << 5
	h := []byte{0, 0, rar4File}
	h = binary.LittleEndian.AppendUint16(h, flags)
	h = binary.LittleEndian.AppendUint16(h, 41)
	h = binary.LittleEndian.AppendUint32(h, uint32(e.packed))
	h = binary.LittleEndian.AppendUint32(h, uint32(e.declared))
	h = append(h, 3, 0, 0, 0, 0, 0, 0, 0, 0, byte(e.version), 0x33, 1, 0, 0, 0, 0, 0)
	h = binary.LittleEndian.AppendUint32(h, uint32(e.packed>>32))
	h = binary.LittleEndian.AppendUint32(h, uint32(e.declared>>32))
	return seal4(append(h, 'x'))
}
