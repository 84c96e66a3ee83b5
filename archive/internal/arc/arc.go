package arc

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"strings"

	"github.com/fivefifty/fivefifty/archive/internal/anomaly"
	"github.com/fivefifty/fivefifty/archive/internal/input"
	"github.com/fivefifty/fivefifty/archive/internal/level"
	"github.com/fivefifty/fivefifty/archive/internal/lz"
	"github.com/fivefifty/fivefifty/internal/saferead"
)

// Bytes of a header.
const (
	arcMark    = 0x1a
	arcName    = 13
	arcFixed   = 2 + arcName + 10 // of the oldest method
	arcHeader  = arcFixed + 4
	arcSparkly = 12 // more, of Spark's
)

// Methods. Spark sets the highest bit.
const (
	arcEnd      = 0
	arcOld      = 1 // stored, without a second size
	arcStored   = 2
	arcPacked   = 3
	arcSqueezed = 4
	arcCrunch5  = 5
	arcCrunch6  = 6
	arcCrunch7  = 7
	arcCrunch8  = 8
	arcSquashed = 9
	arcCrushed  = 10
	arcDistill  = 11
	arcInfo     = 20 // to 29: about the archive, a file, a system
	arcFolder   = 30
	arcUp       = 31 // the folder ends
	arcCompress = 0x7f
	arcSpark    = 0x80
)

// arcEntry is a header.
type arcEntry struct {
	method       byte
	spark        bool
	name         []byte
	packed, size int64
	date         uint16
	crc          uint16
	load         uint32 // of Spark: the type of file
	data         int64
}

// ARC is how an ARC archive is found and opened.
var ARC = &level.Format{Name: "arc", Detect: detectARC, Open: openARC}

func detectARC(p *level.Probe) bool {
	e, ok := parseARC(p.Head, 0)
	if !ok {
		return false
	}
	end := e.data + e.packed
	return arcPlausible(e, p.Size, p.At(end, 2))
}

// parseARC reads the header that b begins with, at an offset of the archive.
func parseARC(b []byte, off int64) (e arcEntry, ok bool) {
	if len(b) < arcFixed || b[0] != arcMark || b[1] == arcEnd {
		return e, false
	}
	c := input.Cursor{Rest: b[1:]}
	m := c.U8()
	e.method, e.spark = m&^arcSpark, m&arcSpark != 0
	e.name, _, _ = bytes.Cut(c.Bytes(arcName), []byte{0})
	e.packed = int64(c.U32())
	e.date = c.U16()
	c.U16()
	e.crc = c.U16()
	if e.size = e.packed; e.method != arcOld {
		e.size = int64(c.U32())
	}
	if e.spark {
		e.load = c.U32()
		c.Bytes(8)
	}
	e.data = off + int64(len(b)-len(c.Rest))
	return e, !c.Short && arcNamed(e.name) && (e.method <= arcDistill && e.method > 0 || e.method >= arcInfo && e.method <= arcFolder || e.method == arcCompress && e.spark)
}

// arcNamed says whether a name can be one.
func arcNamed(name []byte) bool {
	for _, b := range name {
		if b <= ' ' || b == 0x7f {
			return false
		}
	}
	return len(name) > 0 && len(name) < arcName
}

// arcPlausible asks for one sign more than a name, as the mark is only a byte: a date,
// or a header or an end behind the data. next is what stands there. Compiled terminfo
// begins as the oldest method with a name of one byte does.
func arcPlausible(e arcEntry, size int64, next []byte) bool {
	month, day := e.date>>5&15, e.date&31
	dated := month >= 1 && month <= 12 && day >= 1
	end := e.data + e.packed
	if end > size {
		return dated && e.date>>9 < 60 && (e.method != arcOld || len(e.name) > 1)
	}
	return dated || end == size || len(next) > 0 && next[0] == arcMark
}

// arcWalker goes from header to header.
type arcWalker struct {
	src     io.ReaderAt
	size    int64
	limits  level.Limits
	notes   []string
	off     int64
	folders []string
	work    int64 // candidates that search may still look at
	windows input.Windows
	buffers buffers
}

func openARC(src io.ReaderAt, size int64, l level.Limits) (level.Walker, error) {
	w := &arcWalker{src: src, size: size, limits: l, work: size/8 + 1<<16}
	e, ok, err := w.header(0)
	if err != nil {
		return nil, err
	}
	if ok {
		if ok, err = w.plausible(e); err != nil {
			return nil, err
		}
	}
	if !ok {
		return nil, level.ErrFormat
	}
	return w, nil
}

func (w *arcWalker) Anomalies() []string { return w.notes }
func (w *arcWalker) note(name string)    { w.notes = level.NoteOnce(w.notes, name) }
func (w *arcWalker) Close()              { w.buffers.release() }

func (w *arcWalker) header(off int64) (arcEntry, bool, error) {
	b, err := saferead.UpTo(w.src, off, arcHeader+arcSparkly, w.size, arcHeader+arcSparkly)
	if err != nil {
		return arcEntry{}, false, err
	}
	e, ok := parseARC(b, off)
	return e, ok, nil
}

func (w *arcWalker) plausible(e arcEntry) (bool, error) {
	next, err := saferead.UpTo(w.src, e.data+e.packed, 2, w.size, 2)
	return arcPlausible(e, w.size, next), err
}

func (w *arcWalker) Next() (*level.Member, io.Reader, error) {
	for w.off < w.size {
		e, ok, err := w.header(w.off)
		if err != nil {
			return nil, nil, err
		}
		if ok {
			m, body := w.open(e)
			return m, body, nil
		}
		two, err := saferead.UpTo(w.src, w.off, 2, w.size, 2)
		if err != nil {
			return nil, nil, err
		}
		ended := false
		if len(two) == 2 && two[0] == arcMark {
			switch two[1] {
			case arcUp, arcSpark:
				if n := len(w.folders); n > 0 {
					w.folders = w.folders[:n-1]
					w.off += 2
					continue
				}
				ended = true
			case arcEnd:
				ended = true
			}
		}
		if err := w.search(ended); err != nil {
			return nil, nil, err
		}
	}
	return nil, nil, io.EOF
}

// search goes on at the next header that has all signs of one.
//
// QUIRK: ARC stops at the end; PKPAK's comments stand behind it. Readers skip up to 64
// bytes of junk.
func (w *arcWalker) search(ended bool) error {
	from := w.off + 1
	if ended {
		from++
		w.folders = nil
	}
	s := input.NewSearch(w.src, w.size, string([]byte{arcMark}))
	for at := from; at < w.size; at++ {
		var err error
		if at, err = s.Next(at); err != nil {
			return err
		}
		if at < 0 {
			break
		}
		if w.work--; w.work < 0 {
			return fmt.Errorf("search behind damage: %w", level.ErrLimit)
		}
		e, ok, err := w.header(at)
		if err != nil {
			return err
		}
		if !ok || e.data+e.packed > w.size || e.size > 1<<30 {
			continue
		}
		// Here one sign is not enough.
		next, err := saferead.UpTo(w.src, e.data+e.packed, 2, w.size, 2)
		if err != nil {
			return err
		}
		if len(next) == 2 && next[0] == arcMark && (next[1]&^arcSpark <= arcUp || next[1] == arcCompress|arcSpark) {
			if at > from || !ended {
				w.note(anomaly.Gap)
			}
			w.off = at
			return nil
		}
	}
	rest, err := saferead.UpTo(w.src, from, 4096, w.size, 4096)
	if err == nil && len(bytes.Trim(rest, "\x00\x1a")) > 0 {
		w.note(anomaly.Appended)
	}
	w.off = w.size
	return err
}

// folder says whether an entry is followed by what is in a folder.
func (e *arcEntry) folder() bool {
	return e.method == arcFolder || e.spark && e.method == arcStored && e.load&0xffffff00 == 0xfffddc00
}

// arcMaxFolders bounds how deep folders lie in each other.
const arcMaxFolders = 64

// open makes an entry the current member.
func (w *arcWalker) open(e arcEntry) (*level.Member, io.Reader) {
	w.buffers.release()
	m := &level.Member{Size: e.size, Packed: e.packed, Method: arcMethod(e.method), Dir: e.folder()}
	raw := e.name
	if n := len(w.folders); n > 0 {
		raw = []byte(strings.Join(w.folders, "/") + "/" + string(e.name))
	}
	for _, n := range level.DecodeNames(raw, level.CP437) {
		level.AddName(m, n, w.limits.NameBytes)
	}
	w.off = e.data
	if m.Dir {
		m.Size, m.Method = 0, "stored"
		if len(w.folders) < arcMaxFolders {
			w.folders = append(w.folders, string(e.name))
		}
		return m, &input.Packed{Member: m, R: strings.NewReader(""), Size: -1}
	}
	if e.packed > w.size-e.data {
		level.Note(m, anomaly.Truncated)
		e.packed = w.size - e.data
	}
	w.off += e.packed
	b := &input.Packed{Member: m, Size: e.size, Sum: new(input.CRC16), Want: uint32(e.crc)}
	packed := &level.Marked{R: saferead.Section(w.src, e.data, e.packed, w.size)}
	if e.method >= arcInfo && e.method < arcFolder {
		m.Reading, m.Method, b.Size, b.Sum = "service", "stored", -1, nil
		b.R = packed
		return m, b
	}
	b.R, m.Err = w.decoder(e, packed)
	if m.Err != nil {
		return m, nil
	}
	return m, b
}

func arcMethod(m byte) string {
	switch m {
	case arcOld, arcStored:
		return "stored"
	case arcPacked:
		return "arc-packed"
	case arcSqueezed:
		return "arc-squeezed"
	case arcCrunch5, arcCrunch6, arcCrunch7:
		return "arc-crunched"
	case arcCrunch8, arcSquashed, arcCompress:
		return "lzw"
	}
	return fmt.Sprintf("arc-%d", m)
}

// lzwTables is what the largest table of LZW takes, in bytes.
const lzwTables = 256 << 10

func (w *arcWalker) decoder(e arcEntry, r io.Reader) (io.Reader, error) {
	if e.method <= arcStored {
		return r, nil
	}
	if e.method > arcSquashed && e.method != arcCompress {
		return nil, fmt.Errorf("method %s: %w", arcMethod(e.method), level.ErrUnsupported)
	}
	if err := w.windows.Take(lzwTables); err != nil {
		return nil, err
	}
	in := w.buffers.input(r)
	repeated := func(r io.Reader) io.Reader { return lz.NewRepeats(bufio.NewReader(r)) }
	switch e.method {
	case arcPacked:
		return lz.NewRepeats(in), nil
	case arcSqueezed:
		return repeated(newSqueezed(in)), nil
	case arcCrunch5:
		return newCrunched(in, false), nil
	case arcCrunch6, arcCrunch7:
		return repeated(newCrunched(in, e.method == arcCrunch7)), nil
	case arcSquashed:
		return w.buffers.lzw(in, lz.LZWShape{Bits: 13, Grouped: true}), nil
	}
	bits, err := in.ReadByte()
	if err != nil {
		return nil, level.BodyError(input.NoEOF(err))
	}
	if e.method == arcCrunch8 {
		// QUIRK: the byte says how many bits; ARC reads no other number.
		return repeated(w.buffers.lzw(in, lz.LZWShape{Bits: 12, Grouped: true})), nil
	}
	if bits &= 0x1f; bits < 9 || bits > 16 {
		return nil, fmt.Errorf("codes of %d bits: %w", bits, level.ErrUnsupported)
	}
	return w.buffers.lzw(in, lz.LZWShape{Bits: uint(bits), Grouped: true}), nil
}

// le is the byte order of both formats.
var le = binary.LittleEndian
