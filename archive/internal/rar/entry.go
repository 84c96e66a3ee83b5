package rar

import (
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"strings"

	"github.com/fivefifty/fivefifty/archive/internal/anomaly"
	"github.com/fivefifty/fivefifty/archive/internal/level"
	"github.com/fivefifty/fivefifty/archive/internal/text"
	"github.com/fivefifty/fivefifty/internal/rar3"
	"github.com/fivefifty/fivefifty/internal/saferead"
)

// entry is a file or service block.
type entry struct {
	member   level.Member
	data     int64 // offset of the packed bytes
	packed   int64 // their number, as declared
	declared int64 // decoded bytes, as declared; -1: unknown
	crc      uint32
	hasCRC   bool
	sum13    bool // crc is RAR 1.3's sum of 16 bits
	version  int  // of the unpacker that is needed: 15, 20, 26, 29, 50, 70
	stored   bool
	solid    bool // goes on with the dictionary of the file before
	window   int64
	before   bool // begins in the volume before
	after    bool // goes on in the volume behind
	cut      bool // the file ends before the packed bytes do
	svc      bool
	link     bool     // says where its bytes are instead of having them
	sub      string   // a stream's name
	parent   []string // of a stream: the file's names
	crypt    *crypt
}

// service makes a member of a service block, or nil if it has nothing that an
// unpacker writes: recovery records, access rights, copies of headers.
func (e *entry) service() *entry {
	kind := ""
	if len(e.member.Names) > 0 {
		kind = e.member.Names[0]
	}
	e.svc = true
	switch kind {
	case "RR", "ACL", "QO", "UOW", "AV", "EA2", "EABE", "UO":
		return nil
	case "STM":
		e.member.Reading = "stream"
		names := make([]string, 0, len(e.parent))
		for _, p := range e.parent {
			names = append(names, p+e.sub)
		}
		if len(names) > 0 {
			e.member.Names = names
		}
	case "CMT":
		e.member.Reading = "comment"
	default:
		e.member.Reading = "service"
	}
	return e
}

// method names what the entry is packed with.
func (e *entry) method() string {
	if e.stored {
		return "stored"
	}
	return fmt.Sprintf("rar-%d", e.version)
}

// open makes an entry the current member.
func (w *walker) open(e *entry) (*level.Member, io.Reader) {
	m := &e.member
	m.Size, m.Method, m.Packed, m.CRC32 = e.declared, e.method(), e.packed, e.crc
	if e.packed > w.size-e.data {
		e.cut = true
	}
	e.packed = w.behind(e.data, e.packed) - e.data
	if e.link && e.packed == 0 {
		e.declared, e.hasCRC = -1, false
	}
	if e.cut {
		level.Note(m, anomaly.Truncated)
	}
	if m.Dir && e.packed > 0 {
		level.Note(m, anomaly.DirData)
	}
	var input io.Reader = saferead.Section(w.src, e.data, e.packed, w.size)
	if e.crypt != nil && e.packed > 0 {
		if !w.keys.unlock(w, e) {
			m.Err = level.ErrEncrypted
			w.decoders.breakChain(e, m.Err)
			return m, nil
		}
		m.Password = e.crypt.password
		e.packed &^= 15
		input = w.keys.reader(e, input)
	}
	r, dec, err := w.decoders.open(e, input)
	if err != nil {
		m.Err = err
		w.decoders.breakChain(e, err)
		return m, nil
	}
	body := &body{w: w, e: e, r: r, dec: dec}
	w.decoders.opened(e, dec, body)
	return m, body
}

// body is the body of the current member. It goes on behind the declared size
// where the packed stream does.
type body struct {
	w     *walker
	e     *entry
	r     io.Reader
	dec   *decoder // below r, nil for none
	n     int64
	crc   uint32
	sum   uint16
	fits  bool // the first declared bytes have the right checksum
	ended bool
}

func (b *body) Read(p []byte) (int, error) {
	n, err := b.r.Read(p)
	b.count(p[:n])
	if err == nil {
		return n, nil
	}
	b.ended = true
	return n, b.finish(err)
}

// Work implements level.Worker: RAR 3 changes to PPMd within a body.
func (b *body) Work() int64 { return b.dec.work() }

// count adds bytes to the checksum and looks at it where the body should end.
func (b *body) count(p []byte) {
	b.w.decoders.windows.Pay(len(p))
	if rest := b.e.declared - b.n; b.e.declared >= 0 && int64(len(p)) > rest && rest >= 0 {
		b.add(p[:rest])
		b.fits = b.right()
		p = p[rest:]
	}
	b.add(p)
}

func (b *body) add(p []byte) {
	b.n += int64(len(p))
	if !b.e.sum13 {
		b.crc = crc32.Update(b.crc, crc32.IEEETable, p)
		return
	}
	for _, c := range p {
		b.sum += uint16(c)
		b.sum = b.sum<<1 | b.sum>>15
	}
}

// right says whether the checksum fits the bytes so far.
func (b *body) right() bool {
	switch {
	case b.e.sum13:
		return uint32(b.sum) == b.e.crc
	case b.e.crypt != nil:
		return b.e.crypt.sum(b.crc) == b.e.crc
	}
	return b.crc == b.e.crc
}

// finish judges the end of a body: err is what the decoder ended with.
func (b *body) finish(err error) error {
	e := b.e
	whole := b.fits || !e.hasCRC || b.right()
	sized := e.declared < 0 || b.n >= e.declared
	if e.declared >= 0 && b.n != e.declared {
		level.Note(&e.member, anomaly.Size)
	}
	if whole && sized && (e.hasCRC || err == io.EOF) {
		// What a decoder says behind the declared bytes is about padding.
		return io.EOF
	}
	if !whole && !e.before && !e.after {
		level.Note(&e.member, anomaly.CRC)
	}
	switch {
	case e.before:
		return fmt.Errorf("begins in another volume: %w", level.ErrUnsupported)
	case e.after:
		return fmt.Errorf("continues in another volume: %w", level.ErrUnsupported)
	case errors.Is(err, rar3.ErrMemory), errors.Is(err, rar3.ErrFilters):
		return fmt.Errorf("%w: %w", level.ErrLimit, err)
	case errors.Is(err, rar3.ErrFilter):
		return fmt.Errorf("%w: %w", level.ErrUnsupported, err)
	case err != io.EOF:
		return level.BodyError(err)
	case !sized:
		return fmt.Errorf("%d bytes of %d: %w", b.n, e.declared, level.ErrMalformed)
	}
	return fmt.Errorf("CRC: %w", level.ErrMalformed)
}

// streamName is the name of an alternate stream in RAR 3 and 4: 16-bit
// characters, the colon included.
func streamName(raw []byte) string {
	name := text.UTF16Name(raw)
	if name != "" && !strings.HasPrefix(name, ":") {
		name = ":" + name
	}
	return name
}
