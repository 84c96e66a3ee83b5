package chm

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/fivefifty/fivefifty/archive/internal/anomaly"
	"github.com/fivefifty/fivefifty/archive/internal/input"
	"github.com/fivefifty/fivefifty/archive/internal/level"
	"github.com/fivefifty/fivefifty/internal/lzx"
	"github.com/fivefifty/fivefifty/internal/saferead"
)

// Signatures of compiled help: the file, its directory and a leaf of that. The
// format is known from M. Russotto's description.
var (
	sigITSF = []byte("ITSF")
	sigITSP = []byte("ITSP")
	sigPMGL = []byte("PMGL")
)

// Names of the entries that say how the rest is packed.
const (
	chmSpace   = "::DataSpace/Storage/MSCompressed/"
	chmContent = chmSpace + "Content"
	chmControl = chmSpace + "ControlData"
	chmResets  = chmSpace + "Transform/{7FC28940-9D31-11D0-9B27-00A0C91E9C7C}/InstanceData/ResetTable"
)

// walker yields the entries in the order in which they lie in their sections.
type walker struct {
	src    io.ReaderAt
	size   int64
	limits level.Limits
	notes  []string

	data    int64 // offset of section 0
	entries []entry
	more    error // why not all entries were read
	at      int   // the next entry
	packed  *stream
	lost    error // why there is no packed section
	drained int64
	body    body
}

type entry struct {
	member         level.Member
	name           string
	section        uint64
	offset, length int64
}

// Format is how compiled help is found and opened.
var Format = &level.Format{Name: "chm", Detect: detect, Open: open}

func detect(p *level.Probe) bool {
	return bytes.HasPrefix(p.Head, sigITSF) && len(p.Head) >= 0x58 && binary.LittleEndian.Uint32(p.Head[4:]) < 16
}

func open(src io.ReaderAt, size int64, l level.Limits) (level.Walker, error) {
	h, err := saferead.UpTo(src, 0, 0x60, size, 0x60)
	if err != nil {
		return nil, err
	}
	if !bytes.HasPrefix(h, sigITSF) {
		return nil, level.ErrFormat
	}
	if len(h) < 0x60 {
		return nil, fmt.Errorf("header: %w: %w", level.ErrMalformed, io.ErrUnexpectedEOF)
	}
	w := &walker{src: src, size: size, limits: l}
	dir, dirLen := int64(binary.LittleEndian.Uint64(h[0x48:])), int64(binary.LittleEndian.Uint64(h[0x50:]))
	w.data = int64(binary.LittleEndian.Uint64(h[0x58:]))
	if binary.LittleEndian.Uint32(h[4:]) < 3 {
		w.data = dir + dirLen
	}
	if err := w.readDirectory(dir); err != nil {
		return nil, err
	}
	slices.SortStableFunc(w.entries, func(a, b entry) int {
		return cmp.Or(cmp.Compare(a.section, b.section), cmp.Compare(a.offset, b.offset))
	})
	w.packed, w.lost = w.openPacked()
	return w, nil
}

func (w *walker) Anomalies() []string { return w.notes }
func (w *walker) Close()              { w.packed = nil }

// Bounds of a directory's leaf, in bytes: its header, and what there is at most.
const (
	leafHeader = 0x14
	maxLeaf    = 64 << 10
)

// readDirectory reads all leaves, in the file's order: readers that follow their
// links see the same ones.
func (w *walker) readDirectory(dir int64) error {
	h, err := saferead.UpTo(w.src, dir, 0x54, w.size, 0x54)
	if err != nil {
		return err
	}
	if len(h) < 0x54 || !bytes.HasPrefix(h, sigITSP) {
		return fmt.Errorf("directory: %w", level.ErrMalformed)
	}
	first, leaf, count := int64(binary.LittleEndian.Uint32(h[8:])), int64(binary.LittleEndian.Uint32(h[16:])), int64(binary.LittleEndian.Uint32(h[0x2c:]))
	if leaf < leafHeader || leaf > maxLeaf {
		return fmt.Errorf("directory with leaves of %d bytes: %w", leaf, level.ErrMalformed)
	}
	for i := int64(0); i < count && w.more == nil; i++ {
		at := dir + first + i*leaf
		if at >= w.size || at < 0 {
			w.more = fmt.Errorf("directory: %w: %w", level.ErrMalformed, io.ErrUnexpectedEOF)
			break
		}
		raw, err := saferead.UpTo(w.src, at, leaf, w.size, int(leaf))
		if err != nil {
			return err
		}
		if bytes.HasPrefix(raw, sigPMGL) && len(raw) >= leafHeader {
			w.readLeaf(raw)
		}
	}
	return nil
}

// readLeaf reads the entries of a leaf: they end where its free space begins.
func (w *walker) readLeaf(raw []byte) {
	free := int64(binary.LittleEndian.Uint32(raw[4:]))
	if free > int64(len(raw)-leafHeader) {
		free = 0
	}
	c := input.Cursor{Rest: raw[leafHeader : int64(len(raw))-free]}
	for len(c.Rest) > 0 {
		name := c.Bytes(int(min(chmInt(&c), maxLeaf)))
		e := entry{name: string(name), section: chmInt(&c), offset: int64(chmInt(&c)), length: int64(chmInt(&c))}
		if c.Short {
			return
		}
		if len(w.entries) > w.limits.Members {
			w.more = fmt.Errorf("members: %w", level.ErrLimit)
			return
		}
		w.entries = append(w.entries, e)
	}
}

// chmInt reads a number: seven bits per byte, the highest first.
func chmInt(c *input.Cursor) uint64 {
	var v uint64
	for range 9 {
		b := c.U8()
		v = v<<7 | uint64(b&0x7f)
		if b < 0x80 {
			return v
		}
	}
	c.Short = true
	return 0
}

func (w *walker) find(name string) *entry {
	for i := range w.entries {
		if w.entries[i].name == name && w.entries[i].section == 0 {
			return &w.entries[i]
		}
	}
	return nil
}

func (w *walker) Next() (*level.Member, io.Reader, error) {
	for w.at < len(w.entries) {
		e := &w.entries[w.at]
		w.at++
		if e.name == chmContent && e.section == 0 {
			continue // the packed entries themselves
		}
		m, body := w.open(e)
		return m, body, nil
	}
	if w.more != nil {
		return nil, nil, w.more
	}
	return nil, nil, io.EOF
}

func (w *walker) open(e *entry) (*level.Member, io.Reader) {
	m := &e.member
	m.Size = e.length
	m.Method = "stored"
	name := strings.TrimPrefix(e.name, "/")
	for _, n := range level.DecodeNames([]byte(name), level.Latin1) {
		if name != "" {
			level.AddName(m, n, w.limits.NameBytes)
		}
	}
	if name == "" && e.name != "/" {
		level.Note(m, anomaly.NameEmpty)
	}
	m.Dir = strings.HasSuffix(e.name, "/")
	if m.Dir && e.length > 0 {
		level.Note(m, anomaly.DirData)
	}
	w.body = body{w: w, e: e, left: e.length}
	switch {
	case e.offset < 0 || e.length < 0:
		m.Err = fmt.Errorf("entry of %d bytes: %w", e.length, level.ErrMalformed)
	case e.length == 0 || e.section == 0:
		off := e.offset
		if off > w.size || w.data < 0 || w.data > w.size {
			off = w.size
		}
		w.body.r = saferead.Section(w.src, w.data+off, e.length, w.size)
	case e.section > 1:
		m.Err = fmt.Errorf("section %d: %w", e.section, level.ErrUnsupported)
	default:
		m.Method = "lzx"
		if w.lost != nil {
			m.Err = w.lost
			break
		}
		if err := w.packed.seek(e.offset); err != nil {
			m.Err = err
			break
		}
		w.body.r = w.packed
	}
	if m.Err != nil {
		return m, nil
	}
	return m, &w.body
}

// body is the body of an entry.
type body struct {
	w    *walker
	e    *entry
	r    io.Reader
	left int64
}

func (b *body) Read(p []byte) (int, error) {
	if b.left == 0 {
		return 0, io.EOF
	}
	n, err := b.r.Read(p[:min(int64(len(p)), b.left)])
	b.left -= int64(n)
	if err == io.EOF {
		level.Note(&b.e.member, anomaly.Size)
		err = level.Truncated(err)
	}
	return n, err
}

// stream is the packed section.
type stream struct {
	w        *walker
	content  int64 // its offset and length
	length   int64
	interval int64   // bytes between points at which the decoder starts anew
	resets   []int64 // offsets of the frames in content
	end      int64   // decoded bytes, as declared

	z    *lzx.Decoder
	at   int64 // offset of the next frame in content
	pos  int64 // of the next byte that Read returns
	head int64 // decoded bytes
	buf  [lzx.FrameSize]byte
	data []byte // decoded, not yet read
	in   []byte
	err  error
}

// openPacked reads how the packed section is packed.
func (w *walker) openPacked() (*stream, error) {
	content, control := w.find(chmContent), w.find(chmControl)
	if content == nil || control == nil || content.offset < 0 || content.length < 0 || w.data < 0 || content.offset > w.size-w.data {
		return nil, fmt.Errorf("no packed section: %w", level.ErrMalformed)
	}
	c, err := w.read(control, 0x1c)
	if err != nil {
		return nil, err
	}
	if len(c) < 0x18 || string(c[4:8]) != "LZXC" {
		return nil, fmt.Errorf("control data: %w", level.ErrMalformed)
	}
	s := &stream{w: w, content: w.data + content.offset, length: content.length}
	s.interval = int64(binary.LittleEndian.Uint32(c[12:]))
	window := int64(binary.LittleEndian.Uint32(c[16:]))
	if binary.LittleEndian.Uint32(c[8:]) >= 2 {
		s.interval *= lzx.FrameSize
		window *= lzx.FrameSize
	}
	bits := 0
	for window > 1 && bits < 40 {
		bits, window = bits+1, window>>1
	}
	if s.interval < lzx.FrameSize {
		s.interval = lzx.FrameSize
	}
	if int64(1)<<bits > w.limits.Dictionary {
		return nil, fmt.Errorf("window of %d bits: %w", bits, level.ErrLimit)
	}
	if s.z, err = lzx.New(bits); err != nil {
		return nil, fmt.Errorf("window of %d bits: %w", bits, level.ErrMalformed)
	}
	s.in = make([]byte, 64<<10)
	s.end = 1 << 62
	if resets := w.find(chmResets); resets != nil {
		if err := s.readResets(resets); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// read returns the first bytes of an entry of section 0.
func (w *walker) read(e *entry, most int) ([]byte, error) {
	if e.offset < 0 || e.length < 0 || w.data < 0 || w.data > w.size {
		return nil, nil
	}
	return saferead.UpTo(w.src, w.data+min(e.offset, w.size), min(e.length, int64(most)), w.size, most)
}

// readResets reads the table of the frames' offsets.
func (s *stream) readResets(e *entry) error {
	const most = 8 << 20
	raw, err := s.w.read(e, most)
	if err != nil {
		return err
	}
	c := input.Cursor{Rest: raw}
	c.U32()
	n, width, head := c.U32(), c.U32(), int64(c.U32())
	end := int64(c.U64())
	c.U64()
	frame := c.U64()
	if c.Short || width != 8 || frame != lzx.FrameSize || head > int64(len(raw)) {
		return nil // without a table, the section is decoded from its start
	}
	if end > 0 {
		s.end = end
	}
	c = input.Cursor{Rest: raw[head:]}
	for range n {
		v := int64(c.U64())
		if c.Short {
			break
		}
		s.resets = append(s.resets, v)
	}
	return nil
}

// seek makes the stream stand at off: from the nearest point at which the
// decoder starts anew, or from where it is.
func (s *stream) seek(off int64) error {
	frame := off / s.interval * (s.interval / lzx.FrameSize)
	if frame >= int64(len(s.resets)) {
		frame = 0
	}
	if start := frame * lzx.FrameSize; off < s.pos || start > s.head || s.err != nil {
		s.z.Reset()
		s.at, s.pos, s.head, s.data, s.err = 0, start, start, nil, nil
		if frame > 0 {
			s.at = s.resets[frame]
		}
	}
	skip := off - s.pos
	if skip > input.MaxDrain-s.w.drained {
		return input.ErrDrained()
	}
	s.w.drained += skip
	_, err := io.CopyN(io.Discard, s, skip)
	if err == io.EOF {
		err = fmt.Errorf("lies behind the section's end: %w", level.ErrMalformed)
	}
	return err
}

func (s *stream) Read(p []byte) (int, error) {
	for len(s.data) == 0 {
		if s.err != nil {
			return 0, s.err
		}
		s.data, s.err = s.frame()
	}
	n := copy(p, s.data)
	s.data = s.data[n:]
	s.pos += int64(n)
	return n, nil
}

// frame decodes the next frame.
func (s *stream) frame() ([]byte, error) {
	if s.head%s.interval == 0 {
		s.z.Reset()
	}
	// A frame that does not pack is stored, and is no longer than this.
	room := min(int64(len(s.in)), s.length-s.at, s.w.size-s.content-s.at)
	if s.at < 0 || room <= 0 || s.head >= s.end {
		return nil, io.EOF
	}
	n, err := s.w.src.ReadAt(s.in[:room], s.content+s.at)
	if err != nil && err != io.EOF {
		return nil, err
	}
	got, err := s.z.Frame(s.buf[:min(int64(len(s.buf)), s.end-s.head)], s.in[:n])
	s.head += int64(got)
	used := s.z.Consumed()
	s.at += int64(used)
	if err == nil && got == 0 {
		err = errors.New("no progress")
	}
	if err != nil {
		err = fmt.Errorf("%w: %w", level.ErrMalformed, err)
	}
	return s.buf[:got], err
}
