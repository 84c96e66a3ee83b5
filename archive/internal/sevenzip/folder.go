package sevenzip

import (
	"bufio"
	"compress/bzip2"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/zstd"

	"github.com/fivefifty/fivefifty/archive/internal/bcj"
	"github.com/fivefifty/fivefifty/archive/internal/input"
	"github.com/fivefifty/fivefifty/archive/internal/level"
	"github.com/fivefifty/fivefifty/archive/internal/lz"
	"github.com/fivefifty/fivefifty/archive/internal/stream"
	"github.com/fivefifty/fivefifty/internal/lzma"
	"github.com/fivefifty/fivefifty/internal/saferead"
)

// folder is a group of coders that makes one stream out of packed ones.
type folder struct {
	coders  []coder
	joints  []joint
	packed  []int   // the ins that packed streams feed, in their order
	sizes   []int64 // of the outs
	crc     uint32
	hasCRC  bool
	parts   int // streams, valid with divided
	divided bool
	cuts    []int64 // sizes of the streams but the last
	partCRC []digest
}

type digest struct {
	crc uint32
	has bool
}

// coder is one coder, seen as a decoder: packed ins, unpacked outs.
type coder struct {
	id                uint64
	ins, outs         int
	firstIn, firstOut int // its streams' numbers within the folder
	props             []byte
}

// joint says that an in is fed by an out.
type joint struct{ in, out int }

// outs is the number of outs of all coders.
func (f *folder) outs() int {
	n := 0
	for _, c := range f.coders {
		n += c.outs
	}
	return n
}

// freeIn is the one in that no joint feeds.
func (f *folder) freeIn(ins int) int {
	for in := range ins {
		if f.feeder(in) < 0 {
			return in
		}
	}
	return 0
}

// feeder is the out that feeds an in, -1 if none does.
func (f *folder) feeder(in int) int {
	for _, j := range f.joints {
		if j.in == in {
			return j.out
		}
	}
	return -1
}

// mainOut is the out that feeds no in: the folder's content.
func (f *folder) mainOut() int {
	for out := f.outs() - 1; out >= 0; out-- {
		bound := false
		for _, j := range f.joints {
			bound = bound || j.out == out
		}
		if !bound {
			return out
		}
	}
	return -1
}

// size is the declared size of the content, -1 if there is none.
func (f *folder) size() int64 {
	if out := f.mainOut(); out >= 0 && out < len(f.sizes) {
		return f.sizes[out]
	}
	return -1
}

func (f *folder) streams() int {
	if f.divided {
		return f.parts
	}
	return 1
}

// streamSize is the i-th stream's size; the last one has what the others leave,
// -1 if they take more than there is.
func (f *folder) streamSize(i int) int64 {
	if i < len(f.cuts) {
		return f.cuts[i]
	}
	rest := f.size()
	for _, n := range f.cuts {
		if rest -= n; rest < 0 {
			return -1
		}
	}
	return rest
}

func (f *folder) streamCRC(i int) (uint32, bool) {
	if f.streams() == 1 && f.hasCRC {
		return f.crc, true
	}
	if i < len(f.partCRC) {
		return f.partCRC[i].crc, f.partCRC[i].has
	}
	return 0, false
}

// What decoders allocate at most, in bytes.
const (
	deflate64Bytes = 256 << 10
	lz4Bytes       = 9 << 20
)

// Methods, Methods.txt of the LZMA SDK and of 7-Zip ZS.
const (
	m7zCopy      = 0x00
	m7zDelta     = 0x03
	m7zX86       = 0x04
	m7zPPC       = 0x05
	m7zIA64      = 0x06
	m7zARM       = 0x07
	m7zARMT      = 0x08
	m7zSPARC     = 0x09
	m7zARM64     = 0x0a
	m7zRISCV     = 0x0b
	m7zLZMA2     = 0x21
	m7zSwap2     = 0x020302
	m7zSwap4     = 0x020304
	m7zLZMA      = 0x030101
	m7zBCJ       = 0x03030103
	m7zBCJ2      = 0x0303011b
	m7zOldPPC    = 0x03030205
	m7zOldIA64   = 0x03030401
	m7zOldARM    = 0x03030501
	m7zOldARMT   = 0x03030701
	m7zOldSPARC  = 0x03030805
	m7zPPMd      = 0x030401
	m7zDeflate   = 0x040108
	m7zDeflate64 = 0x040109
	m7zBzip2     = 0x040202
	m7zZstd      = 0x04f71101
	m7zBrotli    = 0x04f71102
	m7zLZ4       = 0x04f71104
	m7zLZ5       = 0x04f71105
	m7zLizard    = 0x04f71106
	m7zAES       = 0x06f10701
)

var names7z = map[uint64]string{
	m7zCopy: "stored", m7zDelta: "delta", m7zX86: "bcj", m7zBCJ: "bcj", m7zBCJ2: "bcj2", m7zPPC: "ppc", m7zOldPPC: "ppc",
	m7zIA64: "ia64", m7zOldIA64: "ia64", m7zARM: "arm", m7zOldARM: "arm", m7zARMT: "armt", m7zOldARMT: "armt",
	m7zSPARC: "sparc", m7zOldSPARC: "sparc", m7zARM64: "arm64", m7zRISCV: "riscv", m7zLZMA: "lzma", m7zLZMA2: "lzma2",
	m7zPPMd: "ppmd", m7zDeflate: "deflate", m7zDeflate64: "deflate64", m7zBzip2: "bzip2", m7zAES: "aes",
	m7zSwap2: "swap2", m7zSwap4: "swap4",
	m7zZstd: "zstd", m7zBrotli: "brotli", m7zLZ4: "lz4", m7zLZ5: "lz5", m7zLizard: "lizard",
}

func (c *coder) name() string {
	if n := names7z[c.id]; n != "" {
		return n
	}
	return fmt.Sprintf("%x", c.id)
}

// method names the coders, the last to pack first.
func (f *folder) method() string {
	var names []string
	for i := range f.coders {
		names = append(names, f.coders[i].name())
	}
	return strings.Join(names, "+")
}

func (f *folder) encrypted() bool {
	for i := range f.coders {
		if f.coders[i].id == m7zAES {
			return true
		}
	}
	return false
}

// openFolder returns a reader of a folder's content, and the password that it
// took.
func (z *walker) openFolder(db *database, f *folder) (io.Reader, string, error) {
	if f.mainOut() < 0 || len(f.sizes) < f.outs() {
		return nil, "", fmt.Errorf("coders: %w", level.ErrMalformed)
	}
	if !f.encrypted() {
		r, err := z.build(db, f, nil)
		return &input.Guarded{R: r}, "", err
	}
	for _, p := range z.keys.All() {
		if right, err := z.tryPassword(db, f, p); err != nil {
			return nil, "", err
		} else if !right {
			continue
		}
		z.keys.Opened(p)
		r, err := z.build(db, f, &p)
		return &input.Guarded{R: r}, p, err
	}
	return nil, "", level.ErrEncrypted
}

// firstPacked is the number of a folder's first packed stream, and the offset of
// that stream.
func (z *walker) firstPacked(db *database, f *folder) (first int, off int64) {
	for i := range db.folders {
		if &db.folders[i] == f {
			break
		}
		first += len(db.folders[i].packed)
	}
	off = z.base + start7z + db.packAt
	for i := range min(first, len(db.packSizes)) {
		if off += db.packSizes[i]; off > z.size {
			off = z.size
		}
	}
	return first, off
}

// build joins the coders of a folder: those whose ins are ready first.
func (z *walker) build(db *database, f *folder, password *string) (io.Reader, error) {
	ins := map[int]io.Reader{}
	n, off := z.firstPacked(db, f)
	for _, in := range f.packed {
		if n >= len(db.packSizes) {
			return nil, fmt.Errorf("no packed stream: %w", level.ErrMalformed)
		}
		ins[in] = &level.Marked{R: saferead.Section(z.src, off, db.packSizes[n], z.size)}
		off = min(off+db.packSizes[n], z.size)
		n++
	}
	outs := map[int]io.Reader{}
	built := make([]bool, len(f.coders))
	for range f.coders {
		for i := range f.coders {
			c := &f.coders[i]
			if built[i] || !ready(f, c, ins, outs) {
				continue
			}
			built[i] = true
			r, err := z.decoder(c, ins, f.sizes[c.firstOut], password)
			if err != nil {
				return nil, err
			}
			outs[c.firstOut] = r
		}
	}
	r := outs[f.mainOut()]
	if r == nil {
		return nil, fmt.Errorf("coders that are joined in a circle: %w", level.ErrMalformed)
	}
	return r, nil
}

// ready takes the outs that feed a coder; each can feed one in only.
func ready(f *folder, c *coder, ins, outs map[int]io.Reader) bool {
	for in := c.firstIn; in < c.firstIn+c.ins; in++ {
		if out := f.feeder(in); ins[in] == nil && (out < 0 || outs[out] == nil) {
			return false
		}
	}
	for in := c.firstIn; in < c.firstIn+c.ins; in++ {
		if ins[in] == nil {
			out := f.feeder(in)
			ins[in] = outs[out]
			if ins[in] == nil {
				return false
			}
			delete(outs, out)
		}
	}
	return true
}

// decoder returns a coder's only out, cut to its declared size.
func (z *walker) decoder(c *coder, ins map[int]io.Reader, size int64, password *string) (io.Reader, error) {
	in := ins[c.firstIn]
	if c.outs != 1 || c.ins != 1 && c.id != m7zBCJ2 {
		return nil, fmt.Errorf("coder %s with several streams: %w", c.name(), level.ErrUnsupported)
	}
	r, err := z.simple(c, in, size)
	switch {
	case c.id == m7zBCJ2 && c.ins == 4:
		r, err = newBCJ2(in, ins[c.firstIn+1], ins[c.firstIn+2], ins[c.firstIn+3]), nil
	case c.id == m7zAES && password != nil:
		r, err = z.keys.decrypt(c, in, *password)
	}
	if err != nil {
		return nil, err
	}
	return io.LimitReader(r, size), nil
}

// simple is decoder for the coders with one in and without a password.
func (z *walker) simple(c *coder, in io.Reader, size int64) (io.Reader, error) {
	switch c.id {
	case m7zCopy:
		return in, nil
	case m7zLZMA:
		p, err := lzma.ParseProps(c.props)
		if err != nil {
			return nil, fmt.Errorf("properties of lzma: %w", level.ErrMalformed)
		}
		if err := z.windows.Take(p.ProbBytes()); err != nil {
			return nil, err
		}
		return lzma.NewReader(in, p, size, z.limits.Dictionary), nil
	case m7zLZMA2:
		if len(c.props) < 1 {
			return nil, fmt.Errorf("properties of lzma2: %w", level.ErrMalformed)
		}
		dict, err := lzma.Dict2(c.props[0] & 0x3f)
		if err != nil {
			return nil, fmt.Errorf("properties of lzma2: %w", level.ErrMalformed)
		}
		return lzma.NewReader2(in, dict, z.limits.Dictionary), nil
	case m7zPPMd:
		return z.ppmd(c, in, size)
	case m7zDeflate:
		return flate.NewReader(bufio.NewReaderSize(in, 4<<10)), z.windows.Take(64 << 10)
	case m7zDeflate64:
		// The decoder's buffers go back to their pool only where somebody reads a stream
		// to its end and says so, which nobody does here: they are new each time.
		return lz.NewInflateAny(input.NewBytes(in), lz.InflateWide), z.windows.Take(deflate64Bytes)
	case m7zBzip2:
		return &bzip2Streams{in: bufio.NewReaderSize(in, 4<<10)}, z.windows.Take(4 << 20)
	case m7zZstd:
		return z.zstd(in)
	case m7zLZ4:
		return stream.NewLz4(in, z.limits.Dictionary), z.windows.Take(lz4Bytes)
	case m7zBrotli:
		return newBrotli(in), z.windows.Take(brotliBytes)
	case m7zSwap2, m7zSwap4:
		return &bcj.Reader{Src: in, Filter: bcj.Swap(int(c.id & 7))}, nil
	case m7zDelta:
		if len(c.props) < 1 {
			return nil, fmt.Errorf("properties of delta: %w", level.ErrMalformed)
		}
		return &bcj.Reader{Src: in, Filter: &bcj.Delta{Distance: int(c.props[0]) + 1}}, nil
	}
	if id, ok := branchFilters[c.id]; ok {
		props := c.props[:min(len(c.props), 4)]
		if f, ok := bcj.New(id, props[:len(props)&4]); ok {
			return &bcj.Reader{Src: in, Filter: f}, nil
		}
	}
	if c.id == m7zAES || c.id == m7zBCJ2 {
		return nil, level.ErrEncrypted
	}
	return nil, fmt.Errorf("method %s: %w", c.name(), level.ErrUnsupported)
}

// zstd is not of 7-Zip but of its forks.
func (z *walker) zstd(in io.Reader) (io.Reader, error) {
	if d := z.frames; d != nil && d.Reset(in) == nil {
		z.frames, z.framing = nil, d
		return d, nil
	}
	if err := z.windows.Take(1 << 20); err != nil {
		return nil, err
	}
	d, err := zstd.NewReader(in, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(uint64(max(z.limits.Dictionary, 1<<10))))
	if err != nil {
		return nil, fmt.Errorf("zstd: %w: %w", level.ErrMalformed, err)
	}
	z.framing = d
	return d, nil
}

// bzip2Streams decodes the streams that stand one behind the other, which the
// library does by itself.
type bzip2Streams struct {
	in io.Reader
	z  io.Reader
}

func (b *bzip2Streams) Read(p []byte) (int, error) {
	if b.z == nil {
		b.z = bzip2.NewReader(b.in)
	}
	return b.z.Read(p)
}

// decodeError puts a decoder's complaint in its class; a window above the limit
// is not a fault of the data.
func decodeError(err error) error {
	switch {
	case errors.Is(err, zstd.ErrWindowSizeExceeded), errors.Is(err, zstd.ErrDecoderSizeExceeded):
		return fmt.Errorf("dictionary: %w", level.ErrLimit)
	case errors.Is(err, level.ErrUnsupported), errors.Is(err, level.ErrLimit), errors.Is(err, level.ErrMalformed):
		return err
	}
	return level.BodyError(err)
}
