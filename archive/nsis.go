package archive

import (
	"bytes"
	"fmt"
	"io"

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

// nsisWalker yields the files in the order in which they stand.
type nsisWalker struct {
	blocks  nsisBlocks
	names   map[int64]string
	maxName int
	notes   []string
	broken  error // why there is nothing behind the script
}

// nsisFits says whether b, which begins with the magic, goes on as a first header does.
func nsisFits(b []byte) bool {
	return len(b) >= nsisHead-4 && le.Uint32(b[16:]) > 0 && le.Uint32(b[20:]) > nsisHead
}

func detectNSIS(p *probe) bool { return p.met[markNSIS] }

// findNSIS returns where the first header is, -1 if there is none.
func findNSIS(b []byte) int {
	for off := 4; off < len(b); off++ {
		i := bytes.Index(b[off:], []byte(nsisMagic))
		if i < 0 {
			return -1
		}
		if off += i; nsisFits(b[off:]) {
			return off - 4
		}
	}
	return -1
}

func openNSIS(src io.ReaderAt, size int64, l Limits) (walker, error) {
	head, err := saferead.UpTo(src, 0, headBytes, size, headBytes)
	if err != nil {
		return nil, err
	}
	at := findNSIS(head)
	if at < 0 {
		return nil, ErrFormat
	}
	w := &nsisWalker{maxName: l.NameBytes}
	flags, script, length := le.Uint32(head[at:]), le.Uint32(head[at+20:]), le.Uint32(head[at+24:])
	end := int64(at) + int64(length)
	if end > size {
		w.notes = append(w.notes, AnomalyTruncated)
		end = size
	} else if flags&nsisNoCRC == 0 {
		end -= 4
	}
	w.blocks, err = openNSISBlocks(src, int64(at+nsisHead), end, script, l)
	if err != nil {
		return nil, err
	}
	w.broken = w.readScript()
	return w, nil
}

func (w *nsisWalker) anomalies() []string { return w.notes }
func (w *nsisWalker) close()              {}

// readScript reads the first block for the names of the files.
func (w *nsisWalker) readScript() error {
	b, err := w.blocks.next()
	if err != nil {
		return err
	}
	if b.err != nil {
		return fmt.Errorf("script: %w", b.err)
	}
	text, err := io.ReadAll(io.LimitReader(b.body, nsisScript))
	w.names = nsisNames(text, w.maxName)
	if err != nil {
		return fmt.Errorf("script: %w", err)
	}
	w.blocks.begin()
	return nil
}

func (w *nsisWalker) next() (*Member, io.Reader, error) {
	if w.broken != nil {
		return nil, nil, w.broken
	}
	b, err := w.blocks.next()
	if err != nil {
		return nil, nil, err
	}
	m := &Member{Method: b.method, Size: b.size}
	name := w.names[b.at]
	if name == "" {
		name = fmt.Sprintf("nsis-%d", b.at)
	}
	m.addName(name, w.maxName)
	if b.cut {
		m.note(AnomalyTruncated)
	}
	if b.err != nil {
		m.Err = b.err
		return m, nil, nil
	}
	return m, b.body, nil
}
