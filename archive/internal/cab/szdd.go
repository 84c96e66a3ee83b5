package cab

import (
	"bufio"
	"bytes"
	"fmt"
	"io"

	"github.com/fivefifty/fivefifty/archive/internal/anomaly"
	"github.com/fivefifty/fivefifty/archive/internal/input"
	"github.com/fivefifty/fivefifty/archive/internal/level"
	"github.com/fivefifty/fivefifty/internal/saferead"
)

// Signatures of what COMPRESS.EXE of MS-DOS and Windows writes, of its form in
// QBasic's setup, and of the later KWAJ.
var (
	sigSZDD = []byte("SZDD\x88\xf0\x27\x33")
	sigSZ   = []byte("SZ \x88\xf0\x27\x33\xd1")
	sigKWAJ = []byte("KWAJ\x88\xf0\x27\xd1")
)

// Flags of a KWAJ header: which fields it has.
const (
	kwajSize  = 0x01 // 4 bytes
	kwajTwo   = 0x02 // 2 bytes, not known
	kwajSkip  = 0x04 // a length of 2 bytes and as many bytes
	kwajName  = 0x08 // up to 8 characters and a zero
	kwajExt   = 0x10 // up to 3 characters and a zero
	kwajExtra = 0x20 // as kwajSkip
)

// szddWalker yields the one file.
type szddWalker struct {
	member *level.Member
	r      io.Reader
	done   bool
}

// Szdd is how a file of COMPRESS.EXE is found and opened.
var Szdd = &level.Format{Name: "szdd", Detect: detectSzdd, Open: openSzdd}

func detectSzdd(p *level.Probe) bool {
	return bytes.HasPrefix(p.Head, sigSZDD) || bytes.HasPrefix(p.Head, sigSZ) || bytes.HasPrefix(p.Head, sigKWAJ)
}

func openSzdd(src io.ReaderAt, size int64, l level.Limits) (level.Walker, error) {
	const most = 64 << 10
	raw, err := saferead.UpTo(src, 0, most, size, most)
	if err != nil {
		return nil, err
	}
	m := &level.Member{Size: -1, Method: "lzss"}
	w := &szddWalker{member: m}
	body := func(off int64) io.Reader { return &level.Marked{R: saferead.Section(src, off, size, size)} }
	c := input.Cursor{Rest: raw}
	c.Bytes(8)
	switch {
	case bytes.HasPrefix(raw, sigSZDD):
		mode := c.U8()
		c.U8() // the last character of the name
		m.Size = int64(c.U32())
		w.r = newLZSS(body(14), lzssWindow-16)
		if mode != 'A' {
			m.Err = fmt.Errorf("method %#x: %w", mode, level.ErrUnsupported)
		}
	case bytes.HasPrefix(raw, sigSZ):
		m.Size = int64(c.U32())
		w.r = newLZSS(body(12), lzssWindow-18)
	case bytes.HasPrefix(raw, sigKWAJ):
		w.kwaj(&c, body, l)
	default:
		return nil, level.ErrFormat
	}
	if c.Short {
		return nil, fmt.Errorf("header: %w: %w", level.ErrMalformed, io.ErrUnexpectedEOF)
	}
	return w, nil
}

// kwaj reads a KWAJ header behind its signature.
func (w *szddWalker) kwaj(c *input.Cursor, body func(int64) io.Reader, l level.Limits) {
	m := w.member
	method, off, flags := c.U16(), int64(c.U16()), c.U16()
	if flags&kwajSize != 0 {
		m.Size = int64(c.U32())
	}
	if flags&kwajTwo != 0 {
		c.U16()
	}
	if flags&kwajSkip != 0 {
		c.Bytes(int(c.U16()))
	}
	var name []byte
	if flags&kwajName != 0 {
		name = append(name, c.CString()...)
	}
	if flags&kwajExt != 0 {
		name = append(append(name, '.'), c.CString()...)
	}
	for _, n := range level.DecodeNames(name, level.CP437) {
		if len(name) > 0 {
			level.AddName(m, n, l.NameBytes)
		}
	}
	switch method {
	case 0:
		m.Method, w.r = "stored", body(off)
	case 1:
		m.Method, w.r = "xor", &inverted{body(off)}
	case 2:
		w.r = newLZSS(body(off), lzssWindow-18)
	case 3:
		m.Method, w.r = "kwaj-lzh", newKwajLZH(body(off))
	case 4:
		m.Method, w.r = "mszip", &kwajMSZIP{in: bufio.NewReaderSize(body(off), 4<<10)}
	default:
		m.Err = fmt.Errorf("method %d: %w", method, level.ErrUnsupported)
	}
}

func (w *szddWalker) Anomalies() []string { return nil }
func (w *szddWalker) Close()              { w.r = nil }

func (w *szddWalker) Next() (*level.Member, io.Reader, error) {
	if w.done {
		return nil, nil, io.EOF
	}
	w.done = true
	if w.member.Err != nil {
		return w.member, nil, nil
	}
	return w.member, &szddBody{m: w.member, r: w.r}, nil
}

// szddBody yields all that the input decodes to: the declared size ends nothing.
type szddBody struct {
	m *level.Member
	r io.Reader
	n int64
}

func (b *szddBody) Read(p []byte) (int, error) {
	n, err := b.r.Read(p)
	b.n += int64(n)
	if err == nil {
		return n, nil
	}
	if b.m.Size >= 0 && b.n != b.m.Size {
		level.Note(b.m, anomaly.Size)
	}
	if err != io.EOF {
		return n, level.BodyError(err)
	}
	if b.n < b.m.Size {
		return n, fmt.Errorf("%d bytes of %d: %w", b.n, b.m.Size, level.ErrMalformed)
	}
	return n, io.EOF
}

// inverted has all bits of its input turned over.
type inverted struct{ r io.Reader }

func (i *inverted) Read(p []byte) (int, error) {
	n, err := i.r.Read(p)
	for j := range n {
		p[j] ^= 0xff
	}
	return n, err
}

// lzssWindow is the dictionary of all methods here, in bytes.
const lzssWindow = 4 << 10

// lzss decodes flags of eight literals or matches, the lowest bit first; a match
// is a place in the dictionary and a length.
type lzss struct {
	in    *bufio.Reader
	win   [lzssWindow]byte
	at    int // next byte to write
	flags uint
	place int
	n     int // bytes of a match to come
}

func newLZSS(r io.Reader, at int) io.Reader {
	z := &lzss{in: bufio.NewReaderSize(r, 4<<10), at: at, flags: 1}
	for i := range z.win {
		z.win[i] = ' '
	}
	return z
}

func (z *lzss) Read(p []byte) (int, error) {
	n := 0
	for n < len(p) {
		if z.n == 0 {
			b, literal, err := z.step()
			if err != nil {
				if n > 0 {
					return n, nil
				}
				return 0, err
			}
			if literal {
				p[n] = z.put(b)
				n++
			}
			continue
		}
		p[n] = z.put(z.win[z.place&(lzssWindow-1)])
		z.place++
		z.n--
		n++
	}
	return n, nil
}

func (z *lzss) put(b byte) byte {
	z.win[z.at] = b
	z.at = (z.at + 1) & (lzssWindow - 1)
	return b
}

// step reads a literal or a match. The input may end behind any of them.
func (z *lzss) step() (b byte, literal bool, err error) {
	if z.flags == 1 {
		f, err := z.in.ReadByte()
		if err != nil {
			return 0, false, err
		}
		z.flags = uint(f) | 0x100
	}
	b, err = z.in.ReadByte()
	if err != nil {
		return 0, false, err
	}
	literal = z.flags&1 == 1
	z.flags >>= 1
	if literal {
		return b, true, nil
	}
	high, err := z.in.ReadByte()
	if err != nil {
		return 0, false, err
	}
	z.place = int(b) | int(high&0xf0)<<4
	z.n = int(high&15) + 3
	return 0, false, nil
}
