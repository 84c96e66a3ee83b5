package zip

import (
	"compress/bzip2"
	"fmt"
	"io"
	"sync"

	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/zstd"

	"github.com/fivefifty/fivefifty/archive/internal/input"
	"github.com/fivefifty/fivefifty/archive/internal/level"
	"github.com/fivefifty/fivefifty/archive/internal/lz"
	"github.com/fivefifty/fivefifty/archive/internal/stream"
	"github.com/fivefifty/fivefifty/internal/lzma"
)

// Methods that other code here needs to know, APPNOTE.TXT section 4.4.5.
const (
	methodStored    = 0
	methodDeflate   = 8
	methodDeflate64 = 9
	methodPPMd      = 98
	methodAES       = 99
	// methodTolerant is not in the format: deflate by the decoder that reads what
	// the usual one refuses.
	methodTolerant = 0xfff0
)

// bodyDecoder decodes one member's body.
type bodyDecoder interface {
	io.Reader
	// Consumed is the number of source bytes that belong to the body so far. It
	// is exact once Read has returned an error.
	Consumed() int64
	Release()
}

// bodyHints is what a decoder may want to know about a body. All of it is the
// input's word.
type bodyHints struct {
	flags uint16 // general purpose bits
	limit int64  // decoded bytes that will be read at most, -1 if all
}

// method is one row of the table of methods.
type method struct {
	name string
	// open makes a decoder; nil if there is none. The decoder releases in.
	open func(d *decoders, in *input.Bytes, h bodyHints) (bodyDecoder, error)
	// sized methods have no end mark that can be relied on: unpackers stop at the
	// declared size, so each declared size is a reading.
	sized bool
}

var methods = map[uint16]method{
	methodStored:    {name: "stored", open: openStored},
	1:               {name: "shrink", open: openShrink, sized: true},
	2:               {name: "reduce-1", open: openReduce(1), sized: true},
	3:               {name: "reduce-2", open: openReduce(2), sized: true},
	4:               {name: "reduce-3", open: openReduce(3), sized: true},
	5:               {name: "reduce-4", open: openReduce(4), sized: true},
	6:               {name: "implode", open: openImplode, sized: true},
	methodDeflate:   {name: "deflate", open: openDeflate},
	methodDeflate64: {name: "deflate64", open: openDeflate64},
	10:              {name: "dcl-implode"},
	12:              {name: "bzip2", open: openBzip2},
	14:              {name: "lzma", open: openLZMA, sized: true},
	16:              {name: "cmpsc"},
	18:              {name: "terse"},
	19:              {name: "lz77"},
	20:              {name: "zstd-old", open: openZstd},
	93:              {name: "zstd", open: openZstd},
	94:              {name: "mp3"},
	95:              {name: "xz", open: openXZ},
	96:              {name: "jpeg"},
	97:              {name: "wavpack"},
	methodPPMd:      {name: "ppmd", open: openPPMd, sized: true},
	methodAES:       {name: "aes"},
	methodTolerant:  {name: "deflate", open: openTolerant},
}

func methodName(m uint16) string {
	if row, ok := methods[m]; ok {
		return row.name
	}
	return fmt.Sprintf("method-%d", m)
}

// errNoMethod says that a method has no decoder here.
func errNoMethod(m uint16) error {
	return fmt.Errorf("method %s: %w", methodName(m), level.ErrUnsupported)
}

// decoders holds what one file's decoders share. Large dictionaries are not kept
// from one body to the next: an archive in an archive would hold them at each level.
type decoders struct {
	dictionary int64 // Limits.Dictionary
	zstd       *zstd.Decoder
	// left is how many bytes of tables and dictionaries may still be allocated
	// for decoders that cannot be used twice.
	left int64
}

// dictionaries is how often Limits.Dictionary may be allocated in one file.
const dictionaries = 128

// allocate takes n bytes from what is left.
func (d *decoders) allocate(n int64) error {
	if n > d.left {
		return fmt.Errorf("dictionaries of one file: %w", level.ErrLimit)
	}
	d.left -= n
	return nil
}

func (d *decoders) close() {
	if d.zstd != nil {
		d.zstd.Close()
		d.zstd = nil
	}
}

// openBody opens the decoder of a method over r.
func (d *decoders) openBody(method uint16, r io.Reader, h bodyHints) (bodyDecoder, error) {
	row := methods[method]
	if row.open == nil {
		return nil, errNoMethod(method)
	}
	in := input.NewBytes(r)
	dec, err := row.open(d, in, h)
	if err != nil {
		in.Release()
		return nil, err
	}
	if s, ok := dec.(interface{ StopAt(int64) }); ok {
		s.StopAt(h.limit)
	}
	return dec, nil
}

// stored is method 0.
type stored struct{ *input.Bytes }

func (s stored) Consumed() int64 { return s.At() }

func openStored(_ *decoders, in *input.Bytes, _ bodyHints) (bodyDecoder, error) {
	return stored{in}, nil
}

func openShrink(_ *decoders, in *input.Bytes, _ bodyHints) (bodyDecoder, error) {
	return lz.NewUnshrink(in), nil
}

func openReduce(factor uint) func(*decoders, *input.Bytes, bodyHints) (bodyDecoder, error) {
	return func(_ *decoders, in *input.Bytes, _ bodyHints) (bodyDecoder, error) {
		return lz.NewUnreduce(in, factor), nil
	}
}

func openImplode(_ *decoders, in *input.Bytes, h bodyHints) (bodyDecoder, error) {
	return lz.NewExplode(in, h.flags), nil
}

func openDeflate64(_ *decoders, in *input.Bytes, _ bodyHints) (bodyDecoder, error) {
	return lz.NewInflateAny(in, lz.InflateWide), nil
}

func openTolerant(_ *decoders, in *input.Bytes, _ bodyHints) (bodyDecoder, error) {
	return lz.NewInflateAny(in, lz.InflateLax), nil
}

// fastInflate is method 8 by the fast decoder.
type fastInflate struct {
	io.ReadCloser
	in *input.Bytes
}

var fastInflaters = sync.Pool{New: func() any { return flate.NewReader(nil) }}

func openDeflate(_ *decoders, in *input.Bytes, _ bodyHints) (bodyDecoder, error) {
	z := fastInflaters.Get().(io.ReadCloser)
	// Reset fails only for a reader that is not flate's. From a bufio.Reader it
	// takes single bytes, so never one behind the stream.
	_ = z.(flate.Resetter).Reset(in.Buf, nil)
	return fastInflate{z, in}, nil
}

func (f fastInflate) Consumed() int64 { return f.in.At() }

func (f fastInflate) Release() {
	fastInflaters.Put(f.ReadCloser)
	f.in.Release()
}

// libraryBody wraps a decoder that is not ours: a panic of it is a fault of the
// body, and no more.
type libraryBody struct {
	io.Reader
	in   *input.Bytes
	over int64 // bytes taken beyond the body, known at its end
	end  func(error) error
	done func() // gives back what the decoder holds; may be nil
}

func (b *libraryBody) Read(p []byte) (n int, err error) {
	defer func() {
		if v := recover(); v != nil {
			n, err = 0, fmt.Errorf("decoder: %v", v)
		}
	}()
	n, err = b.Reader.Read(p)
	if err != nil && b.end != nil {
		err = b.end(err)
	}
	return n, err
}

func (b *libraryBody) Consumed() int64 { return b.in.At() - b.over }

func (b *libraryBody) Release() {
	if b.done != nil {
		b.done()
	}
	b.in.Release()
}

// bzip2Tables is what a bzip2 decoder allocates at most, in bytes.
const bzip2Tables = 4 << 20

func openBzip2(d *decoders, in *input.Bytes, _ bodyHints) (bodyDecoder, error) {
	if err := d.allocate(bzip2Tables); err != nil {
		return nil, err
	}
	b := &libraryBody{Reader: bzip2.NewReader(in), in: in}
	b.end = func(err error) error {
		if err == stream.ErrBehindStream { // two bytes were taken to see that
			b.over, err = 2, io.EOF
		}
		return err
	}
	return b, nil
}

// lzmaHeader is what stands before the stream: APPNOTE.TXT section 5.8.8.
const lzmaHeader = 4 + 5

// zipLZMA is method 14.
type zipLZMA struct {
	*lzma.Reader
	in *input.Bytes
}

var lzmaReaders = sync.Pool{New: func() any { return new(lzma.Reader) }}

func openLZMA(d *decoders, in *input.Bytes, h bodyHints) (bodyDecoder, error) {
	var own [lzmaHeader]byte
	if _, err := io.ReadFull(in, own[:]); err != nil {
		return nil, level.BodyError(input.NoEOF(err))
	}
	p, err := lzma.ParseProps(own[4:])
	if err != nil || le.Uint16(own[2:]) != 5 {
		return nil, fmt.Errorf("lzma properties: %w", level.ErrMalformed)
	}
	// The tables are not new, but they are set as often.
	if err := d.allocate(p.ProbBytes()); err != nil {
		return nil, err
	}
	b := zipLZMA{lzmaReaders.Get().(*lzma.Reader), in}
	if err := b.Reset(in.Buf, p, h.limit, d.dictionary); err != nil {
		lzmaReaders.Put(b.Reader)
		return nil, level.BodyError(err)
	}
	return b, nil
}

func (b zipLZMA) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	if err == lzma.ErrSize {
		err = io.EOF // whose size was a guess
	}
	return n, err
}

func (b zipLZMA) Consumed() int64 {
	b.GiveBack()
	return b.in.At()
}

func (b zipLZMA) Release() {
	lzmaReaders.Put(b.Reader)
	b.in.Release()
}
