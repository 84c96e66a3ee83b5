package lharc

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"strings"

	"github.com/fivefifty/fivefifty/archive/internal/anomaly"
	"github.com/fivefifty/fivefifty/archive/internal/input"
	"github.com/fivefifty/fivefifty/archive/internal/level"
	"github.com/fivefifty/fivefifty/archive/internal/text"
	"github.com/fivefifty/fivefifty/internal/lha"
	"github.com/fivefifty/fivefifty/internal/saferead"
)

// Extended headers of LHA, by type.
const (
	lzhExtCommon   = 0x00 // CRC of the header
	lzhExtName     = 0x01
	lzhExtDir      = 0x02 // folders, 0xff between them
	lzhExtSize     = 0x42 // sizes of 64 bits
	lzhExtWideName = 0x44 // 16-bit characters
	lzhExtWideDir  = 0x45
)

// Bounds of a header, in bytes.
const (
	lzhMinHeader = 21
	lzhMaxHeader = 64 << 10
)

// lzhHeader is a header of any level.
type lzhHeader struct {
	method       string // five characters: "-lh5-"
	packed, size int64
	crc          uint16
	hasCRC       bool
	unix         bool
	name, dir    []byte
	wide         string // the name of 16-bit characters, with its folders
	wideDir      string
	data         int64 // offset of the packed bytes
	bad          bool  // its own check is wrong
}

// lzhWalker goes from header to header.
type lzhWalker struct {
	src     io.ReaderAt
	size    int64
	limits  level.Limits
	notes   []string
	off     int64
	doubt   int64 // offset of the last header if its sum is wrong, else -1
	windows input.Windows
	work    int64 // bytes that search may still check
}

// Lzh is how an LHA archive is found and opened.
var Lzh = &level.Format{Name: "lzh", Detect: detectLzh, Open: openLzh}

func detectLzh(p *level.Probe) bool { return lzhPlausible(p.Head, p.Size, true) }

// lzhPlausible says whether b begins with a header: a method's name, a level, and
// a size that there is room for. At levels 0 and 1 its sum must be right, except
// at the very beginning.
func lzhPlausible(b []byte, size int64, first bool) bool {
	if len(b) < lzhMinHeader || !lzhMethodName(b[2:7]) || b[20] > 3 {
		return false
	}
	switch b[20] {
	case 0, 1:
		n := int(b[0])
		return n >= lzhMinHeader-2 && n+2 <= len(b) && (first && int64(binary.LittleEndian.Uint32(b[7:])) < size || lzhSum(b[2:2+n]) == b[1])
	case 2:
		n := int64(binary.LittleEndian.Uint16(b))
		return n >= 24 && n <= size
	}
	return binary.LittleEndian.Uint16(b) == 4
}

func lzhMethodName(b []byte) bool {
	return b[0] == '-' && b[4] == '-' && (b[1] == 'l' && (b[2] == 'h' || b[2] == 'z' || b[2] == 'k') || b[1] == 'p' && b[2] == 'm')
}

func lzhSum(b []byte) (sum byte) {
	for _, c := range b {
		sum += c
	}
	return sum
}

func openLzh(src io.ReaderAt, size int64, l level.Limits) (level.Walker, error) {
	head, err := saferead.UpTo(src, 0, 4096, size, 4096)
	if err != nil {
		return nil, err
	}
	if !lzhPlausible(head, size, true) {
		return nil, level.ErrFormat
	}
	return &lzhWalker{src: src, size: size, limits: l, work: 8*size + 1<<20, doubt: -1}, nil
}

func (w *lzhWalker) Anomalies() []string { return w.notes }
func (w *lzhWalker) note(name string)    { w.notes = level.NoteOnce(w.notes, name) }
func (w *lzhWalker) Close()              {}

// header reads the header at off, nil if there is none.
func (w *lzhWalker) header(off int64) (*lzhHeader, error) {
	raw, err := saferead.UpTo(w.src, off, 512, w.size, 512)
	if err != nil {
		return nil, err
	}
	if len(raw) < lzhMinHeader || !lzhMethodName(raw[2:7]) {
		return nil, nil
	}
	h := &lzhHeader{method: string(raw[2:7]), packed: int64(binary.LittleEndian.Uint32(raw[7:])), size: int64(binary.LittleEndian.Uint32(raw[11:]))}
	switch raw[20] {
	case 0, 1:
		return w.oldHeader(h, raw, off)
	case 2:
		return w.level2(h, raw, off)
	case 3:
		return w.level3(h, raw, off)
	}
	return nil, nil
}

// oldHeader reads a header of level 0 or 1: one byte of length, one of sum.
func (w *lzhWalker) oldHeader(h *lzhHeader, raw []byte, off int64) (*lzhHeader, error) {
	n := int(raw[0])
	if n < lzhMinHeader-2 || n+2 > len(raw) {
		return nil, nil
	}
	h.bad = lzhSum(raw[2:2+n]) != raw[1]
	c := input.Cursor{Rest: raw[21 : 2+n]}
	nameLen := int(c.U8())
	h.name = c.Bytes(min(nameLen, len(c.Rest)))
	if len(c.Rest) >= 2 {
		h.crc, h.hasCRC = c.U16(), true
	}
	h.data = off + 2 + int64(n)
	// QUIRK: LHARK calls a method of its own -lh7-, and a blank its system; Lhasa calls it
	// -lk7-.
	if raw[20] == 1 && h.method == "-lh7-" && len(c.Rest) > 0 && c.Rest[0] == ' ' {
		h.method = "-lk7-"
	}
	if raw[20] == 0 {
		h.unix = len(c.Rest) > 0 && c.Rest[0] == 'U'
		return h, nil
	}
	if len(raw) < 2+n || n < 2 {
		return nil, nil
	}
	// The packed size of level 1 counts the extended headers.
	first := int64(binary.LittleEndian.Uint16(raw[n:]))
	end, err := w.extensions(h, h.data, first, 2)
	if err != nil {
		return nil, err
	}
	h.packed = max(0, h.packed-(end-h.data))
	h.data = end
	return h, nil
}

func (w *lzhWalker) level2(h *lzhHeader, raw []byte, off int64) (*lzhHeader, error) {
	n := int64(binary.LittleEndian.Uint16(raw))
	if len(raw) < 26 || n < 24 {
		return nil, nil
	}
	h.crc, h.hasCRC = binary.LittleEndian.Uint16(raw[21:]), true
	h.unix = raw[23] == 'U'
	if _, err := w.extensions(h, off+26, int64(binary.LittleEndian.Uint16(raw[24:])), 2); err != nil {
		return nil, err
	}
	h.data = off + n
	return h, nil
}

func (w *lzhWalker) level3(h *lzhHeader, raw []byte, off int64) (*lzhHeader, error) {
	if len(raw) < 32 || binary.LittleEndian.Uint16(raw) != 4 {
		return nil, nil
	}
	h.crc, h.hasCRC = binary.LittleEndian.Uint16(raw[21:]), true
	h.unix = raw[23] == 'U'
	if _, err := w.extensions(h, off+32, int64(binary.LittleEndian.Uint32(raw[28:])), 4); err != nil {
		return nil, err
	}
	h.data = off + int64(binary.LittleEndian.Uint32(raw[24:]))
	return h, nil
}

// lzhMaxExtensions bounds the extended headers of one member.
const lzhMaxExtensions = 256

// extensions reads the extended headers at off. size is the first one's, width
// the bytes that the size of the next takes at the end of each.
func (w *lzhWalker) extensions(h *lzhHeader, off, size int64, width int) (end int64, err error) {
	for range lzhMaxExtensions {
		if size < int64(1+width) || size > w.size-off {
			break
		}
		raw, err := saferead.UpTo(w.src, off, min(size, lzhMaxHeader), w.size, lzhMaxHeader)
		if err != nil {
			return off, err
		}
		off += size
		body := raw[1:max(1, len(raw)-width)]
		switch raw[0] {
		case lzhExtName:
			h.name = body
		case lzhExtDir:
			h.dir = body
		case lzhExtWideName:
			h.wide = text.UTF16(body)
		case lzhExtWideDir:
			h.wideDir = text.UTF16(body)
		case lzhExtSize:
			c := input.Cursor{Rest: body}
			if p, s := int64(c.U64()), int64(c.U64()); !c.Short && p >= 0 && s >= 0 {
				h.packed, h.size = p, s
			}
		}
		if int64(len(raw)) < size || len(raw) < width {
			break
		}
		tail := raw[len(raw)-width:]
		size = int64(binary.LittleEndian.Uint16(tail))
		if width == 4 {
			size = int64(binary.LittleEndian.Uint32(tail))
		}
	}
	return off, nil
}

func (w *lzhWalker) Next() (*level.Member, io.Reader, error) {
	for w.off < w.size {
		h, err := w.header(w.off)
		if err != nil {
			return nil, nil, err
		}
		if h == nil {
			// If the header before lied about its size, this is not the place.
			from := w.off
			if w.doubt >= 0 {
				from = w.doubt + 1
			}
			w.doubt = -1
			if err := w.search(from); err != nil {
				return nil, nil, err
			}
			continue
		}
		if w.doubt = -1; h.bad {
			w.doubt = w.off
			w.note(anomaly.HeaderCRC)
		}
		m, body := w.open(h)
		return m, body, nil
	}
	return nil, nil, io.EOF
}

// search goes on at the next header. A zero byte ends an archive.
//
// QUIRK: LHA stops there; self-extractors' readers search, and find what follows.
func (w *lzhWalker) search(off int64) error {
	const window, overlap = 64 << 10, 512
	ended := false
	for from := off; off < w.size; {
		buf, err := saferead.UpTo(w.src, off, window, w.size, window)
		if err != nil {
			return err
		}
		if off == from && len(buf) > 0 {
			ended = buf[0] == 0
		}
		stop := len(buf)
		if int64(stop) < w.size-off {
			stop -= overlap
		}
		for i := 0; i+2 < stop; i++ {
			j := bytes.IndexByte(buf[i+2:stop], '-')
			if j < 0 {
				break
			}
			i += j
			if rest := buf[i:]; len(rest) >= lzhMinHeader && lzhMethodName(rest[2:7]) {
				if w.work -= 256; w.work < 0 {
					return fmt.Errorf("search behind damage: %w", level.ErrLimit)
				}
				if lzhPlausible(rest, w.size-off-int64(i), false) {
					if !ended || off+int64(i) > from+1 {
						w.note(anomaly.Gap)
					}
					w.off = off + int64(i)
					return nil
				}
			}
		}
		if len(bytes.Trim(buf, "\x00\x1a")) > 0 {
			w.note(anomaly.Appended)
		}
		if stop <= 0 || int64(len(buf)) >= w.size-off {
			break
		}
		off += int64(stop)
	}
	w.off = w.size
	return nil
}

// open makes a header the current member.
func (w *lzhWalker) open(h *lzhHeader) (*level.Member, io.Reader) {
	m := &level.Member{Size: h.size, Method: strings.Trim(h.method, "-"), Dir: h.method == "-lhd-"}
	w.names(m, h)
	if h.data > w.size {
		h.data = w.size
	}
	if h.packed > w.size-h.data {
		level.Note(m, anomaly.Truncated)
		h.packed = w.size - h.data
	}
	if m.Dir && h.packed > 0 {
		level.Note(m, anomaly.DirData)
	}
	w.off = h.data + h.packed
	b := &input.Packed{Member: m, Size: h.size, Want: uint32(h.crc)}
	if h.hasCRC && !m.Dir {
		b.Sum = new(input.CRC16)
	}
	packed := &level.Marked{R: saferead.Section(w.src, h.data, h.packed, w.size)}
	method, stored := lzhMethod(h.method)
	switch {
	case stored:
		m.Method = "stored"
		b.R = packed
		if m.Dir {
			b.Size = -1
		}
	case method == 0:
		m.Err = fmt.Errorf("method %q: %w", h.method, level.ErrUnsupported)
	case lha.Window(method) > w.limits.Dictionary:
		m.Err = fmt.Errorf("dictionary of %d bytes: %w", lha.Window(method), level.ErrLimit)
	default:
		if err := w.windows.Take(lha.Window(method)); err != nil {
			m.Err = err
			break
		}
		b.R = lha.NewReader(method, packed, h.size)
	}
	if m.Err != nil {
		return m, nil
	}
	return m, b
}

// lzhMethod returns how a method is decoded.
func lzhMethod(name string) (m lha.Method, stored bool) {
	switch name {
	case "-lh0-", "-lz4-", "-pm0-", "-lhd-":
		return 0, true
	case "-lh1-":
		return lha.LH1, false
	case "-lh2-":
		return lha.LH2, false
	case "-lh3-":
		return lha.LH3, false
	case "-lh4-":
		return lha.LH4, false
	case "-lh5-":
		return lha.LH5, false
	case "-lh6-":
		return lha.LH6, false
	case "-lh7-":
		return lha.LH7, false
	case "-lhx-":
		return lha.LHX, false
	case "-lk7-":
		return lha.LK7, false
	case "-pm1-":
		return lha.PM1, false
	case "-pm2-":
		return lha.PM2, false
	case "-lzs-":
		return lha.LZS, false
	case "-lz5-":
		return lha.LZ5, false
	}
	return 0, false
}

// names joins folders and name.
//
// QUIRK: Unix programs store folder and target of a symbolic link in the name of
// an entry of method -lhd-, and 0xff stands between folders.
func (w *lzhWalker) names(m *level.Member, h *lzhHeader) {
	if h.wide != "" || h.wideDir != "" {
		level.AddName(m, strings.ReplaceAll(h.wideDir, "\uffff", "/")+h.wide, w.limits.NameBytes)
	}
	raw := append(bytes.ReplaceAll(bytes.Clone(h.dir), []byte{0xff}, []byte("/")), bytes.ReplaceAll(h.name, []byte{0xff}, []byte("/"))...)
	// Names of level 0 may hide what follows a NUL.
	for _, n := range level.DecodeNames(raw, level.CP437) {
		if len(raw) > 0 {
			level.AddName(m, n, w.limits.NameBytes)
		}
	}
	if len(m.Names) == 0 {
		level.Note(m, anomaly.NameEmpty)
	}
}
