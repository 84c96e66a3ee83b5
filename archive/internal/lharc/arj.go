package lharc

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"

	"github.com/fivefifty/fivefifty/archive/internal/anomaly"
	"github.com/fivefifty/fivefifty/archive/internal/input"
	"github.com/fivefifty/fivefifty/archive/internal/level"
	"github.com/fivefifty/fivefifty/internal/lha"
	"github.com/fivefifty/fivefifty/internal/saferead"
)

// sigArj begins each header of ARJ, its TECHNOTE.TXT.
var sigArj = []byte{0x60, 0xea}

// Numbers of a header.
const (
	arjMaxHeader = 2600 // bytes of a basic header
	arjFixed     = 30   // its fields before the name, at least

	arjGarbled = 0x01
	arjVolume  = 0x04 // goes on in the next volume
	arjExtFile = 0x08 // begins in the volume before

	arjMain = 2 // file type of the main header
	arjDir  = 3
)

// arjHeader is a header whose checksum was looked at.
type arjHeader struct {
	raw  []byte // the basic header
	next int64  // offset behind it and its extensions
	end  bool   // the empty header at an archive's end
	bad  bool   // its checksum is wrong
}

// arjWalker goes from header to header.
type arjWalker struct {
	src     io.ReaderAt
	size    int64
	limits  level.Limits
	notes   []string
	off     int64
	windows input.Windows
	work    int64 // bytes that search may still hash
	key     arjKey
}

// arjKey is the password that opened something.
type arjKey struct {
	password string
	have     bool
}

var (
	markArj  = &level.Mark{Text: "\x60\xea", Even: 0, Odd: 1, Fits: func(p *level.Probe, at int64) bool { return arjBegins(p.From(at), at == 0) }}
	marksArj = []*level.Mark{markArj}
)

// Arj is how an ARJ archive is found and opened.
var Arj = &level.Format{Name: "arj", Detect: detectArj, Open: openArj, Marks: marksArj}

func detectArj(p *level.Probe) bool { return p.Met(markArj) }

// findArj returns the first main header, -1 if there is none. One at the very
// beginning may have a wrong checksum.
func findArj(b []byte) int {
	for off := 0; ; off++ {
		i := bytes.Index(b[off:], sigArj)
		if i < 0 {
			return -1
		}
		off += i
		if arjBegins(b[off:], off == 0) {
			return off
		}
	}
}

// arjBegins says whether b begins with a main header; first says that the file does.
func arjBegins(b []byte, first bool) bool {
	ok, sum := arjCheck(b)
	return ok && b[4+6] == arjMain && (sum || first && b[4+1] < 120)
}

// arjCheck says whether b begins with a header, and with the right checksum.
func arjCheck(b []byte) (ok, sum bool) {
	if len(b) < 4 || b[0] != sigArj[0] || b[1] != sigArj[1] {
		return false, false
	}
	n := int(binary.LittleEndian.Uint16(b[2:]))
	if n < arjFixed || n > arjMaxHeader || len(b) < 4+n+4 || int(b[4]) > n || b[4] < arjFixed {
		return false, false
	}
	return true, binary.LittleEndian.Uint32(b[4+n:]) == crc32.ChecksumIEEE(b[4:4+n])
}

func openArj(src io.ReaderAt, size int64, l level.Limits) (level.Walker, error) {
	head, err := saferead.UpTo(src, 0, level.HeadBytes, size, level.HeadBytes)
	if err != nil {
		return nil, err
	}
	at := findArj(head)
	if at < 0 {
		return nil, level.ErrFormat
	}
	w := &arjWalker{src: src, size: size, limits: l, off: int64(at), work: 8*size + 1<<20}
	if at > 0 {
		w.note(anomaly.Prepended)
	}
	return w, nil
}

func (w *arjWalker) Anomalies() []string { return w.notes }
func (w *arjWalker) note(name string)    { w.notes = level.NoteOnce(w.notes, name) }
func (w *arjWalker) Close()              {}

// header reads the header at off, nil if there is none.
func (w *arjWalker) header(off int64) (*arjHeader, error) {
	raw, err := saferead.UpTo(w.src, off, 4, w.size, 4)
	if err == nil && len(raw) == 4 {
		n := 4 + int(binary.LittleEndian.Uint16(raw[2:])) + 4
		if n > 4+arjMaxHeader+4 {
			return nil, nil
		}
		raw, err = saferead.UpTo(w.src, off, int64(n), w.size, n)
	}
	if err != nil {
		return nil, err
	}
	if len(raw) >= 4 && bytes.HasPrefix(raw, sigArj) && binary.LittleEndian.Uint16(raw[2:]) == 0 {
		return &arjHeader{end: true, next: off + 4}, nil
	}
	ok, sum := arjCheck(raw)
	if !ok {
		return nil, nil
	}
	n := int64(binary.LittleEndian.Uint16(raw[2:]))
	h := &arjHeader{raw: raw[4 : 4+n], next: off + 4 + n + 4, bad: !sum}
	for range 64 { // extended headers, each with a checksum
		ext, err := saferead.UpTo(w.src, h.next, 2, w.size, 2)
		if err != nil {
			return nil, err
		}
		h.next += 2
		if len(ext) < 2 || binary.LittleEndian.Uint16(ext) == 0 {
			break
		}
		h.next += int64(binary.LittleEndian.Uint16(ext)) + 4
	}
	return h, nil
}

func (w *arjWalker) Next() (*level.Member, io.Reader, error) {
	for w.off < w.size {
		h, err := w.header(w.off)
		switch {
		case err != nil:
			return nil, nil, err
		case h == nil, h.end:
			from := w.off + 1
			if h != nil {
				from = h.next
			}
			if err := w.search(from, h != nil); err != nil {
				return nil, nil, err
			}
			continue
		}
		if h.bad {
			w.note(anomaly.HeaderCRC)
		}
		w.off = h.next
		if h.raw[6] == arjMain {
			continue
		}
		m, body := w.file(h)
		return m, body, nil
	}
	return nil, nil, io.EOF
}

// search goes on at the next header from off whose checksum is right.
//
// QUIRK: arj stops at the end mark; its own option -jr and other readers find
// what follows damage.
func (w *arjWalker) search(off int64, ended bool) error {
	const window, overlap = 64 << 10, 4 + arjMaxHeader + 4
	for from := off; off < w.size; {
		buf, err := saferead.UpTo(w.src, off, window, w.size, window)
		if err != nil {
			return err
		}
		stop := len(buf)
		if int64(stop) < w.size-off {
			stop -= overlap
		}
		for i := 0; i < stop; i++ {
			j := bytes.Index(buf[i:min(len(buf), stop+1)], sigArj)
			if j < 0 {
				break
			}
			i += j
			if len(buf)-i >= 4 {
				w.work -= int64(min(binary.LittleEndian.Uint16(buf[i+2:]), arjMaxHeader))
			}
			if w.work < 0 {
				return fmt.Errorf("search behind damage: %w", level.ErrLimit)
			}
			if ok, sum := arjCheck(buf[i:]); ok && sum {
				if off+int64(i) > from || !ended {
					w.note(anomaly.Gap)
				}
				w.off = off + int64(i)
				return nil
			}
		}
		if len(bytes.Trim(buf, "\x00")) > 0 {
			w.note(anomaly.Appended)
		}
		if stop <= 0 {
			break
		}
		off += int64(stop)
	}
	w.off = w.size
	return nil
}

// file makes a file's header the current member.
func (w *arjWalker) file(h *arjHeader) (*level.Member, io.Reader) {
	c := input.Cursor{Rest: h.raw}
	first := int(c.U8())
	c.Bytes(3) // versions and host
	flags, method, kind, modifier := c.U8(), c.U8(), c.U8(), c.U8()
	c.U32() // time
	packed, size, crc := int64(c.U32()), int64(c.U32()), c.U32()
	c = input.Cursor{Rest: h.raw[min(first, len(h.raw)):]}
	name := c.CString()

	m := &level.Member{Size: size, Packed: packed, CRC32: crc, Method: arjMethod(method), Encrypted: flags&arjGarbled != 0, Dir: kind == arjDir}
	for _, n := range level.DecodeNames(name, level.CP437) {
		if len(name) > 0 {
			level.AddName(m, n, w.limits.NameBytes)
		}
	}
	if len(name) == 0 {
		level.Note(m, anomaly.NameEmpty)
	}
	if m.Dir && packed > 0 {
		level.Note(m, anomaly.DirData)
	}
	data := h.next
	if packed > w.size-data {
		level.Note(m, anomaly.Truncated)
		packed = max(0, w.size-data)
	}
	w.off = data + packed
	if data > w.size {
		data, w.off = w.size, w.size
	}
	b := &input.Packed{Member: m, Size: size, Want: crc, Sum: crc32.NewIEEE(), Before: flags&arjExtFile != 0, After: flags&arjVolume != 0}
	open := func(r io.Reader) (io.Reader, error) { return w.decoder(method, r, size) }
	var body io.Reader = saferead.Section(w.src, data, packed, w.size)
	if m.Encrypted && packed > 0 {
		password, ok := w.ungarble(body.(*io.SectionReader), modifier, b, open)
		if !ok {
			m.Err = level.ErrEncrypted
			return m, nil
		}
		m.Password = password
		body = newGarble(saferead.Section(w.src, data, packed, w.size), password, modifier)
	}
	r, err := open(&level.Marked{R: body})
	if err != nil {
		m.Err = err
		return m, nil
	}
	b.R = r
	return m, b
}

func arjMethod(m byte) string {
	switch m {
	case 0:
		return "stored"
	default:
		return fmt.Sprintf("arj-%d", m)
	}
}

func (w *arjWalker) decoder(method byte, r io.Reader, size int64) (io.Reader, error) {
	kind := lha.ARJ
	switch method {
	case 0:
		return r, nil
	case 1, 2, 3:
	case 4:
		kind = lha.ARJFast
	default:
		return nil, fmt.Errorf("method %s: %w", arjMethod(method), level.ErrUnsupported)
	}
	if err := w.windows.Take(lha.Window(kind)); err != nil {
		return nil, err
	}
	return lha.NewReader(kind, r, size), nil
}

// garble is ARJ's cipher: the password, each byte plus a modifier, is
// exclusive-ored over the data.
type garble struct {
	r        io.Reader
	password string
	modifier byte
	at       int
}

func newGarble(r io.Reader, password string, modifier byte) io.Reader {
	return &garble{r: r, password: password, modifier: modifier}
}

func (g *garble) Read(p []byte) (int, error) {
	n, err := g.r.Read(p)
	for i := range n {
		p[i] ^= g.password[g.at] + g.modifier
		g.at = (g.at + 1) % len(g.password)
	}
	return n, err
}

// ungarble finds the password by decoding the member up to its checksum.
func (w *arjWalker) ungarble(r *io.SectionReader, modifier byte, b *input.Packed, open func(io.Reader) (io.Reader, error)) (string, bool) {
	candidates := level.Passwords(w.limits.Keys)
	if w.key.have {
		candidates = append([]string{w.key.password}, candidates...)
	}
	for _, p := range candidates {
		if p == "" || !level.Spend(w.limits.Keys, 1+r.Size()/16+min(b.Size, input.MaxDrain)/64) {
			continue
		}
		plain, err := open(newGarble(io.NewSectionReader(r, 0, r.Size()), p, modifier))
		if err != nil {
			continue
		}
		h := crc32.NewIEEE()
		n, err := io.Copy(h, io.LimitReader(plain, min(b.Size, input.MaxDrain)))
		if err == nil && n == b.Size && h.Sum32() == b.Want {
			w.key = arjKey{p, true}
			return p, true
		}
	}
	return "", false
}
