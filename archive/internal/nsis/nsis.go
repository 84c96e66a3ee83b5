package nsis

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"

	"github.com/fivefifty/fivefifty/archive/internal/anomaly"
	"github.com/fivefifty/fivefifty/archive/internal/level"
	"github.com/fivefifty/fivefifty/internal/saferead"
)

// An installer of the Nullsoft Scriptable Install System is a program with data
// behind it: a first header, the script, and the files, each behind its length. There
// is no specification; Source/exehead/fileform.h of nsis.sourceforge.io is the source
// of what is known.
const (
	nsisMagic  = "\xef\xbe\xad\xdeNullsoftInst" // stands behind the first header's flags
	nsisHead   = 28                             // length of the first header, in bytes
	nsisNoCRC  = 4                              // flag: no CRC stands at the end
	nsisScript = 8 << 20                        // what is read of the script, in bytes
)

// walker yields the files in the order in which they stand.
type walker struct {
	blocks  blocks
	names   map[int64]string
	maxName int
	notes   []string
	broken  error // why there is nothing behind the script
}

// fits says whether b, which begins with the magic, goes on as a first header does.
func fits(b []byte) bool {
	return len(b) >= nsisHead-4 && binary.LittleEndian.Uint32(b[16:]) > 0 && binary.LittleEndian.Uint32(b[20:]) > nsisHead
}

var (
	markNSIS  = &level.Mark{Text: nsisMagic, Even: 2, Odd: 1, Fits: func(p *level.Probe, at int64) bool { return at >= 4 && fits(p.From(at)) }}
	marksNSIS = []*level.Mark{markNSIS}
)

// Format is how an installer of NSIS is found and opened.
var Format = &level.Format{Name: "nsis", Detect: detect, Open: open, Marks: marksNSIS}

func detect(p *level.Probe) bool { return p.Met(markNSIS) }

// findHeader returns where the first header is, -1 if there is none.
func findHeader(b []byte) int {
	for off := 4; off < len(b); off++ {
		i := bytes.Index(b[off:], []byte(nsisMagic))
		if i < 0 {
			return -1
		}
		if off += i; fits(b[off:]) {
			return off - 4
		}
	}
	return -1
}

func open(src io.ReaderAt, size int64, l level.Limits) (level.Walker, error) {
	head, err := saferead.UpTo(src, 0, level.HeadBytes, size, level.HeadBytes)
	if err != nil {
		return nil, err
	}
	at := findHeader(head)
	if at < 0 {
		return nil, level.ErrFormat
	}
	w := &walker{maxName: l.NameBytes}
	flags, script, length := binary.LittleEndian.Uint32(head[at:]), binary.LittleEndian.Uint32(head[at+20:]), binary.LittleEndian.Uint32(head[at+24:])
	end := int64(at) + int64(length)
	if end > size {
		w.notes = append(w.notes, anomaly.Truncated)
		end = size
	} else if flags&nsisNoCRC == 0 {
		end -= 4
	}
	w.blocks, err = openBlocks(src, int64(at+nsisHead), end, script, l)
	if err != nil {
		return nil, err
	}
	w.broken = w.readScript()
	return w, nil
}

func (w *walker) Anomalies() []string { return w.notes }
func (w *walker) Close()              {}

// readScript reads the first block for the names of the files.
func (w *walker) readScript() error {
	b, err := w.blocks.next()
	if err != nil {
		return err
	}
	if b.err != nil {
		return fmt.Errorf("script: %w", b.err)
	}
	text, err := io.ReadAll(io.LimitReader(b.body, nsisScript))
	w.names = names(text, w.maxName)
	if err != nil {
		return fmt.Errorf("script: %w", err)
	}
	w.blocks.begin()
	return nil
}

func (w *walker) Next() (*level.Member, io.Reader, error) {
	if w.broken != nil {
		return nil, nil, w.broken
	}
	b, err := w.blocks.next()
	if err != nil {
		return nil, nil, err
	}
	m := &level.Member{Method: b.method, Size: b.size}
	name := w.names[b.at]
	if name == "" {
		name = fmt.Sprintf("nsis-%d", b.at)
	}
	level.AddName(m, name, w.maxName)
	if b.cut {
		level.Note(m, anomaly.Truncated)
	}
	if b.err != nil {
		m.Err = b.err
		return m, nil, nil
	}
	return m, b.body, nil
}
